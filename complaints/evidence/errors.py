"""Why a file is not taken."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class FileMissing(DomainError):
    message = _("Choose at least one photo or PDF.")
    http_status = 400


class FileEmpty(DomainError):
    message = _("The file is empty. Choose another one, or take the photo again.")
    http_status = 400


class FileTooLarge(DomainError):
    message = _("The file is larger than %(megabytes)s MB. Send a smaller one, for example a screenshot of it.")
    http_status = 413


class FileKindRefused(DomainError):
    message = _(
        "Only photos (JPEG, PNG, WebP) and PDFs are taken, whatever the file is called. Send it as one of these."
    )
    http_status = 415


class PhotosOnly(FileKindRefused):
    message = _("Only photos (JPEG, PNG, WebP) are taken here. Send a photo of it instead.")


class HeicRefused(DomainError):
    message = _(
        "HEIC photos are not taken. Send it as JPEG: choose it from the photo library in the browser, which converts it, or take "
        "a screenshot of it."
    )
    http_status = 415


class FileDamaged(DomainError):
    message = _("The file cannot be read to its end. Send it again, or take the photo again.")
    http_status = 400


class PictureTooLarge(DomainError):
    message = _(
        "The picture has more than %(megapixels)s million pixels. Send a smaller one, for example a screenshot of it."
    )
    http_status = 413


class PicturesBusy(DomainError):
    message = _("Many photos are being sent at the moment. Wait a minute, then send it again.")
    http_status = 503


class TooManyFiles(DomainError):
    message = _(
        "Each side adds at most %(most)s files to a complaint, and %(kept)s are there. Choose those that show most."
    )
    http_status = 409

"""What a file can be."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class FileKind(TextChoices):
    PHOTO = "photo", _("photo")
    PDF = "pdf", _("PDF")


#: What each is served as: photos are always made anew, as JPEG.
MEDIA_TYPES = {FileKind.PHOTO: "image/jpeg", FileKind.PDF: "application/pdf"}
SUFFIXES = {FileKind.PHOTO: "jpg", FileKind.PDF: "pdf"}

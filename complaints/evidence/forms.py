"""What people send: files, each checked here, so that a mistake names the file."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from complaints.cases.states import EvidenceSide
from complaints.evidence.errors import FileEmpty, FileMissing, FileTooLarge, PhotosOnly
from complaints.evidence.files import CleanFile, cleaned
from escrow.errors import DomainError

#: What a telephone offers to choose from. HEIC is not among it, so an iPhone sends its photos as JPEG.
ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf"
#: So many at a time; more are sent after that.
AT_A_TIME = 5
#: Of a file's name so much is repeated beside a mistake.
NAME_LENGTH = 40


class FilesInput(forms.ClearableFileInput):
    """One button to choose several files."""

    allow_multiple_selected = True


if TYPE_CHECKING:
    _FileField = forms.Field
else:
    _FileField = forms.FileField


class FilesField(_FileField):
    """Photos and documents: the cleaned data is a list of ``CleanFile``. ``most``: how many at a time; ``kinds``: as in ``accept``."""

    def __init__(self, *, most: int = AT_A_TIME, accept: str = ACCEPTED, **kwargs: Any) -> None:
        self.most, self.photos_only = most, "application/pdf" not in accept
        widget = FilesInput if most > 1 else forms.FileInput
        super().__init__(widget=widget(attrs={"accept": accept}), **kwargs)
        self.error_messages["required"] = FileMissing.message

    def clean(self, data: Any, initial: Any = None) -> list[CleanFile]:
        """Every one of them, or an error that names the first that is not taken."""
        sent = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if not sent:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return []
        if len(sent) > self.most:
            raise forms.ValidationError(
                ngettext_lazy(
                    "Choose at most %(most)s file at a time.", "Choose at most %(most)s files at a time.", self.most
                )
                % {"most": self.most}
            )
        return [_cleaned(one, photos_only=self.photos_only) for one in sent]


def _cleaned(sent: UploadedFile, *, photos_only: bool) -> CleanFile:
    try:
        if not sent.size:
            raise FileEmpty()
        if sent.size > settings.EVIDENCE_MAX_BYTES:
            raise FileTooLarge(megabytes=settings.EVIDENCE_MAX_BYTES >> 20)
        content = sent.read()
        if photos_only and content.startswith(b"%PDF-"):
            raise PhotosOnly()
        return cleaned(content)
    except DomainError as error:
        raise forms.ValidationError(f"{(sent.name or '')[:NAME_LENGTH]}: {error}", code=error.code) from error


class EvidenceForm(forms.Form):
    """Photos and PDFs of one's own side."""

    photos = FilesField(
        label=_("Photos or PDFs"),
        help_text=format_lazy(
            _(
                "JPEG, PNG, WebP or PDF, up to {count} at a time, {megabytes} MB each. The place and time a phone writes into a "
                "photo are taken out. It becomes part of the file and cannot be taken back."
            ),
            count=AT_A_TIME,
            megabytes=settings.EVIDENCE_MAX_BYTES >> 20,
        ),
    )


class OfficerEvidenceForm(EvidenceForm):
    """What an officer adds, and for whom it speaks."""

    side = forms.ChoiceField(label=_("From whom"), choices=EvidenceSide.choices, widget=forms.RadioSelect)
    field_order = ("side", "photos")

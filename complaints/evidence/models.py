"""Files, and what they are in a complaint. The content lies in the database, encrypted: it is there when its row is, in every
backup, and never below an address of the web."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models import Case
from complaints.cases.states import EvidenceSide
from complaints.evidence.states import FileKind
from escrow.models import EncryptedBinaryField


class StoredFile(models.Model):
    """One photo or document. ``content`` and ``preview`` are read only to be served: ``queries`` leave them out of lists.

    ``size``: bytes of the content in clear. ``sha256``: of the bytes that were sent, which of a photo are not kept.
    """

    kind = models.CharField(_("kind"), max_length=8, choices=FileKind)
    size = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(_("SHA-256 as sent"), max_length=64)
    content = EncryptedBinaryField()
    preview = EncryptedBinaryField(null=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.CheckConstraint(
                name="stored_file_photo_has_a_preview",
                condition=Q(kind=FileKind.PHOTO, preview__isnull=False) | Q(kind=FileKind.PDF, preview__isnull=True),
            ),
            models.CheckConstraint(name="stored_file_has_content", condition=Q(size__gt=0)),
            models.CheckConstraint(name="stored_file_sha256", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:8]}"


class Evidence(models.Model):
    """A file in a complaint: whose side it speaks for, and who added it. Never changed and never taken away. The same bytes of one
    side are there once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="evidence", verbose_name=_("complaint"))
    side = models.CharField(_("side"), max_length=10, choices=EvidenceSide)
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="evidence", verbose_name=_("file"))
    sha256 = models.CharField(max_length=64, editable=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("added by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("photo or document")
        verbose_name_plural = _("photos and documents")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="evidence_once_per_side", fields=["case", "side", "sha256"]),
            models.CheckConstraint(name="evidence_side_known", condition=Q(side__in=EvidenceSide.values)),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.at:%Y-%m-%d %H:%M}"

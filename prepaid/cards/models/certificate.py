"""What a merchant shows to a lender of its cash flow, and who read it."""

import json
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from escrow.models.encrypted import EncryptedBinaryField
from prepaid.merchants.models import Merchant, StaffMember


class Certificate(models.Model):
    """Twelve months from the ledger, written once with the consent of an owner, for one reader. Whoever has ``code`` may check it until
    it expires or is withdrawn. ``text`` is JSON in both languages; code, text and PDF are encrypted, the fingerprint is not."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="certificates", verbose_name=_("merchant"))
    made_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("consent given by"))
    reader = EncryptedTextField(_("for whom"), max_length=80)
    code = EncryptedTextField()
    code_index = models.CharField(max_length=64, unique=True, editable=False)
    text = EncryptedTextField(_("text"))
    pdf = EncryptedBinaryField()
    pdf_sha256 = models.CharField(_("SHA-256 of the PDF"), max_length=64)
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("valid until"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("cash-flow certificate")
        verbose_name_plural = _("cash-flow certificates")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="certificate_expires_later", condition=Q(expires_at__gt=F("made_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} #{self.pk}"

    def is_valid(self, at: datetime) -> bool:
        """Whether its address still answers."""
        return self.withdrawn_at is None and at < self.expires_at

    @cached_property
    def content(self) -> dict[str, Any]:
        """The text as data."""
        return json.loads(self.text)


class ReadingKind(models.TextChoices):
    PAGE = "page", _("page")
    FILE = "file", _("PDF")


class CertificateReading(models.Model):
    """Somebody with the code looked. Who it was nobody knows, so nothing of them is kept."""

    certificate = models.ForeignKey(
        Certificate, models.PROTECT, related_name="readings", verbose_name=_("cash-flow certificate")
    )
    what = models.CharField(_("what"), max_length=4, choices=ReadingKind)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("reading of a certificate")
        verbose_name_plural = _("readings of certificates")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="certificate_reading_known", condition=Q(what__in=ReadingKind.values)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"

"""The contract of one sold card, as it was accepted."""

import json
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.cards.models.card import Card


class Contract(models.Model):
    """Written with the card and never changed: a trigger compares text and PDF with their fingerprints and lets only the
    PDF be added, once. ``text`` is the exact text as canonical JSON (``contract_text``)."""

    card = models.OneToOneField(Card, models.PROTECT, related_name="contract", verbose_name=_("card"))
    template_version = models.PositiveSmallIntegerField(_("template"))
    text = models.TextField(_("text"))
    sha256 = models.CharField(_("SHA-256 of the text"), max_length=64)
    concluded_at = models.DateTimeField(_("concluded"))
    pdf = models.BinaryField(null=True, blank=True)
    pdf_sha256 = models.CharField(_("SHA-256 of the PDF"), max_length=64, blank=True, default="")
    pdf_made_at = models.DateTimeField(_("PDF made"), null=True, blank=True)

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["-id"]
        indexes = [models.Index(name="contract_without_pdf", fields=["id"], condition=Q(pdf=None))]
        constraints = [
            models.CheckConstraint(
                name="contract_pdf_with_its_fingerprint",
                condition=Q(pdf=None, pdf_sha256="", pdf_made_at=None)
                | (Q(pdf__isnull=False, pdf_made_at__isnull=False) & ~Q(pdf_sha256="")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.card)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The text as data."""
        return json.loads(self.text)

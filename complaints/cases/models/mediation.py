"""A mediation (调解) and who has confirmed its record; the documents issued in a case, kept exactly as they were issued."""

import json
from functools import cached_property
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.cases.models.case import Case
from complaints.cases.states import DocumentKind, Manner, MediationState, Side
from escrow.models import EncryptedTextField


class MediationQuerySet(models.QuerySet["Mediation"]):
    def in_force(self) -> Self:
        """Agreements that both sides have confirmed."""
        return self.filter(state=MediationState.CONFIRMED)


class Mediation(models.Model):
    """The record (调解笔录) of one mediation: what both sides said, and what they agreed on or why they did not.

    It can be rewritten until both sides have confirmed the same text (``sha256``); whoever confirmed an earlier one confirms
    anew. ``custody_fen`` is paid out of custody, ``direct_fen`` by the merchant itself until ``pay_by``.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="mediations", verbose_name=_("complaint"))
    state = models.CharField(_("state"), max_length=12, choices=MediationState)
    held_at = models.DateTimeField(_("held"))
    place = EncryptedTextField(_("place"), max_length=200)
    manner = models.CharField(_("how"), max_length=12, choices=Manner)
    consumer_by = EncryptedTextField(_("for the consumer"), max_length=100)
    merchant_by = EncryptedTextField(_("for the merchant"), max_length=100)
    consumer_said = EncryptedTextField(_("the consumer's statement"), max_length=2000)
    merchant_said = EncryptedTextField(_("the merchant's statement"), max_length=2000)
    custody_fen = models.BigIntegerField(_("out of custody (fen)"), null=True, blank=True)
    direct_fen = models.BigIntegerField(_("paid by the merchant itself (fen)"), null=True, blank=True)
    pay_by = models.DateField(_("to be paid by"), null=True, blank=True)
    terms = EncryptedTextField(_("what else was agreed"), max_length=1000, blank=True, default="")
    failed_because = EncryptedTextField(_("why there is no agreement"), max_length=1000, blank=True, default="")
    sha256 = models.CharField(_("SHA-256 of the record"), max_length=64)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("officer"))
    written_at = models.DateTimeField(_("written down"))
    concluded_at = models.DateTimeField(_("confirmed by both sides"), null=True, blank=True)

    objects = MediationQuerySet.as_manager()

    class Meta:
        verbose_name = _("mediation")
        verbose_name_plural = _("mediations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="mediation_manner_known", condition=Q(manner__in=Manner.values)),
            models.UniqueConstraint(
                name="mediation_one_agreement_per_case", fields=["case"], condition=~Q(state=MediationState.FAILED)
            ),
            models.CheckConstraint(
                name="mediation_agrees_on_a_sum_or_failed",
                condition=Q(
                    state=MediationState.FAILED, custody_fen__isnull=True, direct_fen__isnull=True, pay_by__isnull=True
                )
                | Q(state__in=[MediationState.OPEN, MediationState.CONFIRMED], failed_because="")
                & Q(custody_fen__gte=0, direct_fen__gte=0)
                & (Q(custody_fen__gt=0) | Q(direct_fen__gt=0))
                & (Q(direct_fen=0, pay_by__isnull=True) | Q(direct_fen__gt=0, pay_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="mediation_confirmed_has_its_day",
                condition=Q(state=MediationState.CONFIRMED, concluded_at__isnull=False)
                | ~Q(state=MediationState.CONFIRMED) & Q(concluded_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_state_display()}"

    @property
    def agreed_fen(self) -> int:
        """The whole sum agreed on (fen); 0 when there is no agreement."""
        return (self.custody_fen or 0) + (self.direct_fen or 0)

    @property
    def is_open(self) -> bool:
        return self.state == MediationState.OPEN

    @property
    def is_confirmed(self) -> bool:
        return self.state == MediationState.CONFIRMED

    @cached_property
    def standing(self) -> dict[str, "Confirmation"]:
        """By side, who has confirmed the text as it is now."""
        return {one.side: one for one in self.confirmations.all() if one.sha256 == self.sha256}


class Confirmation(models.Model):
    """One side stands by the record of that fingerprint: by a click (``by``), or on a paper signed on ``signed_on`` that the officer
    (``recorded_by``) has."""

    mediation = models.ForeignKey(Mediation, models.PROTECT, related_name="confirmations", verbose_name=_("mediation"))
    side = models.CharField(_("side"), max_length=8, choices=Side)
    sha256 = models.CharField(_("SHA-256 of the record"), max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("confirmation of a record")
        verbose_name_plural = _("confirmations of records")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="confirmation_once_per_text", fields=["mediation", "side", "sha256"]),
            models.CheckConstraint(name="confirmation_side_known", condition=Q(side__in=Side.values)),
            models.CheckConstraint(
                name="confirmation_by_a_click_or_on_paper",
                condition=Q(by__isnull=False, recorded_by__isnull=True, signed_on__isnull=True)
                | Q(by__isnull=True, recorded_by__isnull=False, signed_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.at:%Y-%m-%d %H:%M}"


class Document(models.Model):
    """One side's copy of a document. ``text`` is the exact text as canonical JSON, in Chinese and English; what is printed is
    made from it alone. A trigger refuses every change."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="documents", verbose_name=_("complaint"))
    kind = models.CharField(_("document"), max_length=16, choices=DocumentKind)
    side = models.CharField(_("copy for"), max_length=8, choices=Side)
    mediation = models.ForeignKey(Mediation, models.PROTECT, null=True, related_name="documents")
    number = models.CharField(_("number"), max_length=32)
    text = EncryptedTextField(_("text"))
    sha256 = models.CharField(_("SHA-256 of the text"), max_length=64)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField(pgettext_lazy("document", "issued"))

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="document_kind_known", condition=Q(kind__in=DocumentKind.values)),
            models.CheckConstraint(name="document_side_known", condition=Q(side__in=Side.values)),
            models.UniqueConstraint(name="document_one_copy_per_side", fields=["number", "side"]),
            models.CheckConstraint(
                name="document_of_a_mediation_names_it",
                condition=Q(
                    kind__in=[DocumentKind.AGREEMENT, DocumentKind.TERMINATION],
                    mediation__isnull=False,
                )
                | Q(kind__in=[DocumentKind.ACCEPTANCE, DocumentKind.REJECTION], mediation__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @cached_property
    def content(self) -> dict[str, Any]:
        """The text as data."""
        return json.loads(self.text)

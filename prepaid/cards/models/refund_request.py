"""A consumer's request to end a card and have the rest back."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from escrow.states import RefundBasis
from prepaid.cards.models.card import Card
from prepaid.cards.states import MAY_ANSWER_STATES, MAY_COMPLAIN_STATES, OPEN_REFUND_STATES, RefundCause, RefundState
from prepaid.merchants.models import Closing, StaffMember

if TYPE_CHECKING:
    from escrow.models import Refund


class RefundRequest(models.Model):
    """``quote`` is what the formula gave when it was asked, with its steps; ``interest`` what was granted on top of it, with
    its steps; the money itself is the agreement's refund."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="refund_requests", verbose_name=_("card"))
    state = models.CharField(_("state"), max_length=12, choices=RefundState)
    cause = models.CharField(_("cause"), max_length=12, choices=RefundCause)
    reason = EncryptedTextField(_("reason"), max_length=500, blank=True, default="")
    stopped_on = models.DateField(_("service stopped on"), null=True, blank=True)
    asked_fen = models.BigIntegerField(_("asked (fen)"))
    quote = models.JSONField(_("calculation"))
    requested_at = models.DateTimeField(_("requested"))
    answer_due_on = models.DateField(_("answer due"), null=True, blank=True)
    silence_agrees = models.BooleanField(_("silence is consent"), default=False)
    lapsed_at = models.DateTimeField(_("term ended unanswered"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    answer_text = EncryptedTextField(_("answer"), max_length=500, blank=True, default="")
    offered_fen = models.BigIntegerField(_("offered (fen)"), null=True, blank=True)
    granted_fen = models.BigIntegerField(_("granted (fen)"), null=True, blank=True)
    interest = models.JSONField(_("interest"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=16, choices=RefundBasis, blank=True, default="")
    complained_at = models.DateTimeField(_("complained"), null=True, blank=True)
    closed_at = models.DateTimeField(_("decided"), null=True, blank=True)
    #: Nobody was asked: the place had closed, and this is what paid the card back.
    closing = models.ForeignKey(
        Closing,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="refund_requests",
        verbose_name=_("closing or move"),
    )

    class Meta:
        verbose_name = _("refund request")
        verbose_name_plural = _("refund requests")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "answer_due_on"])]
        constraints = [
            models.CheckConstraint(name="refund_request_state_known", condition=Q(state__in=RefundState.values)),
            models.CheckConstraint(name="refund_request_asks_for_money", condition=Q(asked_fen__gt=0)),
            models.UniqueConstraint(
                name="refund_request_one_open_per_card",
                fields=["card"],
                condition=Q(state__in=[*OPEN_REFUND_STATES, RefundState.GRANTED]),
            ),
            models.CheckConstraint(
                name="refund_request_granted_on_a_basis",
                condition=Q(state__in=[RefundState.GRANTED, RefundState.PAID], granted_fen__isnull=False) & ~Q(basis="")
                | ~Q(state__in=[RefundState.GRANTED, RefundState.PAID]) & Q(granted_fen__isnull=True, basis=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card} · {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REFUND_STATES

    @property
    def may_complain(self) -> bool:
        return self.state in MAY_COMPLAIN_STATES

    @property
    def may_answer(self) -> bool:
        return self.state in MAY_ANSWER_STATES

    @property
    def may_withdraw(self) -> bool:
        """A request that a regulator has is withdrawn there."""
        return self.is_open and self.state != RefundState.COMPLAINED

    @property
    def refund(self) -> "Refund | None":
        """The settlement in escrow, once there is one."""
        return getattr(self.card.agreement, "refund", None)

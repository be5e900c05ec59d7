"""What is still owed when everything at hand is paid, and what others may keep of a merchant's money."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Beneficiary
from escrow.models.payment import Instruction, Refund


class Claim(models.Model):
    """The rest of a refund that neither the agreement nor the merchant's money could pay. Later payouts serve it first, the
    oldest claim before the next; its number is ``C`` and its id."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="claims")
    refund = models.OneToOneField(Refund, models.PROTECT, related_name="claim")
    amount_fen = models.BigIntegerField(_("claim (fen)"))
    paid_fen = models.BigIntegerField(_("paid (fen)"), default=0)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("paid in full"), null=True, blank=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        indexes = [
            models.Index(fields=["beneficiary", "id"], condition=Q(closed_at__isnull=True), name="claim_open"),
        ]
        constraints = [
            models.CheckConstraint(
                name="claim_amounts", condition=Q(amount_fen__gt=0, paid_fen__gte=0, paid_fen__lte=F("amount_fen"))
            ),
            models.CheckConstraint(
                name="claim_closed_when_paid",
                condition=Q(closed_at__isnull=False, paid_fen=F("amount_fen"))
                | Q(closed_at__isnull=True, paid_fen__lt=F("amount_fen")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it."""
        return f"C{self.pk:08d}"

    @property
    def open_fen(self) -> int:
        """What no instruction pays yet (fen)."""
        return self.amount_fen - self.paid_fen


class ClaimPayment(models.Model):
    """One part of a claim, paid back by one instruction; ``above`` what the payment brought it is interest alone, and sent when
    all that goes back within the payment is there."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="payments")
    instruction = models.OneToOneField(Instruction, models.PROTECT, related_name="claim_payment")
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    above = models.BooleanField(_("above the payment"), default=False, db_default=False)

    class Meta:
        verbose_name = _("payment on a claim")
        verbose_name_plural = _("payments on claims")
        constraints = [models.CheckConstraint(name="claim_payment_positive", condition=Q(amount_fen__gt=0))]

    def __str__(self) -> str:
        return f"{self.amount_fen}"


class LegalHold(models.Model):
    """An order of a court or a regulator that keeps up to ``sum_fen`` of what a merchant has earned, until ``expires_on``.

    What comes in is blocked payout by payout, after claims; ``blocked_fen`` is what is blocked so far.
    """

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="legal_holds")
    order_no = models.CharField(_("order number"), max_length=64)
    issued_by = models.CharField(_("issued by"), max_length=120)
    sum_fen = models.BigIntegerField(_("sum (fen)"))
    blocked_fen = models.BigIntegerField(_("blocked (fen)"), default=0)
    expires_on = models.DateField(_("expires on"))
    ordered_at = models.DateTimeField(_("recorded"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        constraints = [
            models.UniqueConstraint(name="legal_hold_order_once", fields=["beneficiary", "order_no"]),
            models.CheckConstraint(
                name="legal_hold_sums", condition=Q(sum_fen__gt=0, blocked_fen__gte=0, blocked_fen__lte=F("sum_fen"))
            ),
            models.CheckConstraint(
                name="legal_hold_lifted_keeps_nothing", condition=Q(lifted_at__isnull=True) | Q(blocked_fen=0)
            ),
        ]

    def __str__(self) -> str:
        return self.order_no


class ReserveRule(models.Model):
    """Which share of every payout stays as the merchant's reserve, from a day on, up to a sum, and for how many days: what
    the reserve holds above that goes back to the merchant. A change is a new row."""

    valid_from = models.DateField(_("valid from"), unique=True)
    basis_points = models.PositiveIntegerField(_("share of a payout (1/10,000)"))
    up_to_fen = models.BigIntegerField(_("until the reserve holds (fen)"))
    keep_days = models.PositiveIntegerField(_("each share is kept for (days)"), default=365, db_default=365)
    source = models.CharField(_("source"), max_length=200)
    mark = models.CharField(
        _("mark"), max_length=1, choices=[("T", _("full text")), ("E", _("excerpt")), ("A", _("assumption"))]
    )

    class Meta:
        verbose_name = _("rule for the reserve")
        verbose_name_plural = _("rules for the reserve")
        constraints = [
            models.CheckConstraint(name="reserve_rule_figures", condition=Q(basis_points__lte=10_000, up_to_fen__gte=0))
        ]

    def __str__(self) -> str:
        return f"{self.valid_from} {self.basis_points}"

    @property
    def percent(self) -> str:
        """``1250`` basis points as ``12.5``."""
        return f"{self.basis_points / 100:g}"

"""One deal in escrow, and the party it is for."""

import secrets
import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.encrypted import EncryptedTextField
from escrow.reasons import in_words
from escrow.states import AgreementState, Plan


def new_custody_no() -> str:
    """Sixteen digits, random: no other installation of ours shares them at the same bank."""
    return f"62{secrets.randbelow(10**14):014d}"


class Beneficiary(models.Model):
    """Who earns: one dedicated account at the custody bank, one set of ledger accounts. Opaque to this package."""

    custody_no = models.CharField(_("custody account"), max_length=32, unique=True, default=new_custody_no)
    payout_account_no = EncryptedTextField(_("payout account"), blank=True, default="")
    payout_account_name = EncryptedTextField(_("account holder"), blank=True, default="")
    payouts_held = models.BooleanField(_("payouts held"), default=False)
    payouts_held_because = models.CharField(_("reason for holding payouts"), max_length=200, blank=True, default="")
    payouts_run_on = models.DateField(_("last payout run"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("beneficiary")
        verbose_name_plural = _("beneficiaries")

    def __str__(self) -> str:
        return self.custody_no

    @property
    def payouts_held_in_words(self) -> str:
        """Why, in the reader's language."""
        return in_words(self.payouts_held_because)


class Agreement(models.Model):
    """Money of one funder held for one beneficiary, earned per unit: after ``k`` units ``floor(price·k/units_total)``."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="agreements")
    funder = models.UUIDField(_("funder"), default=uuid.uuid4, help_text=_("opaque id of who pays"))
    plan = models.CharField(_("plan"), max_length=16, choices=Plan)
    price_fen = models.BigIntegerField(_("price (fen)"))
    bonus_fen = models.BigIntegerField(_("gift money (fen)"), default=0)
    units_total = models.BigIntegerField(_("units"))
    state = models.CharField(_("state"), max_length=12, choices=AgreementState, default=AgreementState.OPEN)
    places = models.JSONField(
        _("places"), default=list, help_text=_("opaque ids of where it can be used; none: everywhere")
    )
    payable_after = models.PositiveSmallIntegerField(_("payable after working days"), default=1)
    free_percent = models.PositiveSmallIntegerField(_("may be released early (%)"), default=0)
    tops_up = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="top_ups", verbose_name=_("tops up")
    )
    #: Counts days, as the one before: from the day after this one is paid the one before counts none, so that no day is two.
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followed_by", verbose_name=_("follows")
    )
    pay_until = models.DateTimeField(_("pay until"))
    opened_at = models.DateTimeField(_("opened"))
    funded_at = models.DateTimeField(_("funded"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        indexes = [
            models.Index(fields=["beneficiary", "state"]),
            models.Index(fields=["pay_until"], condition=Q(state=AgreementState.OPEN), name="agreement_open_pay_until"),
        ]
        constraints = [
            models.CheckConstraint(name="agreement_state_known", condition=Q(state__in=AgreementState.values)),
            models.CheckConstraint(name="agreement_price_positive", condition=Q(price_fen__gt=0)),
            models.CheckConstraint(name="agreement_bonus_not_negative", condition=Q(bonus_fen__gte=0)),
            models.CheckConstraint(name="agreement_units_positive", condition=Q(units_total__gt=0)),
            models.CheckConstraint(
                name="agreement_face_value_is_money_plus_gift",
                condition=~Q(plan__in=[Plan.STORED_VALUE, Plan.DISCOUNT])
                | Q(units_total=F("price_fen") + F("bonus_fen")),
            ),
            models.CheckConstraint(
                name="agreement_only_stored_value_has_gift", condition=Q(plan=Plan.STORED_VALUE) | Q(bonus_fen=0)
            ),
            models.CheckConstraint(
                name="agreement_terms_in_bounds",
                condition=Q(payable_after__range=(1, 30), free_percent__lte=90)
                & (Q(free_percent=0) | ~Q(plan=Plan.PERIOD)),
            ),
            models.CheckConstraint(
                name="agreement_only_days_follow", condition=Q(follows=None) | Q(plan=Plan.PERIOD, tops_up=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} #{self.pk}"

"""Cards that a merchant sold before it joined: nothing of their money is in custody. And the plan by which that ends."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from escrow.models import EncryptedTextField
from escrow.money import share, yuan
from escrow.states import FACE_VALUE_PLANS, Plan
from prepaid.merchants.models.closing import Closing
from prepaid.merchants.models.merchant import Merchant, StaffMember
from prepaid.merchants.states import ExistingKind, ExistingState
from prepaid.people.models import User


class ExistingCardQuerySet(models.QuerySet["ExistingCard"]):
    def held_by(self, user: User) -> "ExistingCardQuerySet":
        """Those of that person: answered by them, or with the number that is proved to be theirs."""
        mine = Q(holder=user)
        if user.phone_verified_at is not None:
            mine |= Q(holder=None, phone_index=user.phone_index)
        return self.filter(mine)

    def living(self) -> "ExistingCardQuerySet":
        """Not over."""
        return self.exclude(state=ExistingState.ENDED)

    def untold_of(self, closing_id: "int | OuterRef") -> "ExistingCardQuerySet":
        """Whose holders were told of no closing, or of an earlier one; who knows of the later is not told of the earlier again."""
        return self.living().filter(Q(told_closing=None) | Q(told_closing__lt=closing_id))


class ExistingCard(models.Model):
    """One card as its merchant's file has it. ``units_total`` and ``units_left`` count what its kind counts: sessions, lessons,
    fen of face value, or days; ``units_left`` is as of ``as_of``, and of a period card falls by itself.

    ``proposed_left``: what the merchant says since, lower, and the holder has not confirmed; ``claimed_left``: what the holder
    says, and goes on saying until they confirm a figure. Neither counts until both sides say the same: ``units_left`` does.
    """

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="existing_cards", verbose_name=_("merchant"))
    #: A fingerprint of the line: the same line is taken once.
    key = models.CharField(max_length=64, editable=False)
    number = EncryptedTextField(_("the shop's card number"), blank=True, default="")
    phone = EncryptedTextField(_("phone"))
    phone_index = models.CharField(max_length=64, editable=False)
    name = EncryptedTextField(_("name"), blank=True, default="")
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="existing_cards",
        verbose_name=_("holder"),
    )
    kind = models.CharField(_("kind"), max_length=16, choices=ExistingKind)
    product = models.CharField(_("card"), max_length=80)
    sold_on = models.DateField(_("sold on"))
    paid_fen = models.BigIntegerField(_("paid (fen)"))
    gift_fen = models.BigIntegerField(_("gift money (fen)"), default=0)
    units_total = models.BigIntegerField(_("units"))
    units_left = models.BigIntegerField(_("units left"))
    as_of = models.DateField(_("as of"))
    expires_on = models.DateField(_("last day"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=ExistingState, default=ExistingState.ASKED)
    proposed_left = models.BigIntegerField(_("units left, as the merchant says since"), null=True, blank=True)
    proposed_because = EncryptedTextField(_("reason"), blank=True, default="")
    claimed_left = models.BigIntegerField(_("units left, as the holder says"), null=True, blank=True)
    claimed_because = EncryptedTextField(_("what the holder says"), blank=True, default="")
    imported_at = models.DateTimeField(_("imported"))
    imported_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("imported by"))
    told_at = models.DateTimeField(_("holder told"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    #: The closing of the whole merchant that the holder was told of.
    told_closing = models.ForeignKey(Closing, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ExistingCardQuerySet.as_manager()

    class Meta:
        verbose_name = _("existing card")
        verbose_name_plural = _("existing cards")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["merchant", "-id"], name="existing_card_of_merchant"),
            models.Index(fields=["phone_index"], name="existing_card_phone"),
            models.Index(fields=["id"], condition=Q(told_at=None), name="existing_card_untold"),
        ]
        constraints = [
            models.UniqueConstraint(name="existing_card_once", fields=["merchant", "key"]),
            models.CheckConstraint(name="existing_card_kind_known", condition=Q(kind__in=ExistingKind.values)),
            models.CheckConstraint(name="existing_card_state_known", condition=Q(state__in=ExistingState.values)),
            models.CheckConstraint(
                name="existing_card_figures",
                condition=Q(paid_fen__gt=0, gift_fen__gte=0, units_total__gt=0, units_left__gte=0)
                & Q(units_left__lte=F("units_total"))
                & (Q(kind=Plan.STORED_VALUE) | Q(gift_fen=0))
                & (~Q(kind__in=sorted(FACE_VALUE_PLANS)) | Q(units_total=F("paid_fen") + F("gift_fen"))),
            ),
            models.CheckConstraint(
                name="existing_card_ended_with_nothing_left",
                condition=Q(state=ExistingState.ENDED, ended_at__isnull=False, units_left=0)
                | ~Q(state=ExistingState.ENDED) & Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.product

    def left_on(self, today: date) -> int:
        """What is left on that day: the days of a period card have gone by meanwhile."""
        passed = (today - self.as_of).days if self.kind == Plan.PERIOD else 0
        return max(0, self.units_left - max(0, passed))

    def asked_on(self, today: date) -> int:
        """The figure that the holder is asked to answer: what the merchant says since, else what is left."""
        left = self.left_on(today)
        return left if self.proposed_left is None else min(left, self.proposed_left)

    def worth_on(self, today: date) -> int:
        """The part of what was paid that is not used (fen), rounded for the holder; gift money is worth nothing."""
        return self.worth_of(self.left_on(today))

    def worth_of(self, units: int) -> int:
        """The same, with so many units left."""
        return self.paid_fen - share(self.paid_fen, self.units_total - units, self.units_total)

    def figure_of(self, units: int) -> str:
        """So many units in words: ``3 sessions``, ``¥120.00``."""
        match self.kind:
            case Plan.COURSE:
                return ngettext("%(count)s lesson", "%(count)s lessons", units) % {"count": units}
            case Plan.PERIOD:
                return ngettext("%(count)s day", "%(count)s days", units) % {"count": units}
            case Plan.SESSIONS:
                return ngettext("%(count)s session", "%(count)s sessions", units) % {"count": units}
        return f"¥{yuan(units)}"

    @property
    def total(self) -> str:
        """What was sold."""
        return self.figure_of(self.units_total)

    @property
    def proposed(self) -> str:
        """What the merchant says since; else empty."""
        return "" if self.proposed_left is None else self.figure_of(self.proposed_left)

    @property
    def claimed(self) -> str:
        """What the holder says; else empty."""
        return "" if self.claimed_left is None else self.figure_of(self.claimed_left)

    @property
    def is_over(self) -> bool:
        return self.state == ExistingState.ENDED

    @property
    def is_contested(self) -> bool:
        return self.state == ExistingState.CONTESTED

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return {ExistingState.ASKED: "warn", ExistingState.CONFIRMED: "ok", ExistingState.CONTESTED: "bad"}.get(
            ExistingState(self.state), "plain"
        )


class FundingPlan(models.Model):
    """By when so much less stands unbacked, of the cards imported up to ``last_card_id``; one is in force at a time."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="funding_plans", verbose_name=_("merchant"))
    total_fen = models.BigIntegerField(_("not backed (fen)"))
    #: Cards and plans of a merchant take turns: whatever came later has a higher number.
    last_card_id = models.BigIntegerField(editable=False)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+", verbose_name=_("made by"))
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    class Meta:
        verbose_name = _("funding plan")
        verbose_name_plural = _("funding plans")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="funding_plan_one_in_force", fields=["merchant"], condition=Q(replaced_at=None)
            ),
            models.CheckConstraint(name="funding_plan_sum_positive", condition=Q(total_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.made_at:%Y-%m-%d}"


class Instalment(models.Model):
    """A part of a funding plan, due at the end of its day."""

    plan = models.ForeignKey(FundingPlan, models.PROTECT, related_name="instalments", verbose_name=_("plan"))
    due_on = models.DateField(_("due"))
    amount_fen = models.BigIntegerField(_("sum (fen)"))

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(name="instalment_day_once", fields=["plan", "due_on"]),
            models.CheckConstraint(name="instalment_positive", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.due_on} {self.amount_fen}"


class ExistingCardRuleQuerySet(models.QuerySet["ExistingCardRule"]):
    def current(self, on: date) -> "ExistingCardRule":
        """The rule in force on that day."""
        return self.filter(valid_from__lte=on).latest("valid_from")


class ExistingCardRule(models.Model):
    """What this platform sets because the law says nothing of it."""

    valid_from = models.DateField(_("valid from"), unique=True)
    plan_within_days = models.PositiveSmallIntegerField(_("days to make a funding plan"))
    plan_most_days = models.PositiveSmallIntegerField(_("longest funding plan (days)"))
    basis = models.CharField(_("source or reason"), max_length=500)
    mark = models.CharField(
        _("mark"), max_length=1, help_text=_("T: text of the law, E: excerpt, A: assumption of this platform")
    )

    objects = ExistingCardRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule of existing cards")
        verbose_name_plural = _("rules of existing cards")
        ordering = ["-valid_from"]

    def __str__(self) -> str:
        return str(self.valid_from)

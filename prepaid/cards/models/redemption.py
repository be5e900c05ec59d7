"""One visit: a code shown, and what was charged for it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from escrow import clock
from escrow.models import EncryptedTextField, Use
from escrow.money import share, yuan
from escrow.states import Plan, Silence, UseState
from prepaid.cards.models.card import Card
from prepaid.merchants.models import StaffMember, Store

if TYPE_CHECKING:
    from prepaid.merchants.queries import Stopped

_OUTCOMES: dict[str, Promise] = {
    UseState.RESERVED: _("%(figure)s wait for the customer's confirmation."),
    UseState.DISPUTED: _(
        "%(figure)s disputed by the customer: reserved until the merchant withdraws it or it is decided."
    ),
    UseState.FINAL: _("%(figure)s charged."),
    UseState.VOIDED: _("%(figure)s not charged: refused or withdrawn."),
    UseState.EXPIRED: _("%(figure)s not charged: nobody confirmed in time."),
    UseState.UNDONE: _("%(figure)s given back: the charge was undone."),
}


_TONES: dict[str, str] = {
    "checked_in": "ok",
    UseState.FINAL: "ok",
    UseState.RESERVED: "warn",
    UseState.DISPUTED: "bad",
}


class Redemption(models.Model):
    """``units`` sessions, lessons, or fen of face value or discounted price, as they were claimed; the use says what was charged
    of them. ``list_fen``: the list price that a discount card's claim is its rate of; ``paid_otherwise_fen``: what of the
    displayed price was above what the card held, and was paid at the till: no money of the card's; ``lesson_on``, ``lesson_class``: which
    lesson of a course, ``by_roll_call`` that it was marked on a roll and no code was shown. A period card's check-in has 0 units
    and no use: it charges nothing. ``undone_at``: of a check-in that was a mistake; of a charge its use knows.
    """

    card = models.ForeignKey(Card, models.PROTECT, related_name="redemptions", verbose_name=_("card"))
    use = models.OneToOneField(
        Use, models.PROTECT, null=True, blank=True, related_name="redemption", verbose_name=_("use")
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="redemptions", verbose_name=_("store"))
    cashier = models.ForeignKey(StaffMember, models.PROTECT, related_name="redemptions", verbose_name=_("charged by"))
    units = models.BigIntegerField(_("units"))
    note = EncryptedTextField(_("note"), max_length=80, blank=True, default="")
    list_fen = models.BigIntegerField(_("list price (fen)"), null=True, blank=True)
    lesson_on = models.DateField(_("day of the lesson"), null=True, blank=True)
    lesson_class = models.CharField(_("class"), max_length=40, blank=True, default="")
    paid_otherwise_fen = models.BigIntegerField(_("paid at the till (fen)"), default=0)
    by_roll_call = models.BooleanField(_("by roll-call"), default=False)
    #: When the code was shown, of a charge that the counter stored because it had no network. Such a charge always waits.
    scanned_at = models.DateTimeField(_("scanned"), null=True, blank=True)
    code_step = models.BigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=100, help_text=_("who charged, and their idempotency key"))
    body_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(_("at"))
    insisted_at = models.DateTimeField(_("insisted on"), null=True, blank=True)
    insisted_because = EncryptedTextField(_("why the merchant insists"), max_length=200, blank=True, default="")
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    #: What keeps silence from confirming it now; set by the queries whose pages say so.
    stopped: "Sequence[Stopped]" = ()

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["store", "-id"]),
            models.Index(fields=["store", "at"], condition=Q(scanned_at__isnull=False), name="redemption_stored"),
        ]
        constraints = [
            models.UniqueConstraint(name="redemption_code_once", fields=["card", "code_step"]),
            models.UniqueConstraint(name="redemption_key_once", fields=["key"]),
            models.CheckConstraint(
                name="redemption_charges_or_checks_in",
                condition=Q(use__isnull=True, units=0) | Q(use__isnull=False, units__gt=0),
            ),
            models.CheckConstraint(
                name="redemption_list_price_not_below_charge",
                condition=Q(list_fen__isnull=True) | Q(use__isnull=False, list_fen__gte=F("units")),
            ),
            models.CheckConstraint(
                name="redemption_lesson_has_day_and_class",
                condition=Q(lesson_on__isnull=True, lesson_class="")
                | Q(lesson_on__isnull=False, use__isnull=False, units=1) & ~Q(lesson_class=""),
            ),
            models.CheckConstraint(
                name="redemption_paid_otherwise_beside_a_charge",
                condition=Q(paid_otherwise_fen=0) | Q(paid_otherwise_fen__gt=0, use__isnull=False),
            ),
            models.CheckConstraint(
                name="redemption_only_lessons_by_roll_call",
                condition=Q(by_roll_call=False) | Q(lesson_on__isnull=False),
            ),
            models.CheckConstraint(
                name="redemption_scanned_before_it_was_sent",
                condition=Q(scanned_at__isnull=True) | Q(scanned_at__lt=F("at"), by_roll_call=False),
            ),
            models.CheckConstraint(
                name="redemption_undone_check_in", condition=Q(undone_at__isnull=True) | Q(use__isnull=True)
            ),
            models.CheckConstraint(
                name="redemption_insisted_with_a_reason",
                condition=Q(insisted_at__isnull=True, insisted_because="")
                | Q(insisted_at__isnull=False) & ~Q(insisted_because=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card} {self.at:%Y-%m-%d %H:%M}"

    @property
    def figure(self) -> str:
        """``3 sessions``, ``¥120.00`` or ``1 lesson (2026-03-02 drawing)``, whatever the card counts: what is or would be charged;
        of a period card ``check-in``."""
        return self.figure_of(self.use.units) if self.use else str(_("check-in"))

    @property
    def claimed(self) -> str:
        """The figure the merchant first asked for, when the holder confirmed less; else empty."""
        return self.figure_of(self.units) if self.use and self.use.units != self.units else ""

    def figure_of(self, units: int) -> str:
        """So many units of this card, in words; of a discount card with the list price, of a course with the lesson, and
        with what was paid at the till beside it."""
        match self.card.version.plan:
            case Plan.COURSE:
                text = ngettext("%(count)s lesson", "%(count)s lessons", units) % {"count": units}
                named = {"lessons": text, "lesson": self.lesson}
                return str(_("%(lessons)s (%(lesson)s)")) % named if units and self.lesson else text
            case Plan.DISCOUNT if units:
                figures = {"sum": yuan(units), "list": yuan(self.list_fen_of(units))}
                return str(_("¥%(sum)s (list price ¥%(list)s)")) % figures
            case Plan.STORED_VALUE if units and self.paid_otherwise_fen:
                figures = {"sum": yuan(units), "rest": yuan(self.paid_otherwise_fen)}
                return str(_("¥%(sum)s (and ¥%(rest)s at the till)")) % figures
            case Plan.STORED_VALUE | Plan.DISCOUNT:
                return f"¥{yuan(units)}"
        return ngettext("%(count)s session", "%(count)s sessions", units) % {"count": units}

    def list_fen_of(self, units: int) -> int:
        """The list price (fen) of so many fen of what was claimed, in proportion, rounded down: the odd fen is the holder's. 0 of
        cards that are no discount cards."""
        return share(self.list_fen, units, self.units) if self.list_fen else 0

    @property
    def lesson(self) -> str:
        """Which lesson: its day and class; empty for cards that are no courses."""
        return f"{self.lesson_on:%Y-%m-%d} {self.lesson_class}" if self.lesson_on else ""

    @property
    def is_divisible(self) -> bool:
        """Whether less of it can be right."""
        return self.units > 1

    @property
    def outcome(self) -> str:
        """One sentence for who stands at the counter."""
        if self.undone_at is not None:
            return str(_("Check-in undone. It does not count as a visit."))
        if self.use is None:
            return str(_("Checked in. The card is valid; nothing is charged."))
        if self.silence_confirms:
            text = _("%(figure)s wait for the customer's confirmation; silence confirms after %(days)s working days.")
            return str(text) % {"figure": self.figure, "days": self.use.silence_days}
        if self.use.state == UseState.RESERVED and self.use.confirm_until:
            until = timezone.localtime(self.use.confirm_until)
            text = _("%(figure)s wait for the customer's confirmation until %(until)s.")
            return str(text) % {"figure": self.figure, "until": f"{until:%Y-%m-%d %H:%M}"}
        return str(_OUTCOMES[self.use.state]) % {"figure": self.figure}

    @property
    def is_check_in(self) -> bool:
        return self.use is None

    @property
    def state(self) -> str:
        """Its use's; of a check-in ``checked_in`` or ``undone``."""
        if self.use is not None:
            return self.use.state
        return UseState.UNDONE if self.undone_at else "checked_in"

    @property
    def state_label(self) -> str:
        """The state in a word or two."""
        return str(_("valid") if self.state == "checked_in" else UseState(self.state).label)

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return _TONES.get(self.state, "plain")

    @property
    def counts(self) -> bool:
        """Whether it is a visit: charged or checked in, and not taken back."""
        return self.state in {UseState.FINAL, "checked_in"}

    @property
    def is_waiting(self) -> bool:
        """For the holder's tap."""
        return self.use is not None and self.use.state == UseState.RESERVED

    @property
    def is_disputed(self) -> bool:
        """Reserved until the merchant withdraws it or a regulator decides."""
        return self.use is not None and self.use.state == UseState.DISPUTED

    @property
    def silence_confirms(self) -> bool:
        """It waits, and no answer will count as yes."""
        return self.use is not None and self.is_waiting and self.use.silence == Silence.CONFIRMS

    @property
    def no_ends_it(self) -> bool:
        """The holder's no returns it to the card. Else, in sectors where silence confirms and where the merchant insists, the
        holder's no is a complaint."""
        return self.is_waiting and not self.silence_confirms and self.insisted_at is None

    @property
    def last_day(self) -> date | None:
        """The last day before silence confirms; None while no notice was delivered."""
        if self.use is None or self.use.confirm_until is None:
            return None
        return clock.beijing_date(self.use.confirm_until - timedelta(microseconds=1))

"""One visit: a code shown, and what was charged for it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from escrow.models import Use
from escrow.money import yuan
from escrow.states import Plan, UseState
from prepaid.cards.models.card import Card
from prepaid.merchants.models import StaffMember, Store

_OUTCOMES: dict[str, Promise] = {
    UseState.RESERVED: _("%(figure)s wait for the customer's confirmation."),
    UseState.FINAL: _("%(figure)s charged."),
    UseState.VOIDED: _("%(figure)s not charged: refused or withdrawn."),
    UseState.EXPIRED: _("%(figure)s not charged: nobody confirmed in time."),
    UseState.UNDONE: _("%(figure)s given back: the charge was undone."),
}


class Redemption(models.Model):
    """``units`` sessions, or fen of face value. A period card's check-in has 0 units and no use: it charges nothing."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="redemptions", verbose_name=_("card"))
    use = models.OneToOneField(
        Use, models.PROTECT, null=True, blank=True, related_name="redemption", verbose_name=_("use")
    )
    store = models.ForeignKey(Store, models.PROTECT, related_name="redemptions", verbose_name=_("store"))
    cashier = models.ForeignKey(StaffMember, models.PROTECT, related_name="redemptions", verbose_name=_("charged by"))
    units = models.BigIntegerField(_("units"))
    note = models.CharField(_("note"), max_length=80, blank=True, default="")
    code_step = models.BigIntegerField()
    key = models.CharField(max_length=100, help_text=_("who charged, and their idempotency key"))
    body_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["store", "-id"])]
        constraints = [
            models.UniqueConstraint(name="redemption_code_once", fields=["card", "code_step"]),
            models.UniqueConstraint(name="redemption_key_once", fields=["key"]),
            models.CheckConstraint(
                name="redemption_charges_or_checks_in",
                condition=Q(use__isnull=True, units=0) | Q(use__isnull=False, units__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.card} {self.at:%Y-%m-%d %H:%M}"

    @property
    def figure(self) -> str:
        """``3 sessions`` or ``¥120.00``, whatever the card counts."""
        if self.card.version.plan == Plan.STORED_VALUE:
            return f"¥{yuan(self.units)}"
        return ngettext("%(count)s session", "%(count)s sessions", self.units) % {"count": self.units}

    @property
    def outcome(self) -> str:
        """One sentence for who stands at the counter."""
        if self.use is None:
            return str(_("Checked in. The card is valid; nothing is charged."))
        if self.use.state == UseState.RESERVED and self.use.confirm_until:
            until = timezone.localtime(self.use.confirm_until)
            text = _("%(figure)s wait for the customer's confirmation until %(until)s.")
            return str(text) % {"figure": self.figure, "until": f"{until:%Y-%m-%d %H:%M}"}
        return str(_OUTCOMES[self.use.state]) % {"figure": self.figure}

    @property
    def is_check_in(self) -> bool:
        return self.use is None

    @property
    def is_waiting(self) -> bool:
        """For the holder's tap."""
        return self.use is not None and self.use.state == UseState.RESERVED

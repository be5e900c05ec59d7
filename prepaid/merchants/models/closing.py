"""What a merchant announces before it closes or moves: the notice that BJ 18 asks for."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models.merchant import Merchant, StaffMember, Store


class ClosingKind(models.TextChoices):
    CLOSE = "close", _("closes")
    MOVE = "move", _("moves")


class ClosingQuerySet(models.QuerySet["Closing"]):
    def standing(self) -> "ClosingQuerySet":
        """Those that were not withdrawn, also what one official found and no second one has confirmed: nothing is sold."""
        return self.filter(withdrawn_at=None)

    def announced(self) -> "ClosingQuerySet":
        """Those that hold: the merchant's own, and what two officials found."""
        return self.standing().exclude(found_by__isnull=False, confirmed_at=None)


class Closing(models.Model):
    """A store, or the whole merchant (no store), serves for the last time on ``last_day``. Every holder of a card that can be
    used there is told (``told_up_to``: the last card so far), may have the money back at once on the merchant's consent
    (SPC 13: the merchant's cause), and after the last day of a closing gets it back without asking (``refunded_at``)."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="closings", verbose_name=_("merchant"))
    store = models.ForeignKey(
        Store, models.PROTECT, null=True, blank=True, related_name="closings", verbose_name=_("store")
    )
    kind = models.CharField(_("what happens"), max_length=8, choices=ClosingKind)
    last_day = models.DateField(_("last day of service"))
    new_address = models.CharField(_("new address"), max_length=200, blank=True, default="")
    because = models.CharField(_("reason"), max_length=200)
    #: The sector asks for a longer notice (``SectorRule.closing_notice_days``).
    is_short = models.BooleanField(_("short notice"), default=False)
    announced_at = models.DateTimeField(_("announced"))
    announced_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("announced by")
    )
    #: Nobody announced it: an official found the place closed, and another one, or the operator, has confirmed it.
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("found by")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    told_up_to = models.BigIntegerField(default=0)
    told_at = models.DateTimeField(_("everybody told"), null=True, blank=True)
    ended_at = models.DateTimeField(_("took place"), null=True, blank=True)
    refunded_at = models.DateTimeField(_("everybody paid back"), null=True, blank=True)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        verbose_name = _("closing or move")
        verbose_name_plural = _("closings and moves")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="closing_kind_known", condition=Q(kind__in=ClosingKind.values)),
            models.CheckConstraint(
                name="closing_move_names_where",
                condition=Q(kind=ClosingKind.CLOSE, new_address="")
                | Q(kind=ClosingKind.MOVE, store__isnull=False) & ~Q(new_address=""),
            ),
            models.CheckConstraint(
                name="closing_withdrawn_before_it_took_place",
                condition=Q(withdrawn_at__isnull=True) | Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="closing_announced_or_found",
                condition=Q(announced_by__isnull=False, found_by__isnull=True, confirmed_by__isnull=True)
                | Q(announced_by__isnull=True, found_by__isnull=False, kind=ClosingKind.CLOSE),
            ),
            models.CheckConstraint(
                name="closing_confirmed_by_another",
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False) & ~Q(confirmed_by=F("found_by")),
            ),
            models.UniqueConstraint(
                name="closing_one_at_a_time",
                fields=["merchant", "store"],
                condition=Q(withdrawn_at__isnull=True, ended_at__isnull=True),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.last_day}"

    @property
    def moves(self) -> bool:
        return self.kind == ClosingKind.MOVE

    @property
    def was_found(self) -> bool:
        """Officials found it; the merchant said nothing."""
        return self.found_by_id is not None

    @property
    def waits_for_second(self) -> bool:
        """Found, and not confirmed yet."""
        return self.was_found and self.confirmed_at is None and self.withdrawn_at is None

    @property
    def pays_back(self) -> bool:
        """It holds and ends service for good: when its last day is over, every card is paid back without asking."""
        return not self.moves and self.withdrawn_at is None and not self.waits_for_second

    def may_withdraw(self, today: date) -> bool:
        """By the merchant, until it has taken place."""
        return not self.was_found and self.withdrawn_at is None and self.ended_at is None and today <= self.last_day

"""Merchants that people miss here, and who asked for them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models.sector import Sector
from prepaid.merchants.states import STILL_MISSED, InvitedState
from prepaid.people.models import Division


class InvitedMerchant(models.Model):
    """A merchant that somebody asked to have its cards filed, once per name, district and sector. ``key`` is the name as it is
    compared; ``times`` counts the invitations."""

    name = models.CharField(_("merchant"), max_length=100)
    key = models.CharField(max_length=200, editable=False)
    district = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name=_("district"))
    sector = models.ForeignKey(Sector, models.PROTECT, related_name="+", verbose_name=_("sector"))
    address = models.CharField(_("address"), max_length=200, blank=True, default="")
    state = models.CharField(_("state"), max_length=12, choices=InvitedState, default=InvitedState.NEW)
    times = models.PositiveIntegerField(_("invited"), default=0)
    first_at = models.DateTimeField(_("first invited"))
    last_at = models.DateTimeField(_("last invited"))

    class Meta:
        verbose_name = _("invited merchant")
        verbose_name_plural = _("invited merchants")
        ordering = ["-times", "id"]
        indexes = [
            models.Index(
                fields=["sector", "district"], condition=Q(state__in=sorted(STILL_MISSED)), name="invited_still_missed"
            )
        ]
        constraints = [
            models.UniqueConstraint(name="invited_merchant_once", fields=["key", "district", "sector"]),
            models.CheckConstraint(name="invited_merchant_state_known", condition=Q(state__in=InvitedState.values)),
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """One person's wish. ``visitor`` is a keyed hash of the network address and the day: it counts nobody twice a day and leads
    back to nobody."""

    merchant = models.ForeignKey(InvitedMerchant, models.PROTECT, related_name="invitations")
    visitor = models.CharField(max_length=64, editable=False)
    message = models.CharField(_("message"), max_length=500, blank=True, default="")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="invitation_once_a_day", fields=["merchant", "visitor"])]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.at:%Y-%m-%d}"

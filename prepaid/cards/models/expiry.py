"""That a holder was told of the coming end of a card."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.cards.models.card import Card


class ExpiryNotice(models.Model):
    """``days_before``: which of the notices it was; ``last_day``: the day that was named. Written once, with the message."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="expiry_notices", verbose_name=_("card"))
    days_before = models.PositiveSmallIntegerField(_("days before"))
    last_day = models.DateField(_("last day"))
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("notice of a card's last day")
        verbose_name_plural = _("notices of cards' last days")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="expiry_notice_once", fields=["card", "days_before", "last_day"]),
            models.CheckConstraint(name="expiry_notice_days_before", condition=Q(days_before__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.card_id} {self.last_day}"

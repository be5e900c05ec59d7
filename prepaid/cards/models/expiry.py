"""That a holder was told of the coming end of a card, or of a paid month of a membership."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from prepaid.cards.models.card import Card


class ExpiryNotice(models.Model):
    """``days_before``: which of the notices it was (0: on the day itself, of a month); ``last_day``: the day that was named.
    Written once, with the message."""

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
        ]

    def __str__(self) -> str:
        return f"{self.card_id} {self.last_day}"

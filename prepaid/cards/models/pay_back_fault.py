"""A card that a closing could not pay back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from escrow.errors import in_words
from prepaid.cards.models.card import Card
from prepaid.merchants.models import Closing


class PayBackFault(models.Model):
    """What the last try came to. It means nothing once the card is paid back; the sweep tries again until then."""

    closing = models.ForeignKey(Closing, models.PROTECT, related_name="+", verbose_name=_("closing or move"))
    card = models.ForeignKey(Card, models.PROTECT, related_name="+", verbose_name=_("card"))
    code = models.CharField(_("reason"), max_length=64)
    at = models.DateTimeField(_("last tried"))

    class Meta:
        verbose_name = _("card that could not be paid back")
        verbose_name_plural = _("cards that could not be paid back")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="pay_back_fault_once", fields=["closing", "card"])]

    def __str__(self) -> str:
        return f"{self.card} · {self.code}"

    @property
    def reason(self) -> str:
        """In words where it was a refusal of ours, else its name for whoever reads the logs."""
        return in_words(self.code)

"""Card-holders say that a shop is shut."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from escrow.models import EncryptedTextField
from prepaid.cards.models import Card
from prepaid.merchants.models import Merchant, Store


class ShutReport(models.Model):
    """One holder's word about one store on one day. ``counts``: they have used a card there and do not work there, so that a rival's
    word weighs nothing."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="shut_reports", verbose_name=_("merchant"))
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"))
    card = models.ForeignKey(Card, models.PROTECT, related_name="+", verbose_name=_("card"))
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("card-holder")
    )
    day = models.DateField(_("day"))
    counts = models.BooleanField(_("counts"))
    words = EncryptedTextField(_("in the holder's words"), max_length=300, blank=True, default="")
    reported_at = models.DateTimeField(_("reported"))

    class Meta:
        verbose_name = _("report that a shop is shut")
        verbose_name_plural = _("reports that shops are shut")
        ordering = ["-id"]
        indexes = [models.Index(fields=["merchant", "-day"], name="shut_report_of_merchant")]
        constraints = [
            models.UniqueConstraint(name="shut_report_once_a_day", fields=["holder", "store", "day"]),
        ]

    def __str__(self) -> str:
        return f"{self.merchant.name} {self.day}"

"""That a merchant will soon have to file its cards."""

from django.db import models
from django.db.models import Q
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models import Merchant


class FilingWarning(models.Model):
    """What ``queries.filing_watch`` foresaw, as of the last look. ``told_at``: when its owners and managers were told, once;
    ``ended_at``: it is not foreseen any more, or it has come."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="filing_warnings", verbose_name=_("merchant"))
    threshold_fen = models.BigIntegerField(_("filing sum (fen)"))
    balance_fen = models.BigIntegerField(_("unused money (fen)"))
    passes_on = models.DateField(_("passes on"))
    told_at = models.DateTimeField(_("told"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("filing warning")
        verbose_name_plural = _("filing warnings")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="filing_warning_one_open", fields=["merchant"], condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.passes_on}"

    @property
    def day(self) -> str:
        """When the sum is passed, with the day of the week."""
        return date_format(self.passes_on, "Y-m-d l")

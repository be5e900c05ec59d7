"""Dated reference data: how much of the money must stay in custody where a merchant's rating decides it."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models.sector import Mark, Sector


class Rating(models.TextChoices):
    """The regulator's rating of a merchant; a merchant without one is unrated."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"


class CustodyRuleQuerySet(models.QuerySet["CustodyRule"]):
    def current(self, *, sector_code: str, rating: str, on: date) -> "CustodyRule | None":
        """What holds on that day for a merchant of that rating; None: the sector's own figure."""
        rows = self.filter(sector_id=sector_code, rating=rating, valid_from__lte=on)
        return rows.order_by("-valid_from").first()


class CustodyRule(models.Model):
    """The least that must stay in custody, of merchants with a rating (blank: unrated), from a day on. Sectors without such
    rows have one figure for all (``SectorRule.custody_percent``). A tenth always stays."""

    sector = models.ForeignKey(Sector, models.PROTECT, related_name="custody_rules", verbose_name=_("sector"))
    rating = models.CharField(_("rating"), max_length=1, choices=Rating, blank=True, default="")
    valid_from = models.DateField(_("valid from"))
    percent = models.PositiveSmallIntegerField(_("stays in custody (%)"))
    basis = models.CharField(_("source"), max_length=200)
    mark = models.CharField(_("certainty"), max_length=1, choices=Mark)

    objects = CustodyRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("custody rule")
        verbose_name_plural = _("custody rules")
        ordering = ["sector", "rating", "-valid_from"]
        constraints = [
            models.UniqueConstraint(name="custody_rule_one_per_day", fields=["sector", "rating", "valid_from"]),
            models.CheckConstraint(
                name="custody_rule_figures",
                condition=Q(percent__range=(10, 100), rating__in=["", *Rating.values], mark__in=Mark.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sector_id} {self.rating or '-'} {self.percent}"

"""Dated reference data: the yearly rates at which interest on a refund runs, and how dear one visit may be."""

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models.sector import Mark
from prepaid.products.refund_rules import Rate, RateKind


class InterestRate(models.Model):
    """A yearly rate from ``valid_from`` until the next row of its kind (SPC 16, 17)."""

    class Kind(models.TextChoices):
        LPR_1Y = RateKind.LPR_1Y, _("one-year LPR")
        DEPOSIT_1Y = RateKind.DEPOSIT_1Y, _("one-year deposit benchmark")
        CUSTODY = RateKind.CUSTODY, _("earned by money in custody")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    valid_from = models.DateField(_("valid from"))
    rate_bp = models.PositiveIntegerField(_("rate per year (0.01 %)"))
    source = models.CharField(_("source"), max_length=200)
    mark = models.CharField(_("certainty"), max_length=1, choices=Mark)

    class Meta:
        verbose_name = _("interest rate")
        verbose_name_plural = _("interest rates")
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.UniqueConstraint(name="interest_rate_one_per_day", fields=["kind", "valid_from"]),
            models.CheckConstraint(name="interest_rate_mark_known", condition=Q(mark__in=Mark.values)),
            models.CheckConstraint(
                name="interest_rate_kind_known", condition=Q(kind__in=[str(kind) for kind in RateKind])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.valid_from}"

    @property
    def plain(self) -> Rate:
        """As the engine takes it."""
        return Rate(
            kind=self.kind, valid_from=self.valid_from, rate_bp=self.rate_bp, source=self.source, mark=self.mark
        )


class VisitRuleQuerySet(models.QuerySet["VisitRule"]):
    def current(self, on: date) -> "VisitRule":
        """The rule in force on that day."""
        return self.filter(valid_from__lte=on).latest("valid_from")


class VisitRule(models.Model):
    """How much of what a stored value card holds its merchant may call one visit: up to that sum a scan is final at once."""

    valid_from = models.DateField(_("valid from"), unique=True)
    most_percent = models.PositiveSmallIntegerField(_("one visit at most (percent of what the card holds)"))
    basis = models.CharField(_("source or reason"), max_length=500)
    mark = models.CharField(_("certainty"), max_length=1, choices=Mark)

    objects = VisitRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit rule")
        verbose_name_plural = _("visit rules")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(name="visit_rule_mark_known", condition=Q(mark__in=Mark.values)),
            models.CheckConstraint(name="visit_rule_percent", condition=Q(most_percent__gt=0, most_percent__lte=100)),
        ]

    def __str__(self) -> str:
        return str(self.valid_from)

"""Time limits: dated rows with a source, never constants."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.models.sector import Mark


class TimeLimit(models.Model):
    """``working_days``, or ``days`` of the calendar, or ``hours``, allowed for ``code`` from ``valid_from`` on, until a later row
    of the same code."""

    code = models.SlugField(_("code"), max_length=32)
    valid_from = models.DateField(_("valid from"))
    working_days = models.PositiveSmallIntegerField(_("working days"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    hours = models.PositiveSmallIntegerField(_("hours"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    mark = models.CharField(_("certainty"), max_length=1, choices=Mark)

    class Meta:
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(name="time_limit_once_per_day", fields=["code", "valid_from"]),
            models.CheckConstraint(
                name="time_limit_positive",
                condition=Q(working_days__isnull=False, working_days__gt=0, days__isnull=True, hours__isnull=True)
                | Q(working_days__isnull=True, days__isnull=False, days__gt=0, hours__isnull=True)
                | Q(working_days__isnull=True, days__isnull=True, hours__isnull=False, hours__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"

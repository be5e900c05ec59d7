"""Working days and the business clock."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkingDay(models.Model):
    """One calendar day in Beijing. ``confirmed`` once the State Council has published that year's holidays."""

    day = models.DateField(_("day"), primary_key=True)
    is_working = models.BooleanField(_("working day"))
    confirmed = models.BooleanField(_("confirmed"), default=False)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("working-day calendar")
        ordering = ["day"]

    def __str__(self) -> str:
        return str(self.day)


class BusinessClock(models.Model):
    """How far the demo's clock runs ahead of the real one: a single row, absent in production."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    ahead = models.DurationField(_("ahead by"))

    class Meta:
        verbose_name = _("business clock")
        constraints = [models.CheckConstraint(name="business_clock_is_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"+{self.ahead}"

"""Official figures of the city, imported; where there are some they are shown instead of the platform's own."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.measures.states import UnitClass
from prepaid.people.models import Division

_RATES = ("response", "resolved", "satisfied")


class OfficialImport(models.Model):
    """One file: who imported it, when, and what it was (SHA-256)."""

    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("imported by")
    )
    imported_at = models.DateTimeField(_("imported"))
    sha256 = models.CharField(_("fingerprint of the file"), max_length=64)
    rows = models.PositiveIntegerField(_("lines that counted"))

    class Meta:
        verbose_name = _("import of official figures")
        verbose_name_plural = _("imports of official figures")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.imported_at:%Y-%m-%d %H:%M}"


class OfficialFigure(models.Model):
    """The rates of a district or subdistrict in a month, in hundredths of a per cent. Score and class may be missing: then they
    are reckoned by the rule."""

    month = models.DateField(_("month"))
    division = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name=_("division"))
    response = models.PositiveSmallIntegerField(_("response rate"))
    resolved = models.PositiveSmallIntegerField(_("resolution rate"))
    satisfied = models.PositiveSmallIntegerField(_("satisfaction rate"))
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    unit_class = models.CharField(_("class"), max_length=8, choices=UnitClass, blank=True, default="")
    source = models.ForeignKey(
        OfficialImport, models.PROTECT, related_name="figures", verbose_name=_("import of official figures")
    )

    class Meta:
        verbose_name = _("official figure")
        verbose_name_plural = _("official figures")
        ordering = ["-month", "division"]
        constraints = [
            models.UniqueConstraint(name="measures_official_once", fields=["month", "division"]),
            models.CheckConstraint(name="measures_official_of_a_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="measures_official_rates",
                condition=Q(**{f"{name}__lte": 10_000 for name in _RATES})
                & (Q(score__isnull=True) | Q(score__lte=10_000)),
            ),
            models.CheckConstraint(
                name="measures_official_class_known", condition=Q(unit_class__in=["", *UnitClass.values])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.division_id}"

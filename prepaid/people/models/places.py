"""Dated reference data: where something is, and whose matter it is."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

_CITY = "北京市"


class DivisionLevel(models.TextChoices):
    DISTRICT = "district", _("district")
    SUBDISTRICT = "subdistrict", _("subdistrict")
    COMMUNITY = "community", _("community")


class Named(models.Model):
    """A Chinese name, and an English one where there is one."""

    name_zh = models.CharField(_("Chinese name"), max_length=64)
    name_en = models.CharField(_("English name"), max_length=64)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def name_field() -> str:
        """Where the name in the language of the page stands."""
        return "name_zh" if (get_language() or "zh").startswith("zh") else "name_en"

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return str(getattr(self, self.name_field()))


class Division(Named):
    """An administrative division of Beijing. ``code`` is the statistical one: 6 digits for a district, 9 for a
    subdistrict, 12 for a community; each begins with its parent's."""

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    level = models.CharField(_("level"), max_length=12, choices=DivisionLevel)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )

    class Meta:
        verbose_name = _("division")
        verbose_name_plural = _("divisions")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="division_level_known", condition=Q(level__in=DivisionLevel.values)),
            models.CheckConstraint(
                name="division_only_a_district_has_no_parent",
                condition=Q(level=DivisionLevel.DISTRICT, parent__isnull=True)
                | (~Q(level=DivisionLevel.DISTRICT) & Q(parent__isnull=False)),
            ),
            models.CheckConstraint(
                name="division_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]


class Department(Named):
    """A line of the administration: a city department and its district counterparts. ``name_zh`` is the short name
    that the sector table uses (商务), ``full_name_zh`` the city department's own (北京市商务局)."""

    code = models.CharField(_("code"), max_length=32, primary_key=True)
    full_name_zh = models.CharField(_("full Chinese name"), max_length=64)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(name="department_name_once", fields=["name_zh"]),
            models.CheckConstraint(
                name="department_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]

    def of(self, district: Division | None) -> str:
        """What the department is called in a district, or the city's (None): 朝阳区体育局, 北京市体育局."""
        if self.name == self.name_zh:
            return (district.name_zh if district else _CITY) + self.full_name_zh.removeprefix(_CITY)
        return gettext("%(place)s %(department)s authority") % {
            "place": district.name if district else gettext("Beijing"),
            "department": self.name,
        }

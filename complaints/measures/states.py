"""What is measured, and the classes of the ranking."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Span(TextChoices):
    """A time that is measured, from the day the complaint was received."""

    DISPATCH = "dispatch", _("to dispatch")
    CONTACT = "contact", _("to first contact")
    MONEY = "money", _("to the money back")


class UnitClass(TextChoices):
    """The four classes of the monthly ranking."""

    ADVANCED = "advanced", _("advanced")
    PROGRESS = "progress", _("progressing")
    RECTIFY = "rectify", _("to put right")
    GOVERN = "govern", _("under treatment")


class Grouping(TextChoices):
    """By what a table of measures has its rows."""

    DISTRICT = "district", _("district")
    SUBDISTRICT = "subdistrict", _("subdistrict")
    DEPARTMENT = "department", _("lead department")
    SECTOR = "sector", _("sector")

"""An objection to a dispatch (派单异议): the authority a case was sent to says that it is another's, and a reviewer decides (JS 12)."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.cases.models.case import Case
from complaints.cases.states import ObjectionState
from escrow.models import EncryptedTextField
from prepaid.merchants.models import Sector
from prepaid.people.models import Department, Division

_REVIEWED = [ObjectionState.UPHELD, ObjectionState.REFUSED]


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def open(self) -> Self:
        """Not yet reviewed."""
        return self.filter(state=ObjectionState.OPEN)

    def late(self, *, today: date) -> Self:
        """Open after the last day of the review."""
        return self.open().filter(review_by__lt=today)


class Objection(models.Model):
    """One per case: a dispatch that was reviewed stands. ``department`` and ``district`` (null: the city's) object; ``sector`` and
    ``to_district`` name whose matter it is instead, at least one of them. The case's own clock runs on meanwhile."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="objection", verbose_name=_("complaint"))
    state = models.CharField(_("state"), max_length=12, choices=ObjectionState, default=ObjectionState.OPEN)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("objecting department"))
    district = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("its district")
    )
    reason = EncryptedTextField(_("reason"), max_length=500)
    sector = models.ForeignKey(
        Sector, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("right sector")
    )
    to_district = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("right district")
    )
    objected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("objected by")
    )
    objected_at = models.DateTimeField(_("objected"))
    review_by = models.DateField(_("review by"))
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reviewed by")
    )
    finding = EncryptedTextField(_("finding"), max_length=500, blank=True, default="")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["-id"]
        indexes = [models.Index(fields=["review_by"], condition=Q(state=ObjectionState.OPEN), name="objection_open")]
        constraints = [
            models.CheckConstraint(
                name="objection_names_another_authority",
                condition=Q(sector__isnull=False) | Q(to_district__isnull=False),
            ),
            models.CheckConstraint(
                name="objection_state_consistent",
                condition=Q(state=ObjectionState.OPEN, ended_at__isnull=True, reviewed_by__isnull=True)
                | Q(state__in=_REVIEWED, ended_at__isnull=False, reviewed_by__isnull=False)
                | Q(
                    state__in=[ObjectionState.LAPSED, ObjectionState.DROPPED],
                    ended_at__isnull=False,
                    reviewed_by__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.get_state_display()}"

"""A department called in to help (吹哨报到): it reports, answers, and is measured as the lead is (JS 16, 33)."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.cases.models.case import Case
from complaints.cases.states import CALLED_IN, AssistState
from escrow.models import EncryptedTextField
from prepaid.people.models import Department, Division


class AssistQuerySet(models.QuerySet["Assist"]):
    def open(self) -> Self:
        """Called in, and not yet answered."""
        return self.filter(state__in=CALLED_IN)

    def late(self, *, today: date) -> Self:
        """Open after the last day to answer, and not marked yet."""
        return self.open().filter(answer_by__lt=today, late_at__isnull=True)


class Assist(models.Model):
    """What the lead asks of another department, in a district or (null) the city's; it answers to the lead, who stays the lead.
    ``called_at``, ``reported_at`` and ``answered_at`` measure both sides; ``late_at`` marks once that no answer came in time."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="assists", verbose_name=_("complaint"))
    state = models.CharField(_("state"), max_length=12, choices=AssistState, default=AssistState.CALLED)
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("department called in"))
    district = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("district")
    )
    asked = EncryptedTextField(_("what is asked"), max_length=500)
    called_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("called in by")
    )
    called_at = models.DateTimeField(pgettext_lazy("department", "called in at"))
    answer_by = models.DateField(_("answer by"))
    reported_at = models.DateTimeField(_("reported at"), null=True, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reported by")
    )
    answer = EncryptedTextField(_("answer"), max_length=2000, blank=True, default="")
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    late_at = models.DateTimeField(_("marked as late"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("call withdrawn at"), null=True, blank=True)

    objects = AssistQuerySet.as_manager()

    class Meta:
        verbose_name = _("call to a department")
        verbose_name_plural = _("calls to departments")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["answer_by"], condition=Q(state__in=sorted(CALLED_IN)), name="assist_open"),
            models.Index(fields=["department", "district", "-id"], name="assist_of_department"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="assist_one_open_call",
                fields=["case", "department", "district"],
                condition=Q(state__in=sorted(CALLED_IN)),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="assist_reported_by_somebody",
                condition=Q(reported_at__isnull=True, reported_by__isnull=True)
                | Q(reported_at__isnull=False, reported_by__isnull=False),
            ),
            models.CheckConstraint(
                name="assist_state_consistent",
                condition=Q(state=AssistState.CALLED, reported_at__isnull=True, withdrawn_at__isnull=True, answer="")
                | Q(state=AssistState.REPORTED, reported_at__isnull=False, withdrawn_at__isnull=True, answer="")
                | Q(
                    state=AssistState.ANSWERED,
                    reported_at__isnull=False,
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    withdrawn_at__isnull=True,
                )
                & ~Q(answer="")
                | Q(state=AssistState.WITHDRAWN, withdrawn_at__isnull=False, answer=""),
            ),
            models.CheckConstraint(
                name="assist_answered_only_then",
                condition=Q(state=AssistState.ANSWERED) | Q(answered_at__isnull=True, answered_by__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.helper}"

    @property
    def helper(self) -> str:
        """The department called in, in words: 朝阳区体育局."""
        return self.department.of(self.district)

    @property
    def is_open(self) -> bool:
        return self.state in CALLED_IN

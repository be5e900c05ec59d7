"""A report that a merchant asked for money outside custody."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.evidence.models import StoredFile
from complaints.off_custody.states import RESULTS, UNDECIDED, Happened, ReportKind, ReportState
from escrow.models import EncryptedTextField
from prepaid.merchants.models import Merchant, Sector, Store
from prepaid.notices import phones
from prepaid.people.models import Department, Division


class OffCustodyReportQuerySet(models.QuerySet["OffCustodyReport"]):
    def undecided(self) -> Self:
        return self.filter(state__in=UNDECIDED)

    def overdue(self, *, today: date) -> Self:
        """Undecided after the last day of the time limit."""
        return self.undecided().filter(due_on__lt=today)


class OffCustodyReport(models.Model):
    """Who reported is nobody we know: there is a telephone number if they left one. ``token`` is drawn with the form, so that a form sent
    twice is one report. ``lead_department`` and ``lead_district`` (null: the city's) are the queue, as of a case.
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    token = models.UUIDField(unique=True, editable=False)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="off_custody_reports", verbose_name=_("merchant")
    )
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="+", verbose_name=_("store"))
    kind = models.CharField(_("how it was to be paid"), max_length=10, choices=ReportKind)
    happened = models.CharField(_("when it was"), max_length=8, choices=Happened)
    words = EncryptedTextField(_("in the reporter's words"), max_length=300, blank=True, default="")
    phone = EncryptedTextField(_("telephone"), blank=True, default="")
    photo = models.OneToOneField(StoredFile, models.PROTECT, null=True, related_name="+", verbose_name=_("photo"))
    state = models.CharField(_("state"), max_length=12, choices=ReportState, default=ReportState.WAITING)

    sector = models.ForeignKey(Sector, models.PROTECT, related_name="+", verbose_name=_("sector"))
    district = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name=_("district"))
    lead_department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("lead department"))
    lead_district = models.ForeignKey(
        Division, models.PROTECT, null=True, related_name="+", verbose_name=_("lead district")
    )
    lead_officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("officer in charge")
    )
    received_at = models.DateTimeField(_("received"))
    due_on = models.DateField(_("due"), help_text=_("last day of the time limit"))
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    reasons = EncryptedTextField(_("evidence and reasons"), max_length=2000, blank=True, default="")
    escalated_at = models.DateTimeField(_("reported as overdue"), null=True)

    objects = OffCustodyReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of money outside custody")
        verbose_name_plural = _("reports of money outside custody")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["lead_department", "lead_district", "state", "due_on"], name="off_custody_queue"),
            models.Index(fields=["merchant", "state", "decided_at"], name="off_custody_merchant"),
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=sorted(UNDECIDED), escalated_at__isnull=True),
                name="off_custody_running",
            ),
        ]
        constraints = [
            models.CheckConstraint(name="off_custody_state_known", condition=Q(state__in=ReportState.values)),
            models.CheckConstraint(name="off_custody_kind_known", condition=Q(kind__in=ReportKind.values)),
            models.CheckConstraint(name="off_custody_when_known", condition=Q(happened__in=Happened.values)),
            models.CheckConstraint(
                name="off_custody_waits_or_is_led",
                condition=Q(state=ReportState.WAITING, lead_officer__isnull=True, accepted_at__isnull=True)
                | ~Q(state=ReportState.WAITING) & Q(lead_officer__isnull=False, accepted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="off_custody_decided_with_reasons",
                condition=Q(state__in=sorted(RESULTS), decided_at__isnull=False) & ~Q(reasons="")
                | Q(state__in=sorted(UNDECIDED), decided_at__isnull=True, reasons=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def phone_masked(self) -> str:
        return phones.masked(self.phone) if self.phone else ""

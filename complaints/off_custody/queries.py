"""Who may read which reports, in what order, and how many stand against a merchant."""

from datetime import date, datetime

from django.core import signing
from django.db.models import Case as SqlCase
from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse

from complaints.cases.queries.scope import in_post
from complaints.off_custody.models import OffCustodyReport, OffCustodyReportQuerySet
from complaints.off_custody.states import UNDECIDED, ReportState
from escrow.clock import beijing_date
from escrow.errors import NotFound
from prepaid.people.models import Post, User

SALT = "off_custody.report"
#: The time limit's code (``data/time_limits.csv`` of the cases).
OFF_CUSTODY = "off_custody"
LISTED = ("merchant", "store", "sector", "district", "lead_department", "lead_district", "lead_officer")
#: How many reports the first page and a report's own page name; the rest is in the list.
FEW = 20


def link_of(report: OffCustodyReport) -> str:
    """The path of the page that needs no account: its address is signed, so nobody guesses another's."""
    return reverse("off_custody_status", args=[signing.Signer(salt=SALT).sign(str(report.pk))])


def report_by(token: str) -> OffCustodyReport:
    """The report that a signed address names. Raises ``NotFound``."""
    try:
        pk = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature as error:
        raise NotFound() from error
    report = OffCustodyReport.objects.select_related(*LISTED).filter(pk=pk).first()
    if report is None:
        raise NotFound()
    return report


def reports_for(officer: User) -> OffCustodyReportQuerySet:
    """What the user may read: by their post, as with cases; the platform's operator all; anybody else nothing."""
    reports = OffCustodyReport.objects.select_related(*LISTED)
    if not officer.is_active or not officer.is_staff:
        return reports.none()
    if officer.is_platform_operator:
        return reports
    return reports.filter(in_post(officer.post)) if officer.post else reports.none()


def by_urgency(reports: OffCustodyReportQuerySet, *, today: date) -> OffCustodyReportQuerySet:
    """Undecided ones first, the nearest last day on top. Each with ``time_left`` (timedelta of whole days, negative when overdue)
    and ``against``: how many reports there are on its merchant in all."""
    same = OffCustodyReport.objects.filter(merchant=OuterRef("merchant")).order_by().values("merchant")
    return reports.annotate(
        time_left=ExpressionWrapper(F("due_on") - Value(today), output_field=DurationField()),
        urgency=SqlCase(When(state__in=UNDECIDED, then=Value(0)), default=Value(1), output_field=IntegerField()),
        against=Coalesce(Subquery(same.annotate(n=Count("pk")).values("n")), Value(0)),
    ).order_by("urgency", "due_on", "id")


def to_do(officer: User) -> QuerySet[OffCustodyReport]:
    """What waits for this officer: reports that nobody leads yet, and their own; the most urgent few."""
    if officer.post is None:
        return OffCustodyReport.objects.none()
    mine = Q(lead_officer__isnull=True) | Q(lead_officer=officer)
    reports = OffCustodyReport.objects.filter(in_post(officer.post)).undecided().filter(mine)
    return reports.select_related("merchant").order_by("due_on", "id")[:FEW]


def others_on(report: OffCustodyReport, *, officer: User) -> list[OffCustodyReport]:
    """The other reports on the same merchant that this officer may read, the newest few."""
    return list(reports_for(officer).filter(merchant_id=report.merchant_id).exclude(pk=report.pk).order_by("-pk")[:FEW])


def lead_serves(report: OffCustodyReport, *, at: datetime) -> bool:
    """Whether the officer in charge still holds a post that covers the report."""
    lead = report.lead_officer
    if lead is None or not lead.is_active:
        return False
    posts = Post.objects.current(on=beijing_date(at)).filter(user=lead, department_id=report.lead_department_id)
    return posts.filter(Q(district__isnull=True) | Q(district_id=report.lead_district_id)).exists()


def in_queue(report: OffCustodyReport, post: Post) -> bool:
    """Whether the post covers the queue the report lies in."""
    return report.lead_department_id == post.department_id and (
        post.is_citywide or report.lead_district_id == post.district_id
    )


def has_others_waiting(report: OffCustodyReport) -> bool:
    """Whether another undecided report on the merchant lies in the same queue: its officers know already."""
    others = OffCustodyReport.objects.undecided().filter(
        merchant_id=report.merchant_id,
        lead_department_id=report.lead_department_id,
        lead_district_id=report.lead_district_id,
    )
    return others.exclude(pk=report.pk).exists()


def confirmed_reports(*, merchant_id: int, since: datetime) -> QuerySet[OffCustodyReport]:
    """What an officer has confirmed about the merchant since then: a warning signal counts these and no others."""
    return OffCustodyReport.objects.filter(merchant_id=merchant_id, state=ReportState.CONFIRMED, decided_at__gte=since)

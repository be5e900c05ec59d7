"""Who is told of a report: the officers of its queue, and the city's when it is late. Never the merchant."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.off_custody.models import OffCustodyReport
from escrow.clock import beijing_date
from prepaid.notices import operations as notices
from prepaid.people.models import Post, User

KIND = "off_custody.report"


def received(report: OffCustodyReport, *, at: datetime) -> None:
    """The queue learns that work has come."""
    posts = _posts(report, at=at).filter(district_id=report.lead_district_id)
    _tell(
        (post.user for post in posts),
        report,
        _("%(merchant)s is said to take money outside custody: %(number)s"),
        _("Somebody reported it. To be decided by %(due_on)s. Take it in charge."),
        at=at,
    )


def overdue(report: OffCustodyReport, *, at: datetime) -> None:
    """The officer in charge and the department's city posts learn that the limit has passed."""
    people = {post.user_id: post.user for post in _posts(report, at=at).filter(district__isnull=True)}
    if report.lead_officer is not None:
        people[report.lead_officer.pk] = report.lead_officer
    _tell(
        people.values(),
        report,
        _("Overdue: report %(number)s"),
        _("%(merchant)s: it was to be decided by %(due_on)s. It is now on the city department's list."),
        at=at,
    )


def _posts(report: OffCustodyReport, *, at: datetime) -> QuerySet[Post]:
    return (
        Post.objects.current(on=beijing_date(at))
        .filter(Q(department_id=report.lead_department_id), user__is_active=True)
        .select_related("user")
    )


def _tell(users: Iterable[User], report: OffCustodyReport, title: Promise, body: Promise, *, at: datetime) -> None:
    details = {"number": report.number, "merchant": report.merchant.name, "due_on": report.due_on.isoformat()}
    url = reverse("admin:off_custody_offcustodyreport_change", args=[report.pk])
    for user in users:
        notices.send(to=user, kind=KIND, title=title, body=body, url=url, details=details, at=at)

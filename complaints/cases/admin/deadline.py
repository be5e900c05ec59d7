"""A case's last day, as officers see it."""

from datetime import date, datetime, time

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from complaints.cases.models import Case
from complaints.cases.queries.file import until
from escrow import clock


def end_of(day: date) -> datetime:
    """The last second of the day in Beijing."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.BEIJING)


def countdown(case: Case, *, at: datetime) -> SafeString:
    """The end of the limit, seen at ``at``: how urgent it is in words first and colour second; a script keeps it ticking."""
    days = (case.due_on - clock.beijing_date(at)).days
    if case.ends_at <= at:
        colour, words = "bad", _("Overdue")
    elif days == 0:
        colour, words = "bad", _("Today")
    elif days <= 2:
        colour, words = "warn", _("Soon")
    else:
        colour, words = "plain", _("In time")
    return format_html(
        '<span class="badge badge-{}">{}</span> <span class="case-date">{}</span>'
        ' <time class="case-under" datetime="{}" data-until="brief">{}</time>',
        colour,
        words,
        until(case),
        (case.due_at or end_of(case.due_on)).isoformat(),
        until(case),
    )

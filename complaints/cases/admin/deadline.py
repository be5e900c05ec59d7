"""A last day, as officers see it."""

from datetime import date, datetime, time

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from complaints.cases.models import Case
from complaints.cases.states import CaseState
from escrow import clock


def end_of(day: date) -> datetime:
    """The last second of the day in Beijing."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.BEIJING)


def countdown_of(case: Case, *, at: datetime) -> SafeString | str:
    """To the decision, then to the money; a dash once the case has ended."""
    if case.is_undecided:
        return countdown(case.due_on, due_at=case.due_at, at=at)
    if case.state == CaseState.EXECUTING and case.money_due_on is not None:
        return countdown(case.money_due_on, at=at)
    return "–"


def countdown(due_on: date, *, due_at: datetime | None = None, at: datetime) -> SafeString:
    """The end of a limit (``due_at`` where it ends at an hour), seen at ``at``: how urgent it is in words first and colour second; a
    script keeps it ticking."""
    days = (due_on - clock.beijing_date(at)).days
    ends_at = due_at or end_of(due_on)
    if ends_at <= at:
        colour, words = "bad", _("Overdue")
    elif days == 0:
        colour, words = "bad", _("Today")
    elif days <= 2:
        colour, words = "warn", _("Soon")
    else:
        colour, words = "plain", _("In time")
    until = f"{due_at.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}" if due_at else due_on.isoformat()
    return format_html(
        '<span class="badge badge-{}">{}</span> <span class="case-date">{}</span>'
        ' <time class="case-under" datetime="{}" data-until="brief">{}</time>',
        colour,
        words,
        until,
        ends_at.isoformat(),
        until,
    )

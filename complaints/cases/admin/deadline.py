"""A last day, as officers see it."""

from datetime import date, datetime, time

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from escrow import clock


def end_of(day: date) -> datetime:
    """The last second of the day in Beijing."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.BEIJING)


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

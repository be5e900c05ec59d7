"""A case's last day, as officers see it."""

from datetime import date, datetime, time
from typing import Protocol

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from escrow import clock


class Due(Protocol):
    """A case, or whatever else has a last day."""

    due_on: date


def end_of(day: date) -> datetime:
    """The last second of the day in Beijing."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.BEIJING)


def countdown(case: Due, *, days: int) -> SafeString:
    """The last day, ``days`` from today: how urgent it is in words first and colour second; a script keeps it ticking."""
    if days < 0:
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
        case.due_on.isoformat(),
        end_of(case.due_on).isoformat(),
        case.due_on.isoformat(),
    )

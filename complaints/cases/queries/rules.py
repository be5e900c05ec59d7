"""Deadlines: which dated rule holds, and the day it ends."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from complaints.cases.errors import TimeLimitMissing
from complaints.cases.models import TimeLimit
from escrow import queries as escrow
from escrow.clock import beijing_date

#: How long the merchant has for its side of the story.
MERCHANT_ANSWER = "merchant_answer"
#: How long the consumer may answer the callback.
CALLBACK = "callback"
#: How long after its end the consumer may have a case reopened.
REOPEN = "reopen"
#: How long a refund out of custody may take to arrive.
REFUND_PAID = "refund_paid"
#: How long the authority a case was sent to may object, and how long the review of that may take.
OBJECTION, OBJECTION_REVIEW = "objection", "objection_review"
#: How long a department that was called in has to answer.
ASSIST = "assist"
#: By how much a limit may be extended at the most.
EXTENSION = "extension"


@dataclass(frozen=True, kw_only=True)
class Term:
    """When a limit ends: its last day in Beijing, and of a limit in hours the moment."""

    due_on: date
    due_at: datetime | None = None


def time_limit(*, code: str, on: date) -> TimeLimit:
    """The row that holds on that day.

    Raises:
        TimeLimitMissing: none does.
    """
    row = TimeLimit.objects.filter(code=code, valid_from__lte=on).order_by("-valid_from").first()
    if row is None:
        raise TimeLimitMissing(code=code, day=on.isoformat())
    return row


def due_on(*, code: str, received_on: date) -> date:
    """The last day of a limit in days; the first day does not count (Civil Code 201).

    Raises:
        TimeLimitMissing: reference data is not loaded.
    """
    return after(time_limit(code=code, on=received_on), received_on)


def term(*, code: str, at: datetime) -> Term:
    """When the limit ends that begins at ``at``; hours run from the moment, night and holiday included.

    Raises:
        TimeLimitMissing: reference data is not loaded.
    """
    limit = time_limit(code=code, on=beijing_date(at))
    if limit.hours is None:
        return Term(due_on=after(limit, beijing_date(at)))
    end = at + timedelta(hours=limit.hours)
    return Term(due_on=beijing_date(end), due_at=end)


def after(limit: TimeLimit, day: date) -> date:
    """The last day of the limit that begins on ``day``."""
    if limit.working_days is None:
        return day + timedelta(days=limit.days or 0)
    return working_days_after(day, limit.working_days)


def working_days_after(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``. A complaint is never refused because next year's holidays are not published:
    beyond the calendar Monday to Friday count, and a last day that was told stands when the calendar comes."""
    return escrow.add_working_days(day, count, or_weekdays=True)


def most_days(*, on: date) -> int:
    """By how many days a limit may be extended on that day at the most. Raises ``TimeLimitMissing``."""
    limit = time_limit(code=EXTENSION, on=on)
    return limit.working_days or limit.days or 0


def extended(day: date, days: int, *, on: date) -> date:
    """The last day moved by so many days: working days where the rule of the day ``on`` counts them. Raises
    ``TimeLimitMissing``."""
    if time_limit(code=EXTENSION, on=on).working_days is None:
        return day + timedelta(days=days)
    return working_days_after(day, days)

"""Deadlines: which dated rule holds, and the day it ends."""

from datetime import date, timedelta

from complaints.cases.errors import TimeLimitMissing
from complaints.cases.models import TimeLimit
from escrow import queries as escrow

#: A sector's regulator handles a prepaid complaint within this (BJ 25).
PREPAID = "prepaid"
#: How long the merchant has for its side of the story.
MERCHANT_ANSWER = "merchant_answer"
#: How long the consumer may answer the callback.
CALLBACK = "callback"
#: How long after its end the consumer may have a case reopened.
REOPEN = "reopen"


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
    """The last day of the limit; the first day does not count (Civil Code 201).

    Raises:
        TimeLimitMissing, escrow.errors.CalendarMissing: reference data is not loaded.
    """
    limit = time_limit(code=code, on=received_on)
    if limit.working_days is None:
        return received_on + timedelta(days=limit.days or 0)
    return escrow.add_working_days(received_on, limit.working_days)

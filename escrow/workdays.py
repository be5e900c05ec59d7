"""Counting working days. The first day does not count (Civil Code 201)."""

from collections.abc import Mapping
from datetime import date, timedelta

from escrow.errors import CalendarMissing


def weekdays(after: date, until: date) -> dict[date, bool]:
    """Monday to Friday as working days, from the day after ``after`` through ``until``."""
    days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
    return {day: day.weekday() < 5 for day in days}


def add_working_days(day: date, count: int, is_working: Mapping[date, bool]) -> date:
    """The ``count``-th working day after ``day``; with ``count`` 0 the day itself.

    Raises:
        CalendarMissing: the calendar ends before the answer.
    """
    while count > 0:
        day += timedelta(days=1)
        if day not in is_working:
            raise CalendarMissing()
        count -= is_working[day]
    return day

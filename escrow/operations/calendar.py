"""The working-day calendar."""

from datetime import date, timedelta

import holidays

from escrow.models import WorkingDay
from escrow.transactions import transaction


def load_working_days(*, first_year: int, last_year: int, confirmed_until: int) -> int:
    """Fill the years' days from the published holidays; years after ``confirmed_until`` are marked unconfirmed.

    Confirmed days are left alone. Repeatable; returns how many days were written.
    """
    china = holidays.country_holidays("CN", years=range(first_year, last_year + 1))
    days = []
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        days.append(WorkingDay(day=day, is_working=china.is_working_day(day), confirmed=day.year <= confirmed_until))
        day += timedelta(days=1)
    with transaction():
        known = {row.day: row for row in WorkingDay.objects.all()}
        written = [
            row
            for row in days
            if row.day not in known
            or (not known[row.day].confirmed and (row.is_working, row.confirmed) != (known[row.day].is_working, False))
        ]
        WorkingDay.objects.bulk_create(
            written, update_conflicts=True, unique_fields=["day"], update_fields=["is_working", "confirmed"]
        )
    return len(written)

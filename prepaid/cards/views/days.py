"""The day that a page of the counter is about."""

from datetime import date

from django.http import HttpRequest
from django.utils.dateparse import parse_date

from escrow import clock

#: No card is older; and days before the first year of all cannot be counted back from.
FIRST = date(2000, 1, 1)


def day_of(request: HttpRequest) -> date:
    """``?on=``: today, unless an earlier day is named."""
    try:
        on = parse_date(request.GET.get("on", ""))
    except ValueError:  # a day like 2026-02-30
        on = None
    today = clock.today()
    return max(FIRST, min(on, today)) if on else today

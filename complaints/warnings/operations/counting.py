"""A merchant's days are counted from what happened; nothing is kept that cannot be counted again."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Max

from complaints.warnings.facts import HABIT, LATELY
from complaints.warnings.models import MerchantDay
from escrow.clock import BEIJING
from escrow.transactions import transaction

COUNT_DAY = (Path(__file__).resolve().parent.parent / "sql" / "count_day.sql").read_text(encoding="utf-8")
#: Days counted again each night: where silence confirms, a use may be disputed or refused after 15 working days.
AGAIN = 28


def count_days(*, upto: date) -> int:
    """Count every day (Beijing) that is not counted yet up to ``upto``, which is over, and the last few anew; how many days. The
    first time, as many as the signs look at. Repeatable; a day is counted whole or not at all."""
    last = MerchantDay.objects.aggregate(last=Max("day"))["last"]
    first = upto - timedelta(days=LATELY + HABIT - 1)
    if last is not None:
        first = max(first, min(last, upto) - timedelta(days=AGAIN - 1))
    days = (upto - first).days + 1
    for n in range(days):
        _count(first + timedelta(days=n))
    return days


def _count(day: date) -> None:
    begins = datetime.combine(day, time(), BEIJING)
    with transaction(), connection.cursor() as cursor:
        cursor.execute(COUNT_DAY, {"day": day, "begins": begins, "ends": begins + timedelta(days=1)})

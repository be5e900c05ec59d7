"""The business clock. Interfaces read it and pass ``at=``; the domain never asks what time it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from escrow.errors import ClockFixed
from escrow.models import BusinessClock

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Aware UTC. In production the real time; in the demo ahead of it by what ``manage.py clock`` added."""
    if not settings.CLOCK_MAY_ADVANCE:
        return timezone.now()
    kept = _kept.get()
    if kept is None:
        return timezone.now() + _ahead()
    if not kept:
        kept.append(_ahead())
    return timezone.now() + kept[0]


def _ahead() -> timedelta:
    row = BusinessClock.objects.filter(id=1).first()
    return row.ahead if row else timedelta()


#: By how much the demo's clock is ahead, inside ``asked_once``: empty until somebody asked.
_kept: ContextVar[list[timedelta] | None] = ContextVar("one reading of the clock", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Inside, the demo's clock is read once, however often somebody asks for the time."""
    token = _kept.set([])
    try:
        yield
    finally:
        _kept.reset(token)


def today() -> date:
    """The date in Beijing."""
    return beijing_date(now())


def beijing_date(at: datetime) -> date:
    """The date it is in Beijing at ``at``."""
    return at.astimezone(BEIJING).date()


def end_of_day(day: date) -> datetime:
    """The first moment after that day in Beijing: what ends with the day is over then."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


def advance(by: timedelta) -> datetime:
    """Move the demo's clock forward and return the new time.

    Raises:
        ClockFixed: in production, or when ``by`` is not positive (time does not run backwards).
    """
    if not settings.CLOCK_MAY_ADVANCE or by <= timedelta():
        raise ClockFixed()
    BusinessClock.objects.get_or_create(id=1, defaults={"ahead": timedelta()})
    kept = _kept.get()
    if kept is not None:
        kept.clear()
    BusinessClock.objects.filter(id=1).update(ahead=F("ahead") + by)  # added by the database: two at once both count
    return now()

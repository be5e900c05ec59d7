"""The marks of a time limit: one reminder before its end, three levels of reports after it; when each is due, and for which cases.

Two limits follow each other: the authority's to decide, and after a decision for the consumer the day for the money to be back. A level
that the first has reached is not reached again by the second.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from complaints.cases.models import Case, CaseQuerySet
from complaints.cases.queries.rules import after, time_limit
from complaints.cases.states import CaseState, Level
from escrow.clock import beijing_date, end_of_day


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A level of reports: the field of the case that bears its date, and the ``TimeLimit`` that says how long after the end of
    the case's limit it is due (``…_hours`` for a limit in hours); blank: with the end."""

    level: Level
    field: str
    waits: str = ""


#: In this order, each once.
MARKS = (
    Mark(level=Level.DISTRICT, field="escalated_at"),
    Mark(level=Level.CITY, field="city_told_at", waits="tell_city"),
    Mark(level=Level.SUPERVISION, field="supervised_at", waits="supervise"),
)
REMINDER = "reminder"
#: Whom a reminder can reach: somebody has the case.
REMINDED = frozenset({CaseState.DISPATCHED, CaseState.IN_HAND})


def due(case: Case, mark: Mark) -> datetime:
    """When the mark falls due on a case that has not ended. Raises ``TimeLimitMissing``."""
    if case.state == CaseState.EXECUTING and case.money_due_on is not None:
        day = case.money_due_on
        return end_of_day(after(time_limit(code=mark.waits, on=day), day) if mark.waits else day)
    if not mark.waits:
        return case.ends_at
    if case.due_at is not None:
        return case.due_at + _hours(mark.waits, on=case.due_on)
    return end_of_day(after(time_limit(code=mark.waits, on=case.due_on), case.due_on))


def unmarked(mark: Mark, *, at: datetime) -> CaseQuerySet:
    """Cases that are undecided, and on which the mark is due and which do not bear it. Raises ``TimeLimitMissing``."""
    cases = Case.objects.overdue(at=at).filter(**{f"{mark.field}__isnull": True})
    if not mark.waits:
        return cases
    in_hours = Q(due_at__lte=at - _hours(mark.waits, on=beijing_date(at)))
    return cases.filter(in_hours | Q(due_at__isnull=True, due_on__lte=_last_due(mark.waits, today=beijing_date(at))))


def money_unmarked(mark: Mark, *, at: datetime) -> CaseQuerySet:
    """The same of cases that wait for their money."""
    cases = Case.objects.money_late(at=at).filter(**{f"{mark.field}__isnull": True})
    if not mark.waits:
        return cases
    return cases.filter(money_due_on__lte=_last_due(mark.waits, today=beijing_date(at)))


def to_remind(*, at: datetime) -> CaseQuerySet:
    """Cases whose limit ends soon and about which nobody was reminded; what has ended meanwhile is reported instead. Raises
    ``TimeLimitMissing``."""
    today = beijing_date(at)
    soon = after(time_limit(code=REMINDER, on=today), today)
    in_hours = Q(due_at__gt=at, due_at__lte=at + _hours(REMINDER, on=today))
    ends_soon = in_hours | Q(due_at__isnull=True, due_on__range=(today, soon))
    return Case.objects.filter(ends_soon, state__in=REMINDED, reminded_at__isnull=True)


def _hours(code: str, *, on: date) -> timedelta:
    return timedelta(hours=time_limit(code=f"{code}_hours", on=on).hours or 0)


def _last_due(code: str, *, today: date) -> date:
    """The latest last day of a limit for which the wait is over today."""
    limit, day = time_limit(code=code, on=today), today - timedelta(days=1)
    while after(limit, day) >= today:
        day -= timedelta(days=1)
    return day

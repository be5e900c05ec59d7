"""The officers' queue: what is most urgent, and how much of it there is."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case as SqlCase
from django.db.models import Count, IntegerField, Q, QuerySet, Value, When

from complaints.cases.models import Case, CaseQuerySet
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import UNDECIDED, CaseState
from prepaid.people.models import Post, User


@dataclass(frozen=True, kw_only=True)
class QueueCounts:
    """How many cases wait in an officer's queue."""

    waiting: int
    mine: int
    overdue: int
    undetermined: int
    executing: int


def by_urgency(cases: CaseQuerySet) -> CaseQuerySet:
    """Undecided ones first, the nearest deadline on top; then those whose refund is on its way; then what is over."""
    return cases.annotate(
        urgency=SqlCase(
            When(state__in=UNDECIDED, then=Value(0)),
            When(state=CaseState.EXECUTING, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
    ).order_by("urgency", "due_on", "id")


def counts_for(*, officer: User, today: date) -> QueueCounts:
    """The figures on the officer's first page; one query."""
    undecided = Q(state__in=UNDECIDED)
    row = (
        cases_for(officer=officer)
        .filter(undecided | Q(state=CaseState.EXECUTING))
        .aggregate(
            waiting=Count("pk", filter=Q(state__in=[CaseState.RECEIVED, CaseState.DISPATCHED])),
            mine=Count("pk", filter=undecided & Q(lead_officer=officer)),
            overdue=Count("pk", filter=undecided & Q(due_on__lt=today)),
            undetermined=Count("pk", filter=undecided & Q(undetermined=True)),
            executing=Count("pk", filter=Q(state=CaseState.EXECUTING)),
        )
    )
    return QueueCounts(**row)


def colleagues_for(*, case: Case, on: date) -> QuerySet[User]:
    """Officers whose post covers the case on that day."""
    posts = Post.objects.current(on=on).filter(
        Q(district__isnull=True) | Q(district_id=case.lead_district_id), department_id=case.lead_department_id
    )
    return User.objects.filter(posts__in=posts, is_active=True, is_staff=True).distinct().order_by("pk")

"""What the public may know of the complaints about a merchant."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from complaints.cases.models import Case
from complaints.cases.states import UNDECIDED, CaseState, Result

DAYS_A_YEAR = 365


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many there are in all, how many came in the last twelve months, and how all of them ended."""

    total: int
    recent: int
    upheld: int
    not_upheld: int
    settled: int
    withdrawn: int
    undecided: int
    overdue: int


def counted(*, merchant_id: int, on: date) -> Counted:
    """The complaints about one merchant, in one query; not what was no matter of prepaid consumption."""
    since = timezone.make_aware(datetime.combine(on - timedelta(days=DAYS_A_YEAR), time.min))
    undecided = Q(state__in=UNDECIDED)
    return Counted(
        **Case.objects.filter(merchant_id=merchant_id)
        .exclude(outcome__result=Result.OUT_OF_SCOPE)
        .aggregate(
            total=Count("pk"),
            recent=Count("pk", filter=Q(received_at__gte=since)),
            upheld=Count("pk", filter=Q(outcome__result=Result.UPHELD)),
            not_upheld=Count("pk", filter=Q(outcome__result=Result.NOT_UPHELD)),
            settled=Count("pk", filter=Q(state=CaseState.SETTLED)),
            withdrawn=Count("pk", filter=Q(state=CaseState.WITHDRAWN)),
            undecided=Count("pk", filter=undecided),
            overdue=Count("pk", filter=undecided & Q(due_on__lt=on)),
        )
    )

"""The officers' queue: what is most urgent, and how much of it there is."""

from datetime import date

from django.db.models import Q, QuerySet

from complaints.cases.models import Case, CaseQuerySet
from complaints.cases.models.case import urgency
from complaints.cases.queries.scope import in_post
from prepaid.people.models import Post, User

#: How many cases the work queue of the first page shows; the rest are in the list.
FEW = 50


def by_urgency(cases: CaseQuerySet) -> CaseQuerySet:
    """Undecided ones first, the nearest deadline on top; then those whose refund is on its way; then what is over."""
    return cases.annotate(urgency=urgency()).order_by("urgency", "due_on", "due_at", "id")


def to_do(*, officer: User) -> QuerySet[Case]:
    """What waits for this officer: undecided cases that nobody leads yet, and those they lead; the most urgent few."""
    if officer.post is None:
        return Case.objects.none()
    nobodys_or_mine = Q(lead_officer__isnull=True) | Q(lead_officer=officer)
    cases = Case.objects.filter(in_post(officer.post)).undecided().filter(nobodys_or_mine)
    return cases.select_related("merchant", "outside").order_by("due_on", "due_at", "id")[:FEW]


def colleagues_for(*, case: Case, on: date) -> QuerySet[User]:
    """Officers whose post covers the case on that day."""
    posts = Post.objects.current(on=on).filter(
        Q(district__isnull=True) | Q(district_id=case.lead_district_id), department_id=case.lead_department_id
    )
    return User.objects.filter(posts__in=posts, is_active=True, is_staff=True).distinct().order_by("pk")


def with_number(number: str) -> list[int]:
    """Ids of the cases that bear exactly this number: their own, the one in another system, or their card's. Each is asked by its
    index; whose queue they lie in the caller asks."""
    number = number.strip()
    if not number:
        return []
    alike = [{"number": number}, {"foreign_number": number}, {"card__number": number}]
    first, *others = (Case.objects.filter(**one).order_by().values_list("pk", flat=True) for one in alike)
    return list(first.union(*others))

"""Several cases in one press: whom they can be given to, and what came of it."""

from datetime import date

from django.db.models import Q, QuerySet

from complaints.cases.models import BulkDeed, BulkLine, Case
from complaints.cases.states import UNDECIDED, BulkKind, CaseState
from escrow.errors import NotFound
from prepaid.people.models import Post, User

#: In which states a deed has a chance; whether it is done is decided under the case's lock.
FITS: dict[BulkKind, frozenset[CaseState]] = {
    BulkKind.ACCEPT: frozenset({CaseState.DISPATCHED}),
    BulkKind.ASSIGN: frozenset({CaseState.DISPATCHED, CaseState.IN_HAND, CaseState.EXECUTING}),
    BulkKind.URGE: UNDECIDED - {CaseState.RECEIVED},
}


def colleagues_of(post: Post, *, on: date) -> QuerySet[User]:
    """Officers of the post's department whose post may cover a case of its queue on that day."""
    posts = Post.objects.current(on=on).filter(department_id=post.department_id)
    if not post.is_citywide:
        posts = posts.filter(Q(district__isnull=True) | Q(district_id=post.district_id))
    return User.objects.filter(posts__in=posts, is_active=True, is_staff=True).distinct().order_by("pk")


def bulk_deed_of(*, officer: User, deed_id: int) -> BulkDeed:
    """Raises ``NotFound`` for another's."""
    deed = BulkDeed.objects.filter(officer=officer, pk=deed_id).select_related("lead").first()
    if deed is None:
        raise NotFound()
    return deed


def lines_of(deed: BulkDeed) -> list[BulkLine]:
    """Its lines, each with its case."""
    return list(deed.lines.select_related("case__merchant", "case__outside", "case__lead_officer"))


def fits(kind: BulkKind, case: Case) -> bool:
    """Whether the deed has a chance as the case stands."""
    return case.state in FITS[kind]

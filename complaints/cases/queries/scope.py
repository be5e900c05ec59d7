"""Who may see which cases. Another's case is not found, and nobody learns that it exists."""

from django.db.models import Exists, OuterRef, Q

from complaints.cases.models import Case, CaseQuerySet, Statement
from complaints.cases.states import UNDECIDED, Side
from escrow.errors import NotFound
from prepaid.people.models import Post, User

#: What a list of cases shows.
LISTED = (
    "complainant",
    "card",
    "refund_request",
    "redemption__use",
    "redemption__store",
    "redemption__card__version",
    "merchant",
    "sector",
    "district",
    "subdistrict",
    "lead_department",
    "lead_district",
    "lead_officer",
    "outcome__refund",
)
#: What the page of one case, and every verb, needs besides.
SHOWN = (
    *LISTED,
    "store",
    "coordinator",
    "enforcer",
    "card__agreement",
    "card__version__product",
)


def complaints_of(*, user: User) -> CaseQuerySet:
    """The consumer's own complaints, newest first."""
    return Case.objects.filter(complainant=user).select_related(*LISTED)


def complaint_of(*, user: User, number: str) -> Case:
    """Raises ``NotFound`` for another's."""
    return _one(complaints_of(user=user), number)


def cases_about(*, merchant_id: int) -> CaseQuerySet:
    """Cases about one merchant, newest first; the caller has checked that the user manages it."""
    return Case.objects.filter(merchant_id=merchant_id).select_related(*LISTED)


def cases_to_answer(*, merchant_id: int) -> CaseQuerySet:
    """Undecided cases about one merchant in which it has not said anything yet, the nearest term first."""
    said = Statement.objects.filter(case=OuterRef("pk"), side=Side.MERCHANT)
    cases = cases_about(merchant_id=merchant_id).filter(state__in=UNDECIDED).exclude(Exists(said))
    return cases.order_by("merchant_answer_due_on", "pk")


def case_about(*, merchant_id: int, number: str) -> Case:
    """Raises ``NotFound`` for another merchant's."""
    return _one(cases_about(merchant_id=merchant_id), number)


def in_post(post: Post) -> Q:
    """A district's post sees its department's queue in that district, a city post its department's in all districts."""
    scope = Q(lead_department_id=post.department_id)
    return scope if post.is_citywide else scope & Q(lead_district_id=post.district_id)


def cases_for(*, officer: User) -> CaseQuerySet:
    """What the user may read in the administration: by their post; the platform's operator all; anybody else nothing."""
    if not officer.is_active or not officer.is_staff:
        return Case.objects.none()
    if officer.is_platform_operator:
        return Case.objects.select_related(*LISTED)
    if officer.post is not None:
        return Case.objects.filter(in_post(officer.post)).select_related(*LISTED)
    return Case.objects.none()


def case_for(*, officer: User, number: str) -> Case:
    """Raises ``NotFound`` outside the officer's department and district."""
    return _one(cases_for(officer=officer), number)


def _one(cases: CaseQuerySet, number: str) -> Case:
    case = cases.filter(number=number).select_related(*SHOWN).first()
    if case is None:
        raise NotFound()
    case.card.issuer = case.merchant  # the same rows, not asked for again
    if case.refund_request is not None:
        case.refund_request.card = case.card
    return case

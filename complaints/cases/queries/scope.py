"""Who may see which cases. Another's case is not found, and nobody learns that it exists."""

from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from complaints.cases.models import Case, CaseQuerySet, Mediation, Statement
from complaints.cases.states import Side
from escrow.errors import NotFound
from prepaid.cards.models import Redemption
from prepaid.people.models import Post, User

#: What a list of cases shows.
LISTED = (
    "complainant",
    "card",
    "refund_request",
    "merchant",
    "sector",
    "district",
    "subdistrict",
    "lead_department",
    "lead_district",
    "lead_officer",
    "outcome__refund",
    "outcome__repayment",
    "outside",
)
#: What every verb needs of its case; the rest is asked for by the few that want it, which costs less than to join it each time.
ACTED_ON = (
    "complainant",
    "merchant",
    "sector",
    "district",
    "lead_department",
    "lead_district",
    "lead_officer",
    "outside",
)
#: What the page of one case shows besides.
SHOWN = (
    *LISTED,
    "store",
    "coordinator",
    "enforcer",
    "earlier_outcome",
    "objection__sector",
    "objection__to_district",
    "extension",
    "card__agreement",
    "card__version__product",
)


#: The charge that a case is about, asked for by itself: few cases are about one, and the planner weighs every join.
CHARGE = Prefetch("redemption", Redemption.objects.select_related("use", "store", "card__version"))


def listed(cases: CaseQuerySet) -> CaseQuerySet:
    """With all that a list of cases shows."""
    return cases.select_related(*LISTED).prefetch_related(CHARGE)


def whole(cases: CaseQuerySet) -> CaseQuerySet:
    """With all that the page of one case needs."""
    agreed = Mediation.objects.in_force().filter(case=OuterRef("pk")).values("custody_fen")[:1]
    cases = cases.annotate(mediated_fen=Subquery(agreed))  # what ``queries.bases`` asks, in the same query
    return cases.select_related(*SHOWN).prefetch_related(None).prefetch_related(CHARGE)


def id_among(cases: CaseQuerySet, number: str) -> int:
    """Of the case of that number among those somebody may see. Raises ``NotFound``."""
    pk = cases.filter(number=number).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound()
    return pk


def complaints_of(*, user: User) -> CaseQuerySet:
    """The consumer's own complaints, newest first."""
    return listed(Case.objects.filter(complainant=user))


def complaint_of(*, user: User, number: str) -> Case:
    """Raises ``NotFound`` for another's."""
    return _one(complaints_of(user=user), number)


def cases_about(*, merchant_id: int) -> CaseQuerySet:
    """Cases about one merchant, newest first; the caller has checked that the user manages it."""
    return listed(Case.objects.filter(merchant_id=merchant_id))


def cases_to_answer(*, merchant_id: int) -> CaseQuerySet:
    """Undecided cases about one merchant in which it has not said anything yet, or not since the case was reopened, the nearest
    term first, each with its owner."""
    since = Coalesce(OuterRef("reopened_at"), OuterRef("received_at"))
    said = Statement.objects.filter(case=OuterRef("pk"), side=Side.MERCHANT, at__gte=since)
    cases = Case.objects.filter(merchant_id=merchant_id).undecided().exclude(Exists(said))
    cases = cases.select_related("lead_department", "lead_district", "lead_officer")
    return cases.order_by("merchant_answer_due_on", "pk")


def case_about(*, merchant_id: int, number: str) -> Case:
    """Raises ``NotFound`` for another merchant's."""
    return _one(cases_about(merchant_id=merchant_id), number)


def in_post(post: Post) -> Q:
    """A district's post sees its department's queue in that district, a city post its department's in all districts."""
    scope = Q(lead_department_id=post.department_id)
    return scope if post.is_citywide else scope & Q(lead_district_id=post.district_id)


def read_in_post(post: Post) -> Q:
    """What a post reads: its queue and, for the coordinator's city posts, what is or was on the city's supervision list."""
    if not post.is_citywide:
        return in_post(post)
    return in_post(post) | Q(coordinator_id=post.department_id, supervised_at__isnull=False)


def cases_for(*, officer: User) -> CaseQuerySet:
    """What the user may read in the administration: by their post; the platform's operator all; anybody else nothing."""
    if not officer.is_active or not officer.is_staff:
        return Case.objects.none()
    if officer.is_platform_operator:
        return listed(Case.objects.all())
    if officer.post is not None:
        return listed(Case.objects.filter(read_in_post(officer.post)))
    return Case.objects.none()


def case_for(*, officer: User, number: str) -> Case:
    """Raises ``NotFound`` outside the officer's department and district."""
    return _one(cases_for(officer=officer), number)


def _one(cases: CaseQuerySet, number: str) -> Case:
    case = whole(cases.filter(number=number)).first()
    if case is None:
        raise NotFound()
    return linked(case)


def linked(case: Case) -> Case:
    """The case, its parts naming the same rows, which are not asked for again."""
    if case.card is not None and case.merchant is not None:
        case.card.issuer = case.merchant
        if case.refund_request is not None:
            case.refund_request.card = case.card
    return case

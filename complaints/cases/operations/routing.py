"""A case finds its owner: the place decides the district, the sector the department (rules of BJ 6 and 27)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from complaints.cases.errors import HasALead, SectorUnknown
from complaints.cases.models import Case
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import locked_for
from complaints.cases.states import CaseState, EventKind, PlaceReason
from escrow.clock import beijing_date
from escrow.transactions import transaction
from prepaid.cards.models import Redemption
from prepaid.merchants.models import Sector, Store
from prepaid.people.models import Department, Division, Post, User

#: Sector of everything whose regulator is not clear; its lead department coordinates and asks a person.
UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Place:
    """Where a case happened, and how we know."""

    store: Store | None
    district: Division
    subdistrict: Division | None
    reason: PlaceReason


@dataclass(frozen=True)
class Queue:
    """A department's queue: in a district, or (None) the city's."""

    department: Department
    district: Division | None


def place_of(case: Case) -> Place:
    """The store of the charge it is about or, of a refund, where the card was last used, else the first store that takes it,
    else the merchant's head office."""
    if case.redemption is not None:
        store = Store.objects.select_related("district", "subdistrict").get(pk=case.redemption.store_id)
        return Place(store, store.district, store.subdistrict, PlaceReason.CHARGE)
    last = Redemption.objects.filter(card_id=case.card_id, undone_at=None).select_related(
        "store__district", "store__subdistrict"
    )
    if used := last.order_by("-id").first():
        return Place(used.store, used.store.district, used.store.subdistrict, PlaceReason.LAST_USE)
    stores = list(case.card.version.stores.select_related("district", "subdistrict").order_by("id"))
    if stores:
        reason = PlaceReason.ONLY_STORE if len(stores) == 1 else PlaceReason.FIRST_STORE
        return Place(stores[0], stores[0].district, stores[0].subdistrict, reason)
    return Place(None, case.merchant.district, None, PlaceReason.HEAD_OFFICE)


def queue_for(*, department: Department, district: Division, at: datetime) -> Queue:
    """The department's queue in the district; the city's when only the city has somebody posted.

    With nobody posted at all it is the district's: whoever is appointed there or for the city then finds the case.
    """
    posts = Post.objects.current(on=beijing_date(at)).filter(department=department)
    posted = set(posts.filter(Q(district=district) | Q(district=None)).values_list("district_id", flat=True))
    return Queue(department, None if posted == {None} else district)


def route_case(*, case_id: int, at: datetime, actor: str) -> Case:
    """Send a received case to its queue; a case that has already been sent stays where it is."""
    with transaction():
        case = moves.lock(case_id)
        if case.state != CaseState.RECEIVED:
            return case
        place = place_of(case)
        case.store, case.district, case.subdistrict = place.store, place.district, place.subdistrict
        case.place_reason = place.reason
        _send(case, sector=case.merchant.sector, at=at, actor=actor)
        return case


def determine_sector(*, number: str, sector_code: str, officer: User, at: datetime) -> Case:
    """A person says which sector an undetermined case belongs to; it goes to that sector's lead department.

    Raises:
        NotFound: the case is not in the officer's queue. HasALead: somebody leads it already (首接负责).
        SectorUnknown: no such sector, or the undetermined one.
    """
    with transaction():
        case = locked_for(officer, number)
        if case.state != CaseState.DISPATCHED or not case.undetermined:
            raise HasALead()
        sector = Sector.objects.filter(code=sector_code).select_related("lead_department", "enforcer").first()
        if sector is None or sector.code == UNDETERMINED:
            raise SectorUnknown()
        _send(case, sector=sector, at=at, actor=officer.actor, by=officer)
        return case


def send_on(
    case: Case, *, sector: Sector, district: Division | None = None, at: datetime, actor: str, by: User | None = None
) -> None:
    """A reviewer's word on a locked case that nobody leads: into the queue of that sector and, where it is another, district."""
    if district is not None and district != case.district:
        case.district, case.subdistrict, case.place_reason = district, None, PlaceReason.REVIEW
    _send(case, sector=sector, at=at, actor=actor, by=by)


def _send(case: Case, *, sector: Sector, at: datetime, actor: str, by: User | None = None) -> None:
    """Put the locked case into the queue of its sector and district, and tell everybody."""
    if case.district is None:
        raise ValueError("a case is placed before it is sent")
    case.sector, case.undetermined = sector, sector.code == UNDETERMINED
    queue = queue_for(department=sector.lead_department, district=case.district, at=at)
    case.lead_department, case.lead_district = queue.department, queue.district
    case.enforcer = sector.enforcer
    case.coordinator = Sector.objects.select_related("lead_department").get(code=UNDETERMINED).lead_department
    case.dispatched_at = at
    kind = EventKind.UNDETERMINED if case.undetermined else EventKind.DISPATCHED
    line: dict[str, Any] = {
        "by": by,
        "department": queue.department,
        "district": queue.district,
        "data": {"place_reason": case.place_reason, "sector": sector.code},
    }
    if case.state == CaseState.RECEIVED:
        moves.move(case, CaseState.DISPATCHED, kind, at=at, actor=actor, **line)
    else:
        case.save()
        moves.note(case, kind, at=at, actor=actor, **line)
    messages.dispatched(case, at=at)

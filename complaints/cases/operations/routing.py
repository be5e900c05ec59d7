"""A case finds its owner: the place decides the district, the sector the department (rules of BJ 6 and 27)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from complaints.cases.errors import DistrictUnknown, HasALead, SectorUnknown
from complaints.cases.models import Case, RememberedAuthority
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import locked_for
from complaints.cases.queries.outside import Place, place_key, place_of_purchase, sector_of_purchase
from complaints.cases.states import CaseState, EventKind, PlaceReason
from escrow.clock import beijing_date
from escrow.transactions import ring, transaction
from prepaid.cards.models import Redemption
from prepaid.merchants.models import Sector, Store
from prepaid.people.models import Department, Division, DivisionLevel, Post, User

#: Sector of everything whose regulator is not clear; its lead department coordinates and asks a person.
UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Queue:
    """A department's queue: in a district, or (None) the city's."""

    department: Department
    district: Division | None


def place_of(case: Case) -> Place:
    """The store of the charge it is about or, of a refund, where the card was last used, else the first store that takes it,
    else the merchant's head office. Of a purchase outside custody what was told (``queries.outside``)."""
    if case.outside is not None:
        return place_of_purchase(case, case.outside)
    if case.redemption is not None:
        return _at(
            Store.objects.select_related("district", "subdistrict").get(pk=case.redemption.store_id), PlaceReason.CHARGE
        )
    last = Redemption.objects.filter(card_id=case.own_card.pk, undone_at=None).select_related(
        "store__district", "store__subdistrict"
    )
    if used := last.order_by("-id").first():
        return _at(used.store, PlaceReason.LAST_USE)
    stores = list(case.own_card.version.stores.select_related("district", "subdistrict").order_by("id"))
    if stores:
        reason = PlaceReason.ONLY_STORE if len(stores) == 1 else PlaceReason.FIRST_STORE
        return _at(stores[0], reason)
    return Place(district=case.own_card.issuer.district, reason=PlaceReason.HEAD_OFFICE)


def _at(store: Store, reason: PlaceReason) -> Place:
    return Place(store=store, district=store.district, subdistrict=store.subdistrict, reason=reason)


def queue_for(*, department: Department, district: Division | None, at: datetime) -> Queue:
    """The department's queue in the district; the city's when only the city has somebody posted, or nobody knows the district.

    With nobody posted at all it is the district's: whoever is appointed there or for the city then finds the case.
    """
    if district is None:
        return Queue(department, None)
    posts = Post.objects.current(on=beijing_date(at)).filter(department=department)
    posted = set(posts.filter(Q(district=district) | Q(district=None)).values_list("district_id", flat=True))
    return Queue(department, None if posted == {None} else district)


def route_case(*, case_id: int, at: datetime, actor: str, rings: bool = True) -> Case:
    """Send a received case to its queue; a case that has already been sent stays where it is. ``rings``: False for who gathers it
    itself, after this."""
    with transaction():
        case = moves.lock(case_id)
        if case.state != CaseState.RECEIVED:
            return case
        place = place_of(case)
        case.store, case.district, case.subdistrict = place.store, place.district, place.subdistrict
        case.place_reason, case.place_confidence, case.place_evidence = place.reason, place.confidence, place.evidence
        _send(case, sector=_sector_of(case), at=at, actor=actor, rings=rings)
        return case


def _sector_of(case: Case) -> Sector:
    if case.outside is not None:
        return sector_of_purchase(case, case.outside, undetermined=UNDETERMINED)
    return case.own_card.issuer.sector


def determine_authority(*, number: str, sector_code: str, officer: User, district_code: str = "", at: datetime) -> Case:
    """A person says which sector, and where nobody knows it which district, an undetermined case belongs to; it goes to that
    sector's lead department there. What was told about a purchase outside custody is remembered: the same name at the same address
    goes there by itself the next time.

    Raises:
        NotFound: the case is not in the officer's queue. HasALead: somebody leads it already (首接负责).
        SectorUnknown: no such sector, or the undetermined one. DistrictUnknown: no such district, or none named and none known.
    """
    with transaction():
        case = locked_for(officer, number)
        if case.state != CaseState.DISPATCHED or not case.undetermined:
            raise HasALead()
        sector = Sector.objects.filter(code=sector_code).select_related("lead_department", "enforcer").first()
        if sector is None or sector.code == UNDETERMINED:
            raise SectorUnknown()
        if district_code:
            districts = Division.objects.filter(level=DivisionLevel.DISTRICT)
            case.district = districts.filter(code=district_code).first()
            case.subdistrict = None
            case.place_reason = PlaceReason.PERSON
        if case.district is None:
            raise DistrictUnknown()
        if case.outside is not None and case.outside.address:
            RememberedAuthority.objects.update_or_create(
                key=place_key(case.outside),
                defaults={"district": case.district, "sector": sector, "by": officer, "at": at},
            )
        _send(case, sector=sector, at=at, actor=officer.actor, by=officer)
        return case


def send_on(
    case: Case, *, sector: Sector, district: Division | None = None, at: datetime, actor: str, by: User | None = None
) -> None:
    """A reviewer's word on a locked case that nobody leads: into the queue of that sector and, where it is another, district."""
    if district is not None and district != case.district:
        case.district, case.subdistrict, case.place_reason = district, None, PlaceReason.REVIEW
    if case.outside is not None:  # what was remembered wrongly is corrected with it
        known = RememberedAuthority.objects.filter(key=place_key(case.outside))
        known.update(sector=sector, at=at, **({"district": case.district} if case.district else {}))
    _send(case, sector=sector, at=at, actor=actor, by=by)


def _send(case: Case, *, sector: Sector, at: datetime, actor: str, by: User | None = None, rings: bool = True) -> None:
    """Put the locked case into the queue of its sector and district, and tell everybody. A group is one queue's: the case leaves it and
    may find another."""
    case.group = None
    coordinator = Sector.objects.select_related("lead_department").get(code=UNDETERMINED).lead_department
    case.sector = sector
    case.undetermined = sector.code == UNDETERMINED or case.district is None
    department = coordinator if case.undetermined else sector.lead_department
    queue = queue_for(department=department, district=case.district, at=at)
    case.lead_department, case.lead_district = queue.department, queue.district
    case.enforcer, case.coordinator = sector.enforcer, coordinator
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
    if rings:
        ring("complaints.cases.tasks.gather_cases", case.pk)

"""An objection to a dispatch and its review (JS 12). The case's clock runs on, and it always has a queue."""

from datetime import datetime

from complaints.cases.errors import (
    AlreadyDecided,
    AuthorityUndetermined,
    HasALead,
    ObjectedBefore,
    ObjectionEnded,
    ObjectionOver,
    ReasonRequired,
    SameAuthority,
    SectorUnknown,
)
from complaints.cases.models import Case, Objection
from complaints.cases.operations import life_messages, moves
from complaints.cases.operations.handling import locked_for
from complaints.cases.operations.routing import UNDETERMINED, Queue, queue_for, send_on
from complaints.cases.queries.objections import objections_for, reviewable
from complaints.cases.queries.rules import OBJECTION, OBJECTION_REVIEW, due_on
from complaints.cases.states import OBJECTION_TRANSITIONS, CaseState, EventKind, ObjectionState
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.states import check_transition
from escrow.transactions import transaction
from prepaid.merchants.models import Sector
from prepaid.people.models import Division, DivisionLevel, User

REASON_LENGTH = 500


def checked_reason(text: str) -> str:
    """Raises ``ReasonRequired`` when nothing or too much is said."""
    text = text.strip()
    if not 1 <= len(text) <= REASON_LENGTH:
        raise ReasonRequired()
    return text


def object_to_dispatch(
    *, number: str, officer: User, reason: str, sector_code: str = "", district_code: str = "", at: datetime
) -> Objection:
    """The authority says that the case is another's: of another sector, of another district, or both. Once per case, within the
    term, and before anybody took it in charge: who accepted leads to the end (首接负责).

    Raises:
        NotFound: outside the officer's queue. HasALead, AlreadyDecided. AuthorityUndetermined: the sector is chosen instead.
        ObjectedBefore, ObjectionOver. ReasonRequired, SectorUnknown. SameAuthority: it names nobody else. TimeLimitMissing.
    """
    reason = checked_reason(reason)
    with transaction():
        case = locked_for(officer, number)
        _check_open_to_objection(case, at=at)
        sector, district = _sector(sector_code), _district(district_code)
        _check_another(case, sector, district, at=at)
        assert case.lead_department is not None  # a constraint: a dispatched case has its department
        case.objection = objection = Objection.objects.create(
            case=case,
            department=case.lead_department,
            district=case.lead_district,
            reason=reason,
            sector=sector,
            to_district=district,
            objected_by=officer,
            objected_at=at,
            review_by=due_on(code=OBJECTION_REVIEW, received_on=beijing_date(at)),
        )
        moves.note(
            case,
            EventKind.OBJECTED,
            at=at,
            actor=officer.actor,
            by=officer,
            department=case.lead_department,
            district=case.lead_district,
            data={"sector": sector_code, "district": district_code, "review_by": objection.review_by},
        )
        life_messages.objected(case, objection, at=at)
        return objection


def _check_open_to_objection(case: Case, *, at: datetime) -> None:
    if not case.is_undecided:
        raise AlreadyDecided()
    if case.state != CaseState.DISPATCHED or case.dispatched_at is None:
        raise HasALead()
    if case.undetermined:
        raise AuthorityUndetermined()
    if hasattr(case, "objection"):
        raise ObjectedBefore()
    last_day = due_on(code=OBJECTION, received_on=beijing_date(case.dispatched_at))
    if beijing_date(at) > last_day:
        raise ObjectionOver(day=last_day.isoformat())


def _sector(code: str) -> Sector | None:
    if not code:
        return None
    sector = Sector.objects.filter(code=code).select_related("lead_department", "enforcer").first()
    if sector is None or sector.code == UNDETERMINED:
        raise SectorUnknown()
    return sector


def _district(code: str) -> Division | None:
    if not code:
        return None
    district = Division.objects.filter(code=code, level=DivisionLevel.DISTRICT).first()
    if district is None:
        raise SameAuthority()
    return district


def _check_another(case: Case, sector: Sector | None, district: Division | None, *, at: datetime) -> None:
    sector, district = sector or case.sector, district or case.district
    if sector is None or district is None or case.lead_department is None:
        raise SameAuthority()
    named = queue_for(department=sector.lead_department, district=district, at=at)
    if named == Queue(case.lead_department, case.lead_district):
        raise SameAuthority()


def review_objection(*, objection_id: int, reviewer: User, upheld: bool, finding: str, at: datetime) -> Objection:
    """Upheld: the case goes to the queue that was named. Refused: it stays, and is not objected to again. A city post of the
    coordinator reviews what others object to, an operator of the platform what the coordinator itself does.

    Raises:
        NotFound: not theirs to review. ObjectionEnded: reviewed, lapsed, or overtaken by the case. ReasonRequired.
    """
    finding = checked_reason(finding)
    with transaction():
        objection = _locked(objection_id)
        if not objections_for(user=reviewer).filter(pk=objection_id).exists():
            raise NotFound()
        if objection.state != ObjectionState.OPEN:
            raise ObjectionEnded()
        if not reviewable(user=reviewer).filter(pk=objection_id).exists():
            raise NotFound()
        objection.reviewed_by, objection.finding = reviewer, finding
        if upheld:
            _end(objection, ObjectionState.UPHELD, EventKind.DISPATCH_CHANGED, at=at, actor=reviewer.actor, by=reviewer)
            case, sector = objection.case, objection.sector or objection.case.sector
            assert sector is not None  # a constraint of dispatch: it was sent by its sector
            send_on(case, sector=sector, district=objection.to_district, at=at, actor=reviewer.actor, by=reviewer)
        else:
            _end(objection, ObjectionState.REFUSED, EventKind.DISPATCH_STANDS, at=at, actor=reviewer.actor, by=reviewer)
        life_messages.reviewed(objection.case, objection, at=at)
        return objection


def lapse_objection(*, case_id: int, at: datetime, actor: str) -> Case:
    """Nobody reviewed in time: the dispatch stands, so that the case does not hang. Repeatable."""
    with transaction():
        case = moves.lock(case_id)
        objection = Objection.objects.late(today=beijing_date(at)).filter(case=case).first()
        if objection is not None:
            objection.case = case
            _end(objection, ObjectionState.LAPSED, EventKind.DISPATCH_STANDS, at=at, actor=actor)
            life_messages.reviewed(case, objection, at=at)
        return case


def _locked(objection_id: int) -> Objection:
    case_id = Objection.objects.filter(pk=objection_id).values_list("case_id", flat=True).first()
    if case_id is None:
        raise NotFound()
    case = moves.lock(case_id)
    objection = Objection.objects.select_related(
        "department", "district", "sector__lead_department", "sector__enforcer"
    ).get(pk=objection_id)
    objection.case = case
    return objection


def _end(
    objection: Objection, to: ObjectionState, kind: EventKind, *, at: datetime, actor: str, by: User | None = None
) -> None:
    """The caller holds the case's lock. Raises ``WrongState``."""
    check_transition(OBJECTION_TRANSITIONS, objection.state, to)
    objection.state, objection.ended_at = to, at
    objection.save()
    moves.note(
        objection.case,
        kind,
        at=at,
        actor=actor,
        by=by,
        department=objection.department,
        district=objection.district,
        data={"result": to.value},
    )

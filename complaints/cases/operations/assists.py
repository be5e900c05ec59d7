"""吹哨报到: the lead calls other departments in; they report, answer to it, and are measured as it is (JS 14, 16, 33)."""

from datetime import datetime
from typing import Any

from complaints.cases.errors import AlreadyCalledIn, CallOver, NotReportedYet, OwnDepartment
from complaints.cases.models import Assist, Case
from complaints.cases.operations import life_messages, moves
from complaints.cases.operations.handling import led_by
from complaints.cases.operations.intake import checked_text
from complaints.cases.operations.objections import checked_reason
from complaints.cases.operations.routing import Queue, queue_for
from complaints.cases.queries.assists import called_in_post
from complaints.cases.queries.rules import ASSIST, due_on
from complaints.cases.states import ASSIST_TRANSITIONS, AssistState, EventKind
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.states import check_transition
from escrow.transactions import transaction
from prepaid.people.models import Division, DivisionLevel, User
from prepaid.people.queries import department as department_by


def call_in(
    *, number: str, officer: User, department_code: str, district_code: str = "", asked: str, at: datetime
) -> Assist:
    """The lead calls a department in, of the case's district unless another is named; the city's where only the city has a post.

    Raises:
        NotFound, NotTheLead, AlreadyDecided. ReasonRequired: nothing is asked. UnknownDepartment. OwnDepartment: it leads already.
        AlreadyCalledIn: it owes an answer. TimeLimitMissing.
    """
    asked = checked_reason(asked)
    with transaction():
        case = led_by(officer, number)
        department = department_by(code=department_code, on=beijing_date(at))
        district = _district(district_code) if district_code else case.district
        if district is None or case.lead_department is None:
            raise NotFound()
        queue = queue_for(department=department, district=district, at=at)
        if queue == Queue(case.lead_department, case.lead_district):
            raise OwnDepartment()
        if case.assists.open().filter(department=queue.department, district=queue.district).exists():
            raise AlreadyCalledIn()
        assist = Assist.objects.create(
            case=case,
            department=queue.department,
            district=queue.district,
            asked=asked,
            called_by=officer,
            called_at=at,
            answer_by=due_on(code=ASSIST, received_on=beijing_date(at)),
        )
        _note(assist, EventKind.CALLED_IN, at=at, actor=officer.actor, by=officer, data={"answer_by": assist.answer_by})
        life_messages.called_in(case, assist, at=at)
        return assist


def _district(code: str) -> Division:
    district = Division.objects.filter(code=code, level=DivisionLevel.DISTRICT).first()
    if district is None:
        raise NotFound()
    return district


def report_in(*, assist_id: int, officer: User, at: datetime) -> Assist:
    """The called department reports (报到): somebody there has taken it up. Repeatable by the same department.

    Raises:
        NotFound: another department's. CallOver.
    """
    with transaction():
        assist = _locked_for(officer, assist_id)
        if assist.state == AssistState.REPORTED:
            return assist
        assist.reported_at, assist.reported_by = at, officer
        _move(assist, AssistState.REPORTED, EventKind.REPORTED, at=at, actor=officer.actor, by=officer)
        life_messages.reported(assist.case, assist, at=at)
        return assist


def answer_call(*, assist_id: int, officer: User, text: str, at: datetime) -> Assist:
    """The called department answers to the lead; with that it has done its part and reads the case no more.

    Raises:
        NotFound: another department's. NotReportedYet, CallOver. TextMissing.
    """
    text = checked_text(text)
    with transaction():
        assist = _locked_for(officer, assist_id)
        if assist.state == AssistState.CALLED:
            raise NotReportedYet()
        assist.answer, assist.answered_at, assist.answered_by = text, at, officer
        _move(assist, AssistState.ANSWERED, EventKind.HELPED, at=at, actor=officer.actor, by=officer)
        life_messages.helped(assist.case, assist, at=at)
        return assist


def withdraw_call(*, number: str, assist_id: int, officer: User, at: datetime) -> Assist:
    """The lead needs the department no more.

    Raises:
        NotFound, NotTheLead, AlreadyDecided. CallOver: it has answered, or was withdrawn.
    """
    with transaction():
        case = led_by(officer, number)
        assist = case.assists.select_related("department", "district").filter(pk=assist_id).first()
        if assist is None:
            raise NotFound()
        if not assist.is_open:
            raise CallOver()
        assist.case, assist.withdrawn_at = case, at
        _move(assist, AssistState.WITHDRAWN, EventKind.CALL_ENDED, at=at, actor=officer.actor, by=officer)
        life_messages.call_ended(case, assist, at=at)
        return assist


def mark_late_assists(*, case_id: int, at: datetime, actor: str) -> Case:
    """Mark departments that did not answer in time and tell the lead and them, once each. They may still answer."""
    with transaction():
        case = moves.lock(case_id)
        late = Assist.objects.late(today=beijing_date(at)).filter(case=case)
        for assist in late.select_related("department", "district").order_by("pk"):
            assist.case, assist.late_at = case, at
            assist.save()
            _note(assist, EventKind.ASSIST_LATE, at=at, actor=actor, data={"answer_by": assist.answer_by})
            life_messages.assist_late(case, assist, at=at)
        return case


def _locked_for(officer: User, assist_id: int) -> Assist:
    """The open call, its case's row locked, if it is to the officer's department. Raises ``NotFound``, ``CallOver``."""
    found = Assist.objects.filter(called_in_post(officer.post), pk=assist_id) if officer.post else Assist.objects.none()
    case_id = found.values_list("case_id", flat=True).first()
    if case_id is None or not officer.is_regulator:
        raise NotFound()
    case = moves.lock(case_id)
    assist = Assist.objects.select_related("department", "district").get(pk=assist_id)
    assist.case = case
    if not assist.is_open:
        raise CallOver()
    return assist


def _move(assist: Assist, to: AssistState, kind: EventKind, *, at: datetime, actor: str, by: User) -> None:
    """The caller holds the case's lock. Raises ``WrongState``."""
    check_transition(ASSIST_TRANSITIONS, assist.state, to)
    assist.state = to
    assist.save()
    _note(assist, kind, at=at, actor=actor, by=by)


def _note(assist: Assist, kind: EventKind, *, data: dict[str, Any] | None = None, **line: Any) -> None:
    facts = {"assist": assist.pk, **(data or {})}
    moves.note(assist.case, kind, department=assist.department, district=assist.district, data=facts, **line)

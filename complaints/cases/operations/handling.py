"""What the regulator does until the decision: take charge, hear both sides, call."""

from datetime import datetime
from typing import Any

from complaints.cases.errors import AlreadyDecided, DistrictUnknown, HasALead, NotTheLead, OfficerElsewhere
from complaints.cases.models import Call, Case, Statement
from complaints.cases.operations import messages, moves
from complaints.cases.operations.intake import checked_offer, checked_text
from complaints.cases.queries.scope import cases_for, id_among
from complaints.cases.queries.serving import in_queue, lead_still_serves, may_be_assigned
from complaints.cases.states import CallResult, CaseState, EventKind, Side
from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.transactions import transaction
from prepaid.people.models import Post, User
from prepaid.people.operations import kept_reason


def locked_for(officer: User, number: str) -> Case:
    """The case, locked, if it lies in the officer's queue. The platform's operator reads and never acts.

    Raises:
        NotFound: it does not, or the user is no regulator.
    """
    case = moves.lock(id_among(cases_for(officer=officer), number))
    if officer.post is None or not in_queue(case, officer.post):  # it may have moved while we waited for the lock
        raise NotFound()
    return case


def led_by(officer: User, number: str) -> Case:
    """The undecided case, locked, if the officer is in charge of it.

    Raises:
        NotFound: outside the officer's queue. AlreadyDecided. NotTheLead: nobody or somebody else is in charge.
    """
    case = locked_for(officer, number)
    check_lead(case, officer)
    return case


def check_lead(case: Case, officer: User) -> None:
    """Raises ``AlreadyDecided``, or ``NotTheLead`` when nobody or somebody else is in charge."""
    if not case.is_undecided:
        raise AlreadyDecided()
    if case.lead_officer_id != officer.pk:
        raise NotTheLead()


def accept(*, number: str, officer: User, at: datetime) -> Case:
    """Take the case in charge. The first to do so leads it to the end (首接负责).

    Raises:
        NotFound: outside the officer's queue. HasALead: somebody was first. AlreadyDecided: it was withdrawn.
    """
    with transaction():
        case = locked_for(officer, number)
        return _put_in_charge(case, lead=officer, kind=EventKind.ACCEPTED, officer=officer, at=at)


def assign(*, number: str, lead_id: int, officer: User, at: datetime) -> Case:
    """Put a colleague of the same queue in charge of a case that nobody leads, or whose lead has left the post.

    Raises:
        NotFound: outside the officer's queue. OfficerElsewhere: the colleague's post does not cover the case.
        HasALead: somebody who still holds the post leads it. AlreadyDecided.
    """
    with transaction():
        case = locked_for(officer, number)
        post = (
            Post.objects.current(on=beijing_date(at))
            .filter(user_id=lead_id, user__is_active=True, user__is_staff=True)
            .select_related("user")
            .first()
        )
        if post is None or not in_queue(case, post):
            raise OfficerElsewhere()
        return _put_in_charge(case, lead=post.user, kind=EventKind.ASSIGNED, officer=officer, at=at)


def _put_in_charge(case: Case, *, lead: User, kind: EventKind, officer: User, at: datetime) -> Case:
    line: dict[str, Any] = {
        "by": officer,
        "department": case.lead_department,
        "district": case.lead_district,
        "data": {"lead": lead.pk},
    }
    if may_be_assigned(case) and not lead_still_serves(case, at=at):
        case.lead_officer = lead
        case.save()
        moves.note(case, kind, at=at, actor=officer.actor, **line)
    elif case.state == CaseState.DISPATCHED:
        if case.district is None:
            raise DistrictUnknown()  # nobody leads to the end what lies nowhere
        case.lead_officer, case.accepted_at = lead, at
        moves.move(case, CaseState.IN_HAND, kind, at=at, actor=officer.actor, **line)
        messages.accepted(case, at=at)
    elif case.is_undecided or may_be_assigned(case):
        raise HasALead()
    else:
        raise AlreadyDecided()
    if lead != officer:
        messages.assigned(case, at=at)
    return case


def record_statement(
    *, number: str, officer: User, side: Side, text: str, offer_fen: int | None = None, at: datetime
) -> Statement:
    """Write down what a side said to the officer.

    Raises:
        NotFound, NotTheLead, AlreadyDecided, TextMissing, InvalidAmount, OfferTooHigh.
    """
    text = checked_text(text)
    with transaction():
        case = led_by(officer, number)
        checked_offer(case, offer_fen)
        statement = Statement.objects.create(
            case=case, side=side, text=text, offer_fen=offer_fen, recorded_by=officer, at=at
        )
        moves.note(
            case,
            EventKind.STATEMENT,
            at=at,
            actor=officer.actor,
            by=officer,
            statement=statement,
        )
        return statement


def log_call(*, number: str, officer: User, side: Side, result: CallResult, at: datetime) -> Call:
    """One attempt to reach a side.

    Raises:
        NotFound, NotTheLead, AlreadyDecided.
    """
    with transaction():
        case = led_by(officer, number)
        call = Call.objects.create(case=case, side=side, result=result, officer=officer, at=at)
        moves.note(
            case,
            EventKind.CALL,
            at=at,
            actor=officer.actor,
            by=officer,
            data={"side": side.value, "result": result.value},
        )
        return call


def reveal_phone(*, number: str, reason: str, officer: User, at: datetime) -> str:
    """The complainant's telephone number in E.164, for calling; the audit trail keeps who looked and why.

    Raises:
        ReasonMissing, NotFound, NotTheLead, AlreadyDecided.
    """
    with transaction():
        case = led_by(officer, number)
        why = kept_reason(reason)
        audit.record(
            actor=officer.actor, action="cases.reveal_phone", target=f"case:{case.pk}", at=at, after={"reason": why}
        )
        # Of the person too: whoever is looked at reads it on their own page.
        facts = {"reason": why, "fields": ["phone"], "case": case.number}
        audit.record(actor=officer.actor, action="people.reveal", target=case.complainant.actor, at=at, after=facts)
        return case.complainant.phone

"""The time limit of a case: which kind it is, and one extension."""

from datetime import datetime

from complaints.cases.errors import (
    AlreadyDecided,
    ExtendedBefore,
    HasALead,
    HoursNotExtended,
    LimitOver,
    TooManyDays,
)
from complaints.cases.models import Case, Extension
from complaints.cases.operations import life_messages, moves
from complaints.cases.operations.handling import led_by, locked_for
from complaints.cases.operations.intake import terms_from
from complaints.cases.operations.objections import checked_reason
from complaints.cases.queries.rules import extended, most_days
from complaints.cases.states import CaseState, EventKind, Limit
from escrow.clock import beijing_date, end_of_day
from escrow.transactions import transaction
from prepaid.people.models import User


def choose_limit(*, number: str, officer: User, limit: Limit, at: datetime) -> Case:
    """Say of what kind the case is, before anybody takes it in charge. The limit runs from its receipt all the same, so it may be
    over at once. Repeatable.

    Raises:
        NotFound: outside the officer's queue. HasALead, AlreadyDecided. LimitOver: the present one has ended. TimeLimitMissing.
    """
    with transaction():
        case = locked_for(officer, number)
        if not case.is_undecided:
            raise AlreadyDecided()
        if case.state != CaseState.DISPATCHED:
            raise HasALead()
        if case.is_overdue(at=at):
            raise LimitOver(day=case.due_on.isoformat())
        if limit == case.limit:
            return case
        was = case.limit
        case.limit, case.reminded_at = limit, None
        for name, value in terms_from(case.received_at, limit).items():
            setattr(case, name, value)
        case.save()
        data = {"was": was, "limit": limit.value, "due_on": case.due_on, "due_at": case.due_at}
        moves.note(case, EventKind.LIMITED, at=at, actor=officer.actor, by=officer, data=data)
        life_messages.limited(case, at=at)
        return case


def hasten(*, case_id: int, limit: Limit, received_at: datetime, at: datetime, actor: str) -> Case:
    """Another report of the same matter, received at ``received_at``, makes it more urgent: the case gets that kind of limit where it
    ends earlier than the present one, and whoever is in charge is told. Never later than before. Repeatable.

    Raises:
        TimeLimitMissing.
    """
    with transaction():
        case = moves.lock(case_id)
        terms = terms_from(received_at, limit)
        if not case.is_undecided or (terms["due_at"] or end_of_day(terms["due_on"])) >= case.ends_at:
            return case
        was = case.limit
        case.limit, case.reminded_at = limit, None
        for name, value in terms.items():
            setattr(case, name, value)
        case.save()
        data = {"was": was, "limit": limit.value, "due_on": case.due_on, "due_at": case.due_at}
        moves.note(case, EventKind.LIMITED, at=at, actor=actor, data=data)
        life_messages.limited(case, at=at)
        life_messages.reminded(case, at=at)
        return case


def extend(*, number: str, officer: User, days: int, reason: str, at: datetime) -> Extension:
    """The lead takes more time, once, before the limit ends, up to what the rule allows. The rule grants it at once: the
    department's city posts and both sides are told, and the reason stays in the file.

    Raises:
        NotFound, NotTheLead, AlreadyDecided. ReasonRequired, TooManyDays. ExtendedBefore. HoursNotExtended. LimitOver.
        TimeLimitMissing.
    """
    reason = checked_reason(reason)
    with transaction():
        case = led_by(officer, number)
        if hasattr(case, "extension"):
            raise ExtendedBefore(day=case.due_on.isoformat())
        if case.due_at is not None:
            raise HoursNotExtended()
        if case.is_overdue(at=at):
            raise LimitOver(day=case.due_on.isoformat())
        most = most_days(on=beijing_date(at))
        if isinstance(days, bool) or not 1 <= days <= most:
            raise TooManyDays(most=most)
        was = case.due_on
        case.due_on, case.reminded_at = extended(was, days, on=beijing_date(at)), None
        case.save()
        case.extension = extension = Extension.objects.create(
            case=case, days=days, reason=reason, was_due_on=was, due_on=case.due_on, by=officer, at=at
        )
        data = {"days": days, "was": was, "due_on": case.due_on}
        moves.note(case, EventKind.EXTENDED, at=at, actor=officer.actor, by=officer, data=data)
        life_messages.extended(case, at=at)
        return extension

"""The one place where a case changes state, always under its row's lock, always with a line in its timeline."""

from datetime import datetime
from typing import Any

from complaints.cases.models import Case, CaseEvent, Reply, Statement
from complaints.cases.operations.loose_ends import tie_up
from complaints.cases.queries.scope import ACTED_ON
from complaints.cases.states import ASKED_ABOUT, TRANSITIONS, CaseState, EventKind
from escrow import audit
from escrow.errors import NotFound
from escrow.states import check_transition
from escrow.transactions import ring
from prepaid.people.models import Department, Division, User


def lock(case_id: int) -> Case:
    """The case, its row locked until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    # Locked first, read with its neighbours after: a row that changed while we waited is joined to its old neighbours.
    locked = Case.objects.select_for_update(no_key=True).filter(pk=case_id).values_list("pk", flat=True)
    if locked.first() is None:
        raise NotFound()
    return Case.objects.select_related(*ACTED_ON).get(pk=case_id)


def note(
    case: Case,
    kind: EventKind,
    *,
    at: datetime,
    actor: str,
    by: User | None = None,
    department: Department | None = None,
    district: Division | None = None,
    statement: Statement | None = None,
    reply: Reply | None = None,
    data: dict[str, Any] | None = None,
    from_state: str | None = None,
) -> CaseEvent:
    """Add one line to the timeline and the same deed to the audit trail."""
    before = case.state if from_state is None else from_state
    event = CaseEvent.objects.create(
        case=case,
        kind=kind,
        from_state=before,
        to_state=case.state,
        by=by,
        department=department,
        district=district,
        statement=statement,
        reply=reply,
        data=data or {},
        at=at,
    )
    audit.record(
        actor=actor,
        action=f"cases.{kind.value}",
        target=f"case:{case.pk}",
        at=at,
        before={"state": before} if before else None,
        after={"state": case.state, "event": event.pk},
    )
    return event


def move(case: Case, to: CaseState, kind: EventKind, *, at: datetime, actor: str, **line: Any) -> CaseEvent:
    """Bring the locked case into state ``to`` together with whatever fields the caller has set on it.

    Raises:
        escrow.errors.WrongState: ``to`` does not follow the present state.
    """
    check_transition(TRANSITIONS, case.state, to)
    before, case.state = case.state, to
    case.save()
    if to in ASKED_ABOUT:
        ring("complaints.cases.tasks.ask_callback", case.pk)
    tie_up(case, at=at, actor=actor)
    return note(case, kind, at=at, actor=actor, from_state=before, **line)

"""What ends by itself when a case goes on: an objection once somebody leads, calls to departments once it is decided."""

from datetime import datetime

from complaints.cases.models import Case
from complaints.cases.operations import life_messages
from complaints.cases.states import (
    ASSIST_TRANSITIONS,
    OBJECTION_TRANSITIONS,
    UNDECIDED,
    AssistState,
    CaseState,
    ObjectionState,
)
from escrow import audit
from escrow.states import check_transition


def tie_up(case: Case, *, at: datetime, actor: str) -> None:
    """The locked case has just changed its state; the line in the timeline says why, the audit trail what ended with it."""
    if case.state != CaseState.DISPATCHED:
        objection = getattr(case, "objection", None)
        if objection is not None and objection.state == ObjectionState.OPEN:
            check_transition(OBJECTION_TRANSITIONS, objection.state, ObjectionState.DROPPED)
            objection.state, objection.ended_at = ObjectionState.DROPPED, at
            objection.save()
            audit.record(
                actor=actor,
                action="cases.objection_dropped",
                target=f"case:{case.pk}",
                at=at,
                after={"id": objection.pk},
            )
    if case.state not in UNDECIDED:
        for assist in case.assists.open().select_related("department", "district"):
            check_transition(ASSIST_TRANSITIONS, assist.state, AssistState.WITHDRAWN)
            assist.state, assist.withdrawn_at = AssistState.WITHDRAWN, at
            assist.save()
            audit.record(
                actor=actor, action="cases.call_ended", target=f"case:{case.pk}", at=at, after={"id": assist.pk}
            )
            life_messages.call_ended(case, assist, at=at)

"""A reminder before the end of a time limit, and three levels of reports after it, each once."""

from datetime import datetime

from complaints.cases.errors import TimeLimitMissing
from complaints.cases.models import Case
from complaints.cases.operations import life_messages, moves
from complaints.cases.queries.deadlines import MARKS, due, to_remind
from complaints.cases.states import ENDED, EventKind
from escrow.transactions import transaction


def remind(*, case_id: int, at: datetime, actor: str) -> Case:
    """Remind the lead, or with no lead the queue's posts, that the limit ends soon: once for each end. Repeatable."""
    with transaction():
        case = moves.lock(case_id)
        if to_remind(at=at).filter(pk=case_id).exists():
            case.reminded_at = at
            case.save()
            moves.note(case, EventKind.REMINDED, at=at, actor=actor, data={"due_on": case.due_on})
            life_messages.reminded(case, at=at)
        return case


def escalate(*, case_id: int, at: datetime, actor: str) -> Case:
    """Report a case that is undecided, or whose money is not back, to every level whose time has come, in order, each once: whatever
    the clock did meanwhile. Repeatable."""
    with transaction():
        case = moves.lock(case_id)
        if case.state in ENDED:
            return case
        if case.is_undecided:
            kind, day = EventKind.OVERDUE, str(case.due_on)
        else:
            kind, day = EventKind.MONEY_LATE, str(case.money_due_on)
        for mark in MARKS:
            if getattr(case, mark.field) is not None:
                continue
            try:
                if due(case, mark) > at:
                    break
            except (
                TimeLimitMissing
            ):  # what is due before it is reported all the same; the sweep says that a rule is missing
                break
            setattr(case, mark.field, at)
            case.save()
            moves.note(case, kind, at=at, actor=actor, data={"due_on": day, "level": mark.level.value})
            life_messages.escalated(case, mark.level, at=at)
        return case

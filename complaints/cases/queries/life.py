"""What the page of a case says of its objection, of the departments called in and of its limit; and what may be done."""

from dataclasses import dataclass
from datetime import datetime

from complaints.cases.models import Assist, Case, Extension, Objection
from complaints.cases.queries.assists import assists_of
from complaints.cases.states import CaseState
from prepaid.people.models import User


@dataclass(frozen=True, kw_only=True)
class Life:
    """The part of the file that is neither a side's nor money; ``may_…`` say which ways are open to who looks."""

    objection: Objection | None
    extension: Extension | None
    assists: list[Assist]
    may_object: bool
    may_choose_limit: bool
    may_call_in: bool
    may_extend: bool


def life_of(case: Case, *, officer: User, at: datetime) -> Life:
    """For the officer who looks at the case now."""
    leads = case.is_undecided and case.lead_officer_id == officer.pk
    free = officer.post is not None and not case.lead_officer_id and case.state == CaseState.DISPATCHED
    objection = getattr(case, "objection", None)
    extension = getattr(case, "extension", None)
    overdue = case.is_overdue(at=at)
    return Life(
        objection=objection,
        extension=extension,
        assists=assists_of(case),
        may_object=free and not case.undetermined and objection is None,
        may_choose_limit=free and not overdue,
        may_call_in=leads,
        may_extend=leads and not overdue and case.due_at is None and extension is None,
    )

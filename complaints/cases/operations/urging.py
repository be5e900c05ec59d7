"""A reminder by hand (催办): somebody of the queue asks the officer in charge to go on."""

from datetime import datetime, timedelta

from complaints.cases.errors import AlreadyDecided, OwnCase, UrgedToday
from complaints.cases.models import Case
from complaints.cases.operations import life_messages, moves
from complaints.cases.operations.handling import locked_for
from complaints.cases.queries.deadlines import REMINDED
from complaints.cases.states import EventKind
from escrow.clock import beijing_date, end_of_day
from escrow.transactions import transaction
from prepaid.people.models import User


def urge(*, number: str, officer: User, at: datetime) -> Case:
    """Remind the officer in charge, or with none the queue's posts, of the case: at most once a day (Beijing) whoever asks. The
    reminder before the end of the limit comes all the same.

    Raises:
        NotFound: outside the officer's queue. AlreadyDecided. OwnCase: they are in charge themselves. UrgedToday.
    """
    with transaction():
        case = locked_for(officer, number)
        if case.state not in REMINDED:
            raise AlreadyDecided()
        if case.lead_officer_id == officer.pk:
            raise OwnCase()
        today = end_of_day(beijing_date(at) - timedelta(days=1))
        if case.events.filter(kind=EventKind.URGED, at__gte=today).exists():
            raise UrgedToday()
        moves.note(case, EventKind.URGED, at=at, actor=officer.actor, by=officer)
        life_messages.urged(case, but=officer, at=at)
        return case

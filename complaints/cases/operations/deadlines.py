"""What the sweep does: find what no bell announced, and mark once what is late."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from complaints.cases.models import Callback, Case, Repayment
from complaints.cases.operations import messages, moves
from complaints.cases.operations.callbacks import ask_callback, lapse_callback
from complaints.cases.operations.deciding import close_paid, close_settled
from complaints.cases.operations.outside import mark_unrepaid
from complaints.cases.operations.routing import route_case
from complaints.cases.queries.callbacks import unasked
from complaints.cases.states import CaseState, EventKind
from escrow.clock import beijing_date
from escrow.states import UseState
from escrow.transactions import transaction

logger = logging.getLogger(__name__)

#: How many rows of each kind one sweep takes, in an order of chance: what fails every time does not stand before the rest.
BATCH = 200
#: An end that lies longer ago is not asked about any more.
ASKED_WITHIN = timedelta(days=30)


def mark_overdue(*, case_id: int, at: datetime, actor: str) -> Case:
    """Mark an undecided case whose time limit has passed and report it, once."""
    with transaction():
        case = moves.lock(case_id)
        if case.is_overdue(today=beijing_date(at)) and case.escalated_at is None:
            case.escalated_at = at
            case.save()
            moves.note(case, EventKind.OVERDUE, at=at, actor=actor, data={"due_on": case.due_on})
            messages.overdue(case, at=at)
        return case


def sweep(*, at: datetime, actor: str) -> int:
    """Close what the merchant gave up, route what is unrouted, close what is paid, mark what is late or not paid back; ask about
    what has ended, give up what nobody answered. How many rows were acted on.

    A row that fails is logged and stays for the next sweep; it does not hold up the others.
    """
    unrouted = Case.objects.filter(state=CaseState.RECEIVED)
    paid = Case.objects.filter(state=CaseState.EXECUTING, outcome__refund__paid_at__isnull=False)
    settled = (
        Case.objects.undecided().filter(redemption__isnull=False).exclude(redemption__use__state=UseState.DISPUTED)
    )
    late = Case.objects.overdue(today=beijing_date(at)).filter(escalated_at__isnull=True)
    owing = Repayment.objects.open().filter(due_on__lt=beijing_date(at), unpaid_marked_at__isnull=True)
    unrepaid = Case.objects.filter(outcome__repayment__in=owing)
    ended = unasked().filter(closed_at__gte=at - ASKED_WITHIN)
    unanswered = Case.objects.filter(pk__in=Callback.objects.late(today=beijing_date(at)).values("case_id"))
    done = 0
    for verb, rows in (
        (close_settled, settled),
        (route_case, unrouted),
        (close_paid, paid),
        (mark_overdue, late),
        (mark_unrepaid, unrepaid),
        (ask_callback, ended),
        (lapse_callback, unanswered),
    ):
        done += _each(verb, rows.order_by("?").values_list("pk", flat=True)[:BATCH], at=at, actor=actor)
    return done


def _each(verb: Callable[..., Case], ids: Iterable[int], *, at: datetime, actor: str) -> int:
    done = 0
    for case_id in ids:
        try:
            verb(case_id=case_id, at=at, actor=actor)
            done += 1
        except Exception:  # whatever is wrong with one case, the others go on
            logger.exception("%s failed for case %s", verb.__name__, case_id)
    return done

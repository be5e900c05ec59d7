"""What the sweep does: find what no bell announced, and mark once what is late."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from complaints.cases.errors import TimeLimitMissing
from complaints.cases.models import Assist, Callback, Case, CaseQuerySet, Objection, Repayment
from complaints.cases.operations.assists import mark_late_assists
from complaints.cases.operations.callbacks import ask_callback, lapse_callback
from complaints.cases.operations.deciding import close_paid, close_settled
from complaints.cases.operations.escalation import escalate, remind
from complaints.cases.operations.objections import lapse_objection
from complaints.cases.operations.outside import mark_unrepaid
from complaints.cases.operations.routing import route_case
from complaints.cases.queries.callbacks import unasked
from complaints.cases.queries.deadlines import MARKS, money_unmarked, to_remind, unmarked
from complaints.cases.states import CaseState
from escrow.clock import beijing_date
from escrow.states import UseState

logger = logging.getLogger(__name__)

#: How many rows of each kind one sweep takes, in an order of chance: what fails every time does not stand before the rest.
BATCH = 200
#: An end that lies longer ago is not asked about any more.
ASKED_WITHIN = timedelta(days=30)


def sweep(*, at: datetime, actor: str) -> int:
    """Close what the merchant gave up, route what is unrouted, close what is paid, mark what is not paid back; end reviews and calls
    whose term is over; ask about what has ended, give up what nobody answered; remind, and report what is late. How many rows were
    acted on.

    A row that fails is logged and stays for the next sweep; it does not hold up the others.
    """
    unrouted = Case.objects.filter(state=CaseState.RECEIVED)
    paid = Case.objects.filter(state=CaseState.EXECUTING, outcome__refund__paid_at__isnull=False)
    settled = (
        Case.objects.undecided().filter(redemption__isnull=False).exclude(redemption__use__state=UseState.DISPUTED)
    )
    today = beijing_date(at)
    reviews = Case.objects.filter(pk__in=Objection.objects.late(today=today).values("case_id"))
    assists = Case.objects.filter(pk__in=Assist.objects.late(today=today).values("case_id"))
    owing = Repayment.objects.open().filter(due_on__lt=today, unpaid_marked_at__isnull=True)
    unrepaid = Case.objects.filter(outcome__repayment__in=owing)
    ended = unasked().filter(closed_at__gte=at - ASKED_WITHIN)
    unanswered = Case.objects.filter(pk__in=Callback.objects.late(today=today).values("case_id"))
    done = 0
    for verb, rows in (
        (close_settled, settled),
        (route_case, unrouted),
        (close_paid, paid),
        (mark_unrepaid, unrepaid),
        (lapse_objection, reviews),
        (mark_late_assists, assists),
        (ask_callback, ended),
        (lapse_callback, unanswered),
        *_of_the_limit(at=at),
    ):
        done += _each(verb, rows.order_by("?").values_list("pk", flat=True)[:BATCH], at=at, actor=actor)
    return done


def _of_the_limit(*, at: datetime) -> Iterator[tuple[Callable[..., Case], CaseQuerySet]]:
    """Reminders and reports. A rule that is missing keeps back what it is about, not the rest."""
    try:
        yield remind, to_remind(at=at)
    except TimeLimitMissing:
        logger.exception("no reminders")
    for mark in MARKS:
        try:
            yield escalate, unmarked(mark, at=at)
            yield escalate, money_unmarked(mark, at=at)
        except TimeLimitMissing:
            logger.exception("no reports at the level %s", mark.level)


def _each(verb: Callable[..., Case], ids: Iterable[int], *, at: datetime, actor: str) -> int:
    done = 0
    for case_id in ids:
        try:
            verb(case_id=case_id, at=at, actor=actor)
            done += 1
        except Exception:  # whatever is wrong with one case, the others go on
            logger.exception("%s failed for case %s", verb.__name__, case_id)
    return done

"""What a refund would be, and which requests wait for whom."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from escrow import clock
from escrow import queries as escrow
from escrow.errors import NotFound
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.states import OPEN_REFUND_STATES, RefundCause, RefundState
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import sector_rule
from prepaid.people.models import User
from prepaid.products.refund_rules import RefundFacts, RefundQuote, quote

#: Until the money is back (or the card is usable again) there is no second request.
UNSETTLED_STATES = (*OPEN_REFUND_STATES, RefundState.GRANTED)


def refund_quote(*, card: Card, cause: RefundCause, stopped_on: date | None = None, at: datetime) -> RefundQuote:
    """What the formulas give on that day, with every step. Charges that wait for a tap do not count as used.

    ``stopped_on``: the day the merchant stopped serving, if the consumer says so (period cards, SPC 22).
    """
    raise NotImplementedError(card, cause, stopped_on, at, RefundFacts, quote, escrow, sector_rule)


def refund_quotes(*, card: Card, at: datetime) -> dict[RefundCause, RefundQuote]:
    """The sum for each cause, to be shown before anybody asks."""
    return {cause: refund_quote(card=card, cause=cause, at=at) for cause in RefundCause}


def least_refund_fen(request: RefundRequest) -> int:
    """What is due even when the consumer gave up the contract: no offer goes below it (fen)."""
    facts = request.requested_at
    return refund_quote(
        card=request.card, cause=RefundCause.CONSUMER, stopped_on=request.stopped_on, at=facts
    ).refund_fen


def cooling_off_until(*, card: Card) -> date | None:
    """The last day of the cooling-off right, bought day not counted (Civil Code 201); None before payment."""
    if card.agreement.funded_at is None:
        return None
    bought_on = clock.beijing_date(card.agreement.funded_at)
    return bought_on + timedelta(days=sector_rule(card.issuer.sector_id, bought_on).cooling_off_days)


def sold_by(*, merchant_id: int) -> QuerySet[Card]:
    """Every card the merchant issued."""
    return Card.objects.filter(issuer_id=merchant_id)


def _requests() -> QuerySet[RefundRequest]:
    return RefundRequest.objects.select_related(
        "card__holder", "card__agreement__refund", "card__issuer__sector", "card__version__product", "answered_by"
    )


def requests_of(*, user: User) -> QuerySet[RefundRequest]:
    """The user's own requests, newest first."""
    return _requests().filter(card__holder=user).order_by("-id")


def request_of(*, user: User, request_id: int) -> RefundRequest:
    """Raises ``NotFound``, also for another person's request."""
    return _one(requests_of(user=user), request_id)


def requests_to(*, staff: StaffMember) -> QuerySet[RefundRequest]:
    """Requests this merchant has, those to answer first, the most urgent on top."""
    waiting = Q(state=RefundState.REQUESTED)
    return _requests().filter(card__issuer_id=staff.merchant_id).order_by(waiting.desc(), "answer_due_on", "-id")


def request_for(*, staff: StaffMember, request_id: int) -> RefundRequest:
    """Raises ``NotFound``, also for another merchant's request."""
    return _one(requests_to(staff=staff), request_id)


def _one(requests: QuerySet[RefundRequest], request_id: int) -> RefundRequest:
    request = requests.filter(pk=request_id).first()
    if request is None:
        raise NotFound()
    return request


def requests_unanswered(*, on: date) -> Iterable[int]:
    """Ids of requests whose term ended before that day."""
    return list(
        RefundRequest.objects.filter(state=RefundState.REQUESTED, answer_due_on__lt=on)
        .order_by("answer_due_on", "id")
        .values_list("id", flat=True)[:500]
    )


def requests_paid() -> Iterable[int]:
    """Ids of granted requests whose money has arrived."""
    return list(
        RefundRequest.objects.filter(state=RefundState.GRANTED, card__agreement__refund__paid_at__isnull=False)
        .order_by("id")
        .values_list("id", flat=True)[:500]
    )

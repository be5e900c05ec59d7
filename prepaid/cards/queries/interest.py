"""The interest on a refund (SPC 16, 17): owed on top of it, reckoned until the day it is granted and paid with it."""

from datetime import date

from escrow import clock
from escrow import queries as escrow
from prepaid.cards.models import RefundRequest
from prepaid.cards.states import RefundCause, RefundState
from prepaid.products.queries import interest_rates
from prepaid.products.refund_rules import Interest, InterestFacts, RateKind, interest_owed, rate_on

#: Nothing is owed, so nothing bears interest.
ENDED_STATES = (RefundState.WITHDRAWN, RefundState.DISMISSED)


def interest_of(request: RefundRequest, *, held_fen: int | None = None, today: date) -> Interest | None:
    """What was granted with the refund; while the request is open what the sum asked for has borne so far. ``held_fen``:
    when the caller has it already."""
    if request.granted_fen is not None:
        return Interest.from_json(request.interest) if request.interest else None
    return interest_on(request, request.asked_fen, held_fen=held_fen, today=today)


def interest_on(
    request: RefundRequest,
    refund_fen: int,
    *,
    cause: RefundCause | None = None,
    held_fen: int | None = None,
    today: date,
) -> Interest | None:
    """On ``refund_fen``, for the cause stated or ``cause``."""
    cause = cause or RefundCause(request.cause)
    return interest_by_cause(request, refunds={cause: refund_fen}, held_fen=held_fen, today=today)[cause]


def interest_by_cause(
    request: RefundRequest, *, refunds: dict[RefundCause, int], held_fen: int | None = None, today: date
) -> dict[RefundCause, Interest | None]:
    """For each cause with its sum (fen): from the day of the request, which ends the contract (Civil Code 565), until it was
    granted, or today. What custody holds bears what custody earns. None on the first day, once the request came to
    nothing, or where no rate is known."""
    card = request.card
    rescinded_on = clock.beijing_date(request.requested_at)
    ended_at = request.closed_at if request.granted_fen is not None else None
    until = clock.beijing_date(ended_at) if ended_at else today
    if request.state in ENDED_STATES or until <= rescinded_on:
        return dict.fromkeys(refunds)
    rates = interest_rates()
    custody = rate_on(rates, RateKind.CUSTODY, rescinded_on)
    if request.is_open and held_fen is None:
        held_fen = escrow.holding(card.agreement_id).held_fen

    def lies_in_custody(fen: int) -> int:
        """What was granted was paid out of custody."""
        return min(fen, held_fen) if request.is_open and held_fen is not None else fen

    return {
        cause: interest_owed(
            InterestFacts(
                refund_fen=fen,
                cause=cause.value,
                contracted_on=clock.beijing_date(card.agreement.funded_at or card.bought_at),
                rescinded_on=rescinded_on,
                until=until,
                custody_fen=lies_in_custody(fen),
                custody_rate_bp=custody.rate_bp if custody else None,
            ),
            rates,
        )
        for cause, fen in refunds.items()
    }

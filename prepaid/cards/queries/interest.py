"""The interest on a refund that is on its way (SPC 16, 17): owed on top of it."""

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
    """On the sum granted, or while it is open the sum asked for. ``held_fen``: when the caller has it already."""
    fen = request.asked_fen if request.granted_fen is None else request.granted_fen
    cause = RefundCause(request.cause)
    return interest_by_cause(request, refunds={cause: fen}, held_fen=held_fen, today=today)[cause]


def interest_by_cause(
    request: RefundRequest, *, refunds: dict[RefundCause, int], held_fen: int | None = None, today: date
) -> dict[RefundCause, Interest | None]:
    """For each cause with its sum (fen): from the day of the request, which ends the contract (Civil Code 565), until
    the money is back, or today. What custody holds bears what custody earns. None on the first day, once the request
    came to nothing, or where no rate is known."""
    refund, card = request.refund, request.card
    rescinded_on = clock.beijing_date(request.requested_at)
    until = clock.beijing_date(refund.paid_at) if refund and refund.paid_at else today
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

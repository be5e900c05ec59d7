"""The decision, the money, the end. A regulator mediates: money leaves custody on a named basis or not at all."""

from datetime import datetime

from complaints.cases.errors import ReasonRequired, RefundUnpaid
from complaints.cases.models import Case, Outcome
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import check_lead, led_by
from complaints.cases.operations.intake import TEXT_LENGTH
from complaints.cases.queries.scope import case_for
from complaints.cases.states import CaseState, EventKind, Result
from escrow import queries as escrow
from escrow.errors import BasisRequired, RefundExceedsHeld
from escrow.money import check_fen, yuan
from escrow.states import RefundBasis
from escrow.transactions import transaction
from prepaid.cards import operations as cards
from prepaid.people.models import User


def check_decision(
    *, number: str, officer: User, result: Result, amount_fen: int | None, basis: str, reasons: str
) -> Case:
    """Whether ``decide`` would accept this now; writes nothing. The case.

    Raises:
        As ``decide``.
    """
    case = case_for(officer=officer, number=number)
    check_lead(case, officer)
    _check(case, result=result, amount_fen=amount_fen, basis=basis, reasons=reasons)
    return case


def decide(
    *, number: str, officer: User, result: Result, amount_fen: int | None, basis: str, reasons: str, at: datetime
) -> Case:
    """Upheld: refund ``amount_fen`` out of custody on ``basis``; what remains of the card's money is the merchant's. Not
    upheld: ``amount_fen`` None, ``basis`` empty; the case closes and the card can be used again. All or nothing.

    Raises:
        ReasonRequired, BasisRequired, InvalidAmount.
        RefundExceedsHeld: more than the card still holds.
        NotFound, NotTheLead, AlreadyDecided: see ``handling.led_by``.
    """
    with transaction():
        case = led_by(officer, number)
        _check(case, result=result, amount_fen=amount_fen, basis=basis, reasons=reasons)
        if amount_fen is not None and result == Result.UPHELD:
            return _uphold(case, officer, amount_fen, RefundBasis(basis), reasons.strip(), at=at)
        return _dismiss(case, officer, reasons.strip(), at=at)


def _check(case: Case, *, result: Result, amount_fen: int | None, basis: str, reasons: str) -> None:
    if not 1 <= len(reasons.strip()) <= TEXT_LENGTH:
        raise ReasonRequired()
    if result == Result.UPHELD:
        if basis not in RefundBasis.values:
            raise BasisRequired()
        held_fen = escrow.holding(case.card.agreement_id).held_fen
        if check_fen(amount_fen) > held_fen:
            raise RefundExceedsHeld(held=yuan(held_fen))


def _uphold(case: Case, officer: User, amount_fen: int, basis: RefundBasis, reasons: str, *, at: datetime) -> Case:
    refund = cards.settle_request(
        request_id=case.refund_request_id,
        amount_fen=amount_fen,
        basis=basis,
        reference=case.number,
        at=at,
        actor=officer.actor,
    )
    case.outcome = Outcome.objects.create(
        case=case,
        result=Result.UPHELD,
        amount_fen=amount_fen,
        basis=basis,
        reasons=reasons,
        refund=refund,
        decided_by=officer,
        decided_at=at,
    )
    data = {"amount_fen": amount_fen, "basis": basis.value}
    moves.move(case, CaseState.EXECUTING, EventKind.UPHELD, at=at, actor=officer.actor, by=officer, data=data)
    messages.upheld(case, at=at)
    return case


def _dismiss(case: Case, officer: User, reasons: str, *, at: datetime) -> Case:
    cards.dismiss_request(request_id=case.refund_request_id, at=at, actor=officer.actor)
    case.outcome = Outcome.objects.create(
        case=case, result=Result.NOT_UPHELD, reasons=reasons, decided_by=officer, decided_at=at
    )
    case.closed_at = at
    moves.move(case, CaseState.CLOSED, EventKind.NOT_UPHELD, at=at, actor=officer.actor, by=officer)
    messages.not_upheld(case, at=at)
    return case


def close_paid(*, case_id: int, at: datetime, actor: str) -> Case:
    """Close an upheld case once the bank says the consumer has the money. Repeatable.

    Raises:
        RefundUnpaid: the bank has not said so.
    """
    with transaction():
        case = moves.lock(case_id)
        if case.state != CaseState.EXECUTING:
            return case
        if case.outcome.refund is None or case.outcome.refund.paid_at is None:
            raise RefundUnpaid()
        case.closed_at = at
        moves.move(case, CaseState.CLOSED, EventKind.PAID, at=at, actor=actor)
        messages.paid(case, at=at)
        return case


def close_case_of_refund(*, refund_id: int, at: datetime, actor: str) -> Case | None:
    """``close_paid`` for the case this refund carries out; None when it carries out none."""
    case = Case.objects.filter(outcome__refund_id=refund_id).first()
    return None if case is None else close_paid(case_id=case.pk, at=at, actor=actor)

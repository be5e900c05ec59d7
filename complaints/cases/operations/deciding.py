"""The decision, the money, the end. A regulator mediates: money leaves custody on a named basis or not at all."""

from datetime import datetime

from complaints.cases.errors import ReasonRequired, RefundUnpaid
from complaints.cases.models import Case, Outcome
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import led_by
from complaints.cases.operations.intake import TEXT_LENGTH
from complaints.cases.states import CaseState, EventKind, Result
from escrow import queries as escrow
from escrow.errors import BasisRequired, RefundExceedsHeld
from escrow.money import check_fen, yuan
from escrow.states import RefundBasis
from escrow.transactions import transaction
from prepaid.cards import operations as cards
from prepaid.people.models import User


def checked_sum(*, case: Case, amount_fen: int) -> int:
    """Raises ``InvalidAmount``, or ``RefundExceedsHeld`` above what the card still holds."""
    held_fen = escrow.holding(case.card.agreement_id).held_fen
    if check_fen(amount_fen) > held_fen:
        raise RefundExceedsHeld(held=yuan(held_fen))
    return amount_fen


def checked_reasons(reasons: str) -> str:
    """Raises ``ReasonRequired`` when nothing, or more than a page, is written."""
    reasons = reasons.strip()
    if not reasons or len(reasons) > TEXT_LENGTH:
        raise ReasonRequired()
    return reasons


def checked_basis(basis: str) -> RefundBasis:
    """Raises ``BasisRequired`` for anything that is not a basis."""
    if basis not in RefundBasis.values:
        raise BasisRequired()
    return RefundBasis(basis)


def uphold(*, number: str, officer: User, amount_fen: int, basis: str, reasons: str, at: datetime) -> Case:
    """Refund ``amount_fen`` out of custody on ``basis``; the rest of what is held is the merchant's. All or nothing.

    Raises:
        BasisRequired, ReasonRequired, InvalidAmount.
        RefundExceedsHeld: more than the card still holds.
        NotFound, NotTheLead, AlreadyDecided: see ``handling.led_by``.
    """
    ground, reasons = checked_basis(basis), checked_reasons(reasons)
    check_fen(amount_fen)
    with transaction():
        case = led_by(officer, number)
        checked_sum(case=case, amount_fen=amount_fen)
        refund = cards.settle_request(
            request_id=case.refund_request_id,
            amount_fen=amount_fen,
            basis=ground,
            reference=case.number,
            at=at,
            actor=officer.actor,
        )
        case.outcome = Outcome.objects.create(
            case=case,
            result=Result.UPHELD,
            amount_fen=amount_fen,
            basis=ground,
            reasons=reasons,
            refund=refund,
            decided_by=officer,
            decided_at=at,
        )
        moves.move(
            case,
            CaseState.EXECUTING,
            EventKind.UPHELD,
            at=at,
            actor=officer.actor,
            by=officer,
            data={"amount_fen": amount_fen, "basis": ground.value},
        )
        messages.upheld(case, at=at)
        return case


def dismiss(*, number: str, officer: User, reasons: str, at: datetime) -> Case:
    """Close the case without a refund; the card can be used again.

    Raises:
        ReasonRequired. NotFound, NotTheLead, AlreadyDecided: see ``handling.led_by``.
    """
    reasons = checked_reasons(reasons)
    with transaction():
        case = led_by(officer, number)
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

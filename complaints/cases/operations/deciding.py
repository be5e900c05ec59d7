"""The decision, the money, the end. A regulator mediates: money leaves custody on a named basis or not at all."""

from datetime import datetime

from complaints.cases.errors import ReasonRequired, RefundUnpaid, WrongSubject
from complaints.cases.models import Case, Outcome
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import check_lead, led_by
from complaints.cases.operations.intake import TEXT_LENGTH
from complaints.cases.queries.bases import grounds_of
from complaints.cases.queries.rules import REFUND_PAID, due_on
from complaints.cases.queries.scope import case_for
from complaints.cases.states import CaseState, EventKind, Result
from escrow.clock import beijing_date
from escrow.errors import BasisRequired, InvalidUnits
from escrow.money import check_fen
from escrow.states import RefundBasis, UseState
from escrow.transactions import transaction
from prepaid.cards import operations as cards
from prepaid.cards.models import Redemption, RefundRequest
from prepaid.people.models import User


def check_decision(
    *, number: str, officer: User, result: Result, amount_fen: int | None, basis: str, reasons: str, at: datetime
) -> Case:
    """Whether ``decide`` would accept this now; writes nothing. The case.

    Raises:
        As ``decide``.
    """
    case = case_for(officer=officer, number=number)
    check_lead(case, officer)
    _check(case, result=result, amount_fen=amount_fen, basis=basis, reasons=reasons, at=at)
    return case


def decide(
    *, number: str, officer: User, result: Result, amount_fen: int | None, basis: str, reasons: str, at: datetime
) -> Case:
    """Upheld: refund ``amount_fen`` on ``basis``, which has to carry that sum (``queries.bases``); what remains of the card's
    money is the merchant's, and what is missing it pays, at once or as a claim. Not upheld: ``amount_fen`` None, ``basis``
    empty; the case closes and the card can be used again. All or nothing.

    Raises:
        ReasonRequired, BasisRequired, InvalidAmount.
        BasisRefused: the basis does not apply. AboveBasis: it does not carry so much.
        NotFound, NotTheLead, AlreadyDecided: see ``handling.led_by``.
    """
    with transaction():
        case = led_by(officer, number)
        _check(case, result=result, amount_fen=amount_fen, basis=basis, reasons=reasons, at=at)
        if amount_fen is not None and result == Result.UPHELD:
            return _uphold(case, officer, amount_fen, RefundBasis(basis), reasons.strip(), at=at)
        return _dismiss(case, officer, reasons.strip(), at=at)


def _check(case: Case, *, result: Result, amount_fen: int | None, basis: str, reasons: str, at: datetime) -> None:
    _request(case)
    if not 1 <= len(reasons.strip()) <= TEXT_LENGTH:
        raise ReasonRequired()
    if result == Result.UPHELD:
        if basis not in RefundBasis.values:
            raise BasisRequired()
        grounds_of(case, at=at)[RefundBasis(basis)].check(check_fen(amount_fen))


def _uphold(case: Case, officer: User, amount_fen: int, basis: RefundBasis, reasons: str, *, at: datetime) -> Case:
    refund = cards.settle_request(
        request_id=_request(case).pk,
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
    case.money_due_on = due_on(code=REFUND_PAID, received_on=beijing_date(at))
    data = {"amount_fen": amount_fen, "basis": basis.value}
    moves.move(case, CaseState.EXECUTING, EventKind.UPHELD, at=at, actor=officer.actor, by=officer, data=data)
    messages.upheld(case, at=at)
    return case


def _dismiss(case: Case, officer: User, reasons: str, *, at: datetime) -> Case:
    cards.dismiss_request(request_id=_request(case).pk, at=at, actor=officer.actor)
    case.outcome = Outcome.objects.create(
        case=case, result=Result.NOT_UPHELD, reasons=reasons, decided_by=officer, decided_at=at
    )
    case.closed_at = at
    moves.move(case, CaseState.CLOSED, EventKind.NOT_UPHELD, at=at, actor=officer.actor, by=officer)
    messages.not_upheld(case, at=at)
    return case


def check_charge_decision(*, number: str, officer: User, units: int, reasons: str) -> Case:
    """Whether ``decide_charge`` would accept this now; writes nothing. The case.

    Raises:
        As ``decide_charge``.
    """
    case = case_for(officer=officer, number=number)
    check_lead(case, officer)
    _check_charge(case, units=units, reasons=reasons)
    return case


def decide_charge(*, number: str, officer: User, units: int, reasons: str, at: datetime) -> Case:
    """How much of a disputed charge was used: ``units`` (sessions, or fen of face value; 0: nothing) are the merchant's, the
    rest returns to the card. The case closes with it.

    Raises:
        ReasonRequired, InvalidUnits. WrongSubject: the case is about a refund. AgreementFrozen, AgreementNotHeld.
        ReservationResolved: the merchant has just withdrawn it. NotFound, NotTheLead, AlreadyDecided: see ``led_by``.
    """
    with transaction():
        case = led_by(officer, number)
        redemption = _check_charge(case, units=units, reasons=reasons)
        cards.decide_redemption(redemption_id=redemption.pk, units=units, at=at, actor=officer.actor)
        case.outcome = Outcome.objects.create(
            case=case,
            result=Result.UPHELD if units < redemption.units else Result.NOT_UPHELD,
            units=units,
            reasons=reasons.strip(),
            decided_by=officer,
            decided_at=at,
        )
        case.closed_at = at
        data = {"units": units, "claimed": redemption.units}
        moves.move(case, CaseState.CLOSED, EventKind.CHARGE_DECIDED, at=at, actor=officer.actor, by=officer, data=data)
        messages.charge_decided(moves.lock(case.pk), at=at)
        return case


def _check_charge(case: Case, *, units: int, reasons: str) -> Redemption:
    if case.redemption is None:
        raise WrongSubject()
    if not 1 <= len(reasons.strip()) <= TEXT_LENGTH:
        raise ReasonRequired()
    if isinstance(units, bool) or not 0 <= units <= case.redemption.units:
        raise InvalidUnits()
    return case.redemption


def _request(case: Case) -> RefundRequest:
    """What the case is about. Raises ``WrongSubject`` when it is a charge."""
    if case.refund_request is None:
        raise WrongSubject()
    return case.refund_request


def close_settled(*, case_id: int, at: datetime, actor: str) -> Case:
    """Close a case about a charge that is not disputed any more, because the merchant withdrew it. Repeatable."""
    with transaction():
        case = moves.lock(case_id)
        use = case.redemption.use if case.redemption else None
        if not case.is_undecided or use is None or use.state == UseState.DISPUTED:
            return case
        case.closed_at = at
        moves.move(case, CaseState.SETTLED, EventKind.CONCEDED, at=at, actor=actor)
        messages.conceded(case, at=at)
        return case


def close_case_of_use(*, use_id: int, at: datetime, actor: str) -> Case | None:
    """``close_settled`` for the case about this use; None when there is none."""
    case = Case.objects.undecided().filter(redemption__use_id=use_id).first()
    return None if case is None else close_settled(case_id=case.pk, at=at, actor=actor)


def close_paid(*, case_id: int, at: datetime, actor: str) -> Case:
    """Close an upheld case once the bank says the consumer has the money. Repeatable.

    Raises:
        RefundUnpaid: the bank has not said so.
    """
    with transaction():
        case = moves.lock(case_id)
        if case.state != CaseState.EXECUTING or case.outcome.repayment_id is not None:
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

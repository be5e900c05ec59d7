"""Lines of the bank that nobody could explain: a person says what they are, or two people send the money back."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from escrow import audit, queries, reconciliation
from escrow.clock import beijing_date
from escrow.errors import LineExplained, NotFound, NothingFits, ReasonRequired
from escrow.ledger import Chart, Movement, post
from escrow.models import ClaimPayment, Instruction, Refund, StatementLine
from escrow.operations.beneficiaries import hold_payouts, locked_beneficiary
from escrow.operations.instructions import Payee, instruct, refund_returned
from escrow.operations.statements import explain
from escrow.reasons import PAYOUT_CAME_BACK
from escrow.reconciliation import Fitting, Verdict
from escrow.states import AccountCode, InstructionKind, LineKind, Reason
from escrow.transactions import CONSTRAINT_ERRORS, transaction

CONSTRAINT_ERRORS["statement_line_matches_alone"] = NothingFits


def open_line(line_id: int) -> StatementLine:
    """A line whose money is in suspense or unexplained.

    Raises:
        NotFound: no such line of an account of ours. LineExplained: it is no longer open, or not booked yet.
    """
    line = StatementLine.objects.filter(pk=line_id, beneficiary__isnull=False).first()
    if line is None:
        raise NotFound()
    if line.matched_at is not None or line.booked_at is None:
        raise LineExplained()
    return line


def assign_line(*, line_id: int, to: str, because: str, at: datetime, actor: str) -> StatementLine:
    """Say what a line is: ``to`` is one of ``reconciliation.fitting(line)``. Its money moves to where that has it.

    Raises:
        NotFound, LineExplained, ReasonRequired. NothingFits: it does not fit, or has its line meanwhile.
    """
    if not 1 <= len(because.strip()) <= 200:
        raise ReasonRequired()
    line = open_line(line_id)
    choice = next((one for one in reconciliation.fitting(line) if one.code == to), None)
    if choice is None:
        raise NothingFits()
    if choice.returned:
        _came_back(line, choice, at=at, actor=actor)
    elif choice.line is not None:
        _cancel_out(line, choice.line.pk, at=at, actor=actor)
    elif not explain(line, _verdict(choice), at=at, actor=actor):
        raise NothingFits()
    audit.record(
        actor=actor,
        action="escrow.assign_line",
        target=f"statement_line:{line.pk}",
        after={"to": to, "because": because.strip()},
        at=at,
    )
    return StatementLine.objects.get(pk=line.pk)


def _verdict(choice: Fitting) -> Verdict:
    return Verdict(kind=choice.kind, reference=choice.code, why=None, order=choice.order)


def _locked(line_id: int) -> StatementLine:
    line = StatementLine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line_id)
    if line.matched_at is not None or line.booked_at is None:
        raise LineExplained()
    return line


def _explained(line: StatementLine, *, kind: LineKind, reference: str, at: datetime) -> None:
    line.matched_at, line.kind, line.reference = at, kind, reference
    line.save(update_fields=["matched_at", "kind", "reference"])


def _came_back(line: StatementLine, choice: Fitting, *, at: datetime, actor: str) -> None:
    """What the bank had paid came back (退汇): a payout is earned again and payouts stop, a refund is ordered again."""
    order = choice.order
    assert isinstance(order, Instruction)
    payout = order.kind == InstructionKind.PAYOUT
    with transaction():
        locked_beneficiary(order.beneficiary_id)
        _explained(_locked(line.pk), kind=LineKind.RETURNED, reference=order.number, at=at)
        if payout:
            because = f"{PAYOUT_CAME_BACK}{order.number}"
            hold_payouts(beneficiary_id=order.beneficiary_id, because=because, instruction=order, at=at, actor=actor)
        chart = Chart(beneficiary_id=order.beneficiary_id)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.SUSPENSE),
                    credit=chart.id(AccountCode.PAYABLE if payout else AccountCode.REFUND),
                    amount=line.amount_fen,
                    reason=Reason.ASSIGN,
                    reference=order.number,
                    payable_on=queries.add_working_days(beijing_date(at), 1) if payout else None,
                )
            ],
            at=at,
        )
        if not payout:
            claims = ClaimPayment.objects.filter(instruction=order).values("claim__refund")
            Refund.objects.filter(Q(instruction=order) | Q(pk__in=claims)).update(paid_at=None)
            refund_returned(order, at)


def _cancel_out(line: StatementLine, other_id: int, *, at: datetime, actor: str) -> None:
    """The bank took it and gave it back, or gave and took: one line is the other's correction."""
    with transaction():
        rows = {pk: _locked(pk) for pk in sorted((line.pk, other_id))}
        for row, other in ((rows[line.pk], rows[other_id]), (rows[other_id], rows[line.pk])):
            _explained(row, kind=LineKind.REVERSAL, reference=f"L{other.pk}", at=at)
        chart = Chart(beneficiary_id=line.beneficiary_id or 0)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.SUSPENSE),
                    credit=chart.id(AccountCode.UNEXPLAINED),
                    amount=line.amount_fen,
                    reason=Reason.ASSIGN,
                    reference=f"L{line.pk}",
                )
            ],
            at=at,
        )
        audit.record(
            actor=actor,
            action="escrow.assign_line",
            target=f"statement_line:{other_id}",
            after={"to": f"L{line.pk}"},
            at=at,
        )


def send_back(*, line_id: int, payee: Payee, at: datetime, actor: str) -> Instruction:
    """Suspense → on its way to who sent it. Two people have said so (``operations.approvals``); the database asks for them.

    Raises:
        NotFound, LineExplained.
    """
    line = open_line(line_id)
    with transaction():
        locked = _locked(line.pk)
        order = instruct(
            kind=InstructionKind.RETURN,
            beneficiary_id=locked.beneficiary_id or 0,
            channel=settings.PAYOUT_CHANNEL,
            receipt=locked,
            payee=payee,
            amount_fen=locked.amount_fen,
            at=at,
        )
        _explained(locked, kind=LineKind.OTHER, reference=order.number, at=at)
        chart = Chart(beneficiary_id=order.beneficiary_id)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.SUSPENSE),
                    credit=chart.id(AccountCode.REFUND),
                    amount=order.amount_fen,
                    reason=Reason.RETURN,
                    reference=order.number,
                )
            ],
            at=at,
        )
        audit.record(
            actor=actor,
            action="escrow.send_back",
            target=f"statement_line:{line.pk}",
            after={"instruction": order.number, "amount_fen": order.amount_fen},
            at=at,
        )
    return order

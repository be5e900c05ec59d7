"""Reading the custody bank's statement: every line the ledger expects moves its money; the rest is listed."""

import logging
from datetime import datetime

from django.db.models import Max

from escrow import audit, channels
from escrow.channels import ChannelRefused, ChannelUnknown, TransferAnswer
from escrow.errors import ChannelUnavailable, DomainError
from escrow.ledger import Chart, Movement, post
from escrow.models import Beneficiary, Instruction, Payment, StatementLine
from escrow.operations.instructions import record_answer
from escrow.operations.payments import ask_payment
from escrow.states import AccountCode, InstructionKind, InstructionState, PaymentState, Reason
from escrow.transactions import transaction

logger = logging.getLogger(__name__)


def import_statement(*, channel: str, at: datetime) -> int:
    """Fetch the lines after the last one we have, match what can be matched, and return how many lines were new.

    Calls the channel: not inside a transaction. Repeatable: a line is kept once and moves its money once.

    Raises:
        ChannelUnavailable.
    """
    new = 0
    while True:
        after = StatementLine.objects.filter(channel=channel).aggregate(last=Max("line_no"))["last"] or 0
        try:
            lines = channels.channel(channel).statement(after=after)
        except (ChannelUnknown, ChannelRefused) as error:
            raise ChannelUnavailable() from error
        if not lines:
            break
        beneficiaries = dict(
            Beneficiary.objects.filter(custody_no__in={line.account for line in lines}).values_list("custody_no", "id")
        )
        StatementLine.objects.bulk_create(
            (
                StatementLine(
                    channel=channel,
                    line_no=line.line_no,
                    custody_no=line.account,
                    beneficiary_id=beneficiaries.get(line.account),
                    direction=line.direction,
                    kind=line.kind,
                    reference=line.reference,
                    amount_fen=line.amount_fen,
                    balance_after_fen=line.balance_after_fen,
                    at=line.at,
                )
                for line in lines
            ),
            ignore_conflicts=True,
        )
        new += len(lines)
    unmatched = StatementLine.objects.filter(channel=channel, matched_at=None, beneficiary__isnull=False)
    for line_id in list(unmatched.order_by("line_no").values_list("id", flat=True)):
        try:
            _match(line_id, at)
        except Exception:  # one line that does not fit keeps no other waiting; prove lists it
            logger.exception("statement line %s", line_id)
    return new


def _match(line_id: int, at: datetime) -> None:
    """Post one line's movement. A line that fits nothing stays unmatched, for a person."""
    line = StatementLine.objects.get(pk=line_id)
    try:
        movement = _arrived(line, at) if line.kind == "payment" else _left(line, at)
    except DomainError:
        return  # asked again with the next import; until then the line is listed as unmatched
    if movement is None:
        return
    with transaction():
        locked = StatementLine.objects.select_for_update(no_key=True).get(pk=line_id)
        if locked.matched_at is not None:
            return
        post([movement], at=at)
        locked.matched_at = at
        locked.save(update_fields=["matched_at"])
        audit.record(
            actor=f"channel:{line.channel}",
            action="escrow.statement_line",
            target=f"statement_line:{line.pk}",
            after={"line_no": line.line_no, "kind": line.kind, "amount_fen": line.amount_fen},
            at=at,
        )


def _arrived(line: StatementLine, at: datetime) -> Movement | None:
    """Clearing → custody. A payment whose notification never came is learned of here."""
    payment = Payment.objects.filter(
        channel=line.channel, order_no=line.reference, beneficiary=line.beneficiary, amount_fen=line.amount_fen
    ).first()
    if payment is None or line.direction != "in":
        return None
    if payment.state == PaymentState.CREATED:
        payment = ask_payment(payment_id=payment.pk, at=at)
    if payment.state not in (PaymentState.PAID, PaymentState.LATE):
        return None
    chart = Chart(beneficiary_id=payment.beneficiary_id)
    return Movement(
        debit=chart.id(AccountCode.CUSTODY),
        credit=chart.id(AccountCode.CLEARING, channel=line.channel),
        amount=line.amount_fen,
        reason=Reason.CUSTODY_IN,
        reference=line.reference,
    )


def _left(line: StatementLine, at: datetime) -> Movement | None:
    """Refund or payout on its way → gone from custody. An answer that never came is learned of here."""
    kind = InstructionKind.REFUND if line.kind == "refund" else InstructionKind.PAYOUT
    instruction = Instruction.objects.filter(
        number=line.reference, kind=kind, beneficiary=line.beneficiary, amount_fen=line.amount_fen
    ).first()
    if instruction is None or line.direction != "out":
        return None
    answered = record_answer(
        channel=line.channel,
        answer=TransferAnswer(number=instruction.number, state="succeeded", amount_fen=line.amount_fen),
        at=at,
    )
    if answered.state == InstructionState.FAILED:  # meanwhile
        return None
    chart = Chart(beneficiary_id=instruction.beneficiary_id)
    return Movement(
        debit=chart.id(AccountCode.REFUND if kind == InstructionKind.REFUND else AccountCode.PAYOUT),
        credit=chart.id(AccountCode.CUSTODY),
        amount=line.amount_fen,
        reason=Reason.CUSTODY_OUT,
        reference=line.reference,
    )

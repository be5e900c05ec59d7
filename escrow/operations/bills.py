"""The channel's daily bill against what we hold: what it says was paid and refunded, line by line."""

from collections.abc import Sequence
from datetime import datetime

from escrow.bank_files.bills import BillLine
from escrow.channels import TransferAnswer
from escrow.clock import beijing_date
from escrow.errors import DomainError
from escrow.models import BankFile, ChannelBillLine, Instruction, Payment
from escrow.operations.instructions import record_answer
from escrow.operations.payments import ask_payment
from escrow.states import OPEN_ORDERS, BillFinding, InstructionKind, InstructionState, PaymentState


def take_bill(*, file: BankFile, lines: Sequence[BillLine], at: datetime) -> int:
    """Keep the lines and compare them; how many were new.

    What the channel says is done and we have not heard of is learned of here, as from a notification.
    """
    before = ChannelBillLine.objects.filter(file=file).count()
    ChannelBillLine.objects.bulk_create(
        (
            ChannelBillLine(
                file=file,
                channel=file.bank,
                day=beijing_date(line.at),
                kind=line.kind,
                number=line.number,
                channel_no=line.channel_no,
                amount_fen=line.amount_fen,
                fee_fen=line.fee_fen,
                at=line.at,
            )
            for line in lines
        ),
        batch_size=1000,
        ignore_conflicts=True,
    )
    compare_bill(channel=file.bank, at=at)
    return ChannelBillLine.objects.filter(file=file).count() - before


def compare_bill(*, channel: str, at: datetime) -> int:
    """Look again at every line that did not match; how many do now. Calls the channel: not inside a transaction."""
    rows = list(ChannelBillLine.objects.filter(channel=channel).exclude(finding=BillFinding.MATCHED))
    payments = {p.order_no: p for p in Payment.objects.filter(channel=channel, order_no__in=[r.number for r in rows])}
    refunds = {
        i.number: i
        for i in Instruction.objects.filter(
            channel=channel, kind=InstructionKind.REFUND, number__in=[r.number for r in rows]
        )
    }
    changed = []
    for row in rows:
        finding = (
            _payment(payments.get(row.number), row, at)
            if row.kind == "payment"
            else _refund(refunds.get(row.number), row, at)
        )
        if finding != row.finding:
            row.finding = finding
            changed.append(row)
    ChannelBillLine.objects.bulk_update(changed, ["finding"], batch_size=1000)
    return sum(1 for row in changed if row.finding == BillFinding.MATCHED)


def _payment(payment: Payment | None, row: ChannelBillLine, at: datetime) -> BillFinding:
    if payment is None:
        return BillFinding.UNKNOWN
    if payment.amount_fen != row.amount_fen:
        return BillFinding.AMOUNT
    if payment.state == PaymentState.CREATED:
        try:
            payment = ask_payment(payment_id=payment.pk, at=at)
        except DomainError:
            return BillFinding.STATE
    done = payment.state in (PaymentState.PAID, PaymentState.LATE)
    return BillFinding.MATCHED if done else BillFinding.STATE


def _refund(refund: Instruction | None, row: ChannelBillLine, at: datetime) -> BillFinding:
    if refund is None:
        return BillFinding.UNKNOWN
    if refund.amount_fen != row.amount_fen:
        return BillFinding.AMOUNT
    if refund.state in OPEN_ORDERS:
        refund = record_answer(
            channel=refund.channel,
            answer=TransferAnswer(number=refund.number, state="succeeded", amount_fen=refund.amount_fen),
            at=at,
        )
    return BillFinding.MATCHED if refund.state == InstructionState.SUCCEEDED else BillFinding.STATE

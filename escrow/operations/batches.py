"""Orders to a bank that takes files: what is due goes out in one file with its count and sum, and its answers come back.

An order that is in a file is not sent any other way: until the bank answers, nobody knows (UNKNOWN).
"""

import secrets
from datetime import datetime

from django.db.models import Sum

from escrow import audit, queries
from escrow.bank_files.errors import AnotherBatch
from escrow.bank_files.orders import Answers, Order, write
from escrow.channels import TransferAnswer
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.models import Instruction, InstructionBatch, InstructionBatchLine
from escrow.operations.instructions import record_answer
from escrow.states import OPEN_ORDERS, InstructionKind, InstructionState
from escrow.transactions import transaction

#: Lines of one file; what is above goes into the next.
MOST_ORDERS = 10_000


def make_batch(*, channel: str, kind: InstructionKind, at: datetime, actor: str) -> InstructionBatch | None:
    """Put every order of that kind that is due and in no file yet into a file; None when there is none. Payouts of merchants
    whose payouts are held stay where they are, and interest above a payment until all that goes back within it is there."""
    with transaction():
        due = list(
            Instruction.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
            .filter(channel=channel, kind=kind, state=InstructionState.DUE, batch_line__isnull=True)
            .exclude(kind=InstructionKind.PAYOUT, beneficiary__payouts_held=True)
            .exclude(pk__in=queries.too_early())
            .exclude(pk__in=queries.nowhere_to_go())
            .exclude(pk__in=queries.not_in_custody())
            .order_by("id")[:MOST_ORDERS]
        )
        if not due:
            return None
        batch = InstructionBatch.objects.create(
            number=f"B{beijing_date(at):%Y%m%d}{secrets.token_hex(6)}",
            channel=channel,
            kind=kind,
            count=len(due),
            sum_fen=sum(order.amount_fen for order in due),
            made_at=at,
            by=actor,
        )
        InstructionBatchLine.objects.bulk_create(
            InstructionBatchLine(batch=batch, line_no=nth, instruction=order) for nth, order in enumerate(due, start=1)
        )
        Instruction.objects.filter(pk__in=[order.pk for order in due]).update(state=InstructionState.UNKNOWN)
        audit.record(
            actor=actor,
            action="escrow.make_batch",
            target=f"instruction_batch:{batch.pk}",
            after={"number": batch.number, "count": batch.count, "sum_fen": batch.sum_fen},
            at=at,
        )
    return batch


def export_batch(*, batch_id: int, at: datetime, actor: str, xlsx: bool = False) -> tuple[str, bytes]:
    """The file and its name. It carries account numbers in clear, so who took it is written down. The same every time.

    Raises:
        NotFound.
    """
    batch = InstructionBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound()
    lines = batch.lines.select_related("instruction__beneficiary", "instruction__payment").order_by("line_no")
    orders = [_order(line.instruction) for line in lines]
    with transaction():
        audit.record(
            actor=actor,
            action="escrow.export_batch",
            target=f"instruction_batch:{batch.pk}",
            after={"number": batch.number, "count": batch.count},
            at=at,
        )
    return f"{batch.number}.{'xlsx' if xlsx else 'csv'}", write(batch=batch.number, orders=orders, xlsx=xlsx)


def _order(instruction: Instruction) -> Order:
    payment = instruction.payment
    return Order(
        number=instruction.number,
        # A refund that goes to an account is a transfer to the bank; its order number says what it gives back.
        kind=InstructionKind.PAYOUT if payment and instruction.payee_account else instruction.kind,
        custody_no=instruction.beneficiary.custody_no,
        payee_account=instruction.payee_account,
        payee_name=instruction.payee_name,
        amount_fen=instruction.amount_fen,
        order_no=payment.order_no if payment else "",
        remark=payment.subject if payment else instruction.number,
    )


def take_results(*, answers: Answers, at: datetime, actor: str) -> int:
    """Record what the bank answered of each order; how many it settled. All of the file is checked first.

    Raises:
        AnotherBatch: the file's number, count, sum or a line is not that of the file we made.
    """
    batch = InstructionBatch.objects.filter(number=answers.batch).first()
    if batch is None or (batch.count, batch.sum_fen) != (answers.count, answers.sum_fen):
        raise AnotherBatch(batch=answers.batch[:40])
    ours = {line.line_no: line.instruction for line in batch.lines.select_related("instruction")}
    for result in answers.results:
        order = ours.pop(result.line_no, None)
        if order is None or (order.number, order.amount_fen) != (result.number, result.amount_fen):
            raise AnotherBatch(batch=f"{batch.number} / {result.line_no}")
    settled = 0
    with transaction():
        for result in answers.results:
            if result.state is None:
                continue  # the bank is still at it
            before = Instruction.objects.filter(number=result.number, state__in=OPEN_ORDERS).exists()
            record_answer(
                channel=batch.channel,
                answer=TransferAnswer(
                    number=result.number, state=result.state, amount_fen=result.amount_fen, reason=result.reason
                ),
                at=at,
            )
            settled += before
        audit.record(
            actor=actor,
            action="escrow.take_results",
            target=f"instruction_batch:{batch.pk}",
            after={"number": batch.number, "settled": settled},
            at=at,
        )
    return settled


def unanswered(batch: InstructionBatch) -> tuple[int, int]:
    """Orders of the file the bank has not answered: how many, and their sum in fen."""
    rows = Instruction.objects.filter(batch_line__batch=batch, state__in=OPEN_ORDERS)
    return rows.count(), rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0

"""Refunds that go back the way they came, many in one call: what a chain that closes owes all its customers at once.

Every one keeps its own number and its own state. A call that nobody answered leaves each of them UNKNOWN, and each is asked about by
itself (``instructions.send_instruction``).
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from escrow import audit, queries
from escrow.channels import ChannelRefused, ChannelUnknown, RefundOrder, TransferAnswer
from escrow.channels import channel as channel_of
from escrow.errors import DomainError
from escrow.models import Instruction
from escrow.operations.instructions import FIRST_WAIT, notify_url, record_answer
from escrow.states import InstructionKind, InstructionState
from escrow.transactions import call, ring, transaction

logger = logging.getLogger(__name__)
#: Refunds of one call.
MOST_REFUNDS = 250


def send_refunds(*, channel: str, at: datetime) -> int:
    """Send the next ``MOST_REFUNDS`` that are due and were never sent; how many the channel has answered. 0: none is due, or the
    channel is not there. Two at once send nothing twice."""
    orders = _claim(channel)
    if not orders:
        return 0
    wanted = [
        RefundOrder(
            refund_no=order.number,
            order_no=order.payment.order_no if order.payment else "",
            amount_fen=order.amount_fen,
            reason=order.payment.subject if order.payment else order.number,
        )
        for order in orders
    ]
    try:
        answers = channel_of(channel).refund_many(wanted, notify_url=notify_url(channel))
    except (ChannelUnknown, ChannelRefused) as error:
        Instruction.objects.filter(pk__in=[order.pk for order in orders], state=InstructionState.UNKNOWN).update(
            answer=str(error)[:200]
        )
        return 0
    _record(orders, answers, channel=channel, at=at)
    return len(orders)


def _claim(channel: str) -> list[Instruction]:
    """UNKNOWN before the call, so a process that dies in it leaves the truth behind."""
    with transaction():
        due = Instruction.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        due = due.filter(
            channel=channel,
            kind=InstructionKind.REFUND,
            state=InstructionState.DUE,
            payee_account="",  # the others are transfers to an account
            due_at__lte=timezone.now(),
            batch_line__isnull=True,
        )
        for waits in (queries.too_early(), queries.nowhere_to_go(), queries.not_in_custody()):
            due = due.exclude(pk__in=waits)
        orders = list(due.select_related("payment").order_by("pk")[:MOST_REFUNDS])
        Instruction.objects.filter(pk__in=[order.pk for order in orders]).update(
            state=InstructionState.UNKNOWN, attempts=1, due_at=timezone.now() + FIRST_WAIT
        )
    return orders


def _record(
    orders: Sequence[Instruction], answers: dict[str, TransferAnswer | ChannelRefused], *, channel: str, at: datetime
) -> None:
    accepted: list[Instruction] = []
    for order in orders:
        answer = answers.get(order.number)
        if isinstance(answer, TransferAnswer) and (answer.state, answer.amount_fen) == ("accepted", order.amount_fen):
            accepted.append(order)
        elif isinstance(answer, TransferAnswer):
            try:
                record_answer(channel=channel, answer=answer, at=at)
            except DomainError as error:  # one that is not ours keeps the others from nothing
                logger.warning("refund %s: %s", order.number, error.code)
        else:  # refused, or left out: asked about by itself
            Instruction.objects.filter(pk=order.pk, state=InstructionState.UNKNOWN).update(due_at=timezone.now())
            ring("escrow.tasks.send_instruction", order.pk)
    with transaction():
        for beneficiary_id in sorted({order.beneficiary_id for order in accepted}):
            call("escrow_share_lock", beneficiary_id)
        rows = Instruction.objects.select_for_update(no_key=True).filter(state=InstructionState.UNKNOWN)
        # What it has accepted it tells the end of.
        asked_after = timedelta(seconds=settings.BANK_ASKED_AFTER_SECONDS)
        told = list(rows.filter(pk__in=[order.pk for order in accepted]).order_by("pk").values_list("pk", flat=True))
        Instruction.objects.filter(pk__in=told).update(
            state=InstructionState.ACCEPTED, answer="", due_at=timezone.now() + asked_after
        )
        before, after = (
            {"state": InstructionState.UNKNOWN.value},
            {"state": InstructionState.ACCEPTED.value, "answer": ""},
        )
        audit.record_many(
            ((f"instruction:{pk}", before, after) for pk in told),
            actor=f"channel:{channel}",
            action="escrow.instruction_answered",
            at=at,
        )

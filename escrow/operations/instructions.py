"""Orders to a channel to send money out: a row first, then a call outside any transaction, then a certain answer.

Refund from request to bank in one pass: ``refunds.refund`` → ``instruct`` → task ``send_instruction`` → ``_settled``.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from escrow import audit, queries
from escrow.channels import ChannelRefused, ChannelUnknown, TransferAnswer
from escrow.channels import channel as channel_of
from escrow.clock import beijing_date
from escrow.errors import NotFound, PayoutsHeld, RefundNotReturned, WrongState
from escrow.ledger import Chart, Movement, post
from escrow.models import (
    ApprovalRule,
    Beneficiary,
    Claim,
    ClaimPayment,
    Instruction,
    InstructionBatchLine,
    Payment,
    Payout,
    Refund,
    StatementLine,
)
from escrow.operations.beneficiaries import hold_payouts
from escrow.signals import claim_paid, payout_failed, refund_complete, refund_paid
from escrow.states import (
    INSTRUCTION_TRANSITIONS,
    OPEN_ORDERS,
    AccountCode,
    ApprovalKind,
    InstructionKind,
    InstructionState,
    Reason,
    check_transition,
)
from escrow.transactions import after_commit, call, ring, transaction

PREFIXES = {InstructionKind.REFUND: "R", InstructionKind.PAYOUT: "P", InstructionKind.RETURN: "T"}
#: Real seconds until the janitor asks again: 10 s, 20 s, 40 s … at most 10 minutes.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=10)
#: A refund the bank has returned is ordered again: 10 s later, 20 s, 40 s … at most a day.
LONGEST_PAUSE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Payee:
    """A bank account and whose it is."""

    account_no: str
    name: str


def new_number(prefix: str) -> str:
    """A number no other installation of ours has ever given the bank."""
    return f"{prefix}{secrets.token_hex(12)}"


def notify_url(channel: str) -> str:
    """Where the channel sends its notifications."""
    return settings.PUBLIC_URL + reverse("channel_notifications", args=[channel])


def instruct(
    *,
    kind: InstructionKind,
    beneficiary_id: int,
    channel: str,
    amount_fen: int,
    payment: Payment | None = None,
    payee: Payee | None = None,
    receipt: StatementLine | None = None,
    pause: timedelta = timedelta(),
    at: datetime,
) -> Instruction:
    """Write down what is to be sent and where, inside the deed's transaction, and ring for it after commit; with a
    ``pause`` the sweep sends it when that is over. Without a ``payee`` it goes back to where ``payment`` came from, or to
    the account that was named for its refunds, by the bank that makes our payouts. A payout above the sum of the day's rule
    is held until a second person releases it (``operations.approvals``)."""
    if payment is not None and payment.refund_account:
        payee, channel = (
            Payee(account_no=payment.refund_account, name=payment.refund_account_name),
            settings.PAYOUT_CHANNEL,
        )
    held = kind == InstructionKind.PAYOUT and _takes_two_people(amount_fen, at)
    instruction = Instruction.objects.create(
        kind=kind,
        number=new_number(PREFIXES[kind]),
        beneficiary_id=beneficiary_id,
        channel=channel,
        payment=payment,
        receipt=receipt,
        amount_fen=amount_fen,
        payee_account=payee.account_no if payee else "",
        payee_name=payee.name if payee else "",
        state=InstructionState.HELD if held else InstructionState.DUE,
        due_at=timezone.now() + pause,
        created_at=at,
    )
    if not pause and not held:
        ring("escrow.tasks.send_instruction", instruction.pk)
    return instruction


def _takes_two_people(amount_fen: int, at: datetime) -> bool:
    return amount_fen > ApprovalRule.objects.current(ApprovalKind.PAYOUT_RELEASE, beijing_date(at)).over_fen


def release_held(*, instruction_id: int, at: datetime, actor: str) -> Instruction:
    """A second person has approved: send it. The database lets it go on nothing else.

    Raises:
        NotFound, WrongState. PayoutsHeld: this merchant is paid nothing until a person has looked.
    """
    with transaction():
        instruction = _locked(instruction_id)
        if _stopped(instruction):
            raise PayoutsHeld()
        check_transition(INSTRUCTION_TRANSITIONS, instruction.state, InstructionState.DUE)
        instruction.state, instruction.due_at = InstructionState.DUE, timezone.now()
        instruction.save(update_fields=["state", "due_at"])
        audit.record(actor=actor, action="escrow.release_payout", target=f"instruction:{instruction.pk}", at=at)
        ring("escrow.tasks.send_instruction", instruction.pk)
    return instruction


def cancel_held(*, instruction_id: int, because: str, at: datetime, actor: str) -> Instruction:
    """The second person refused: nothing is sent, the money is the merchant's again, and its payouts stop for that reason.

    Raises:
        NotFound. WrongState: it is not held.
    """
    with transaction():
        instruction = _locked(instruction_id)
        if instruction.state != InstructionState.HELD:
            raise WrongState()
        instruction.state, instruction.answer, instruction.done_at = InstructionState.FAILED, because[:200], at
        instruction.save(update_fields=["state", "answer", "done_at"])
        audit.record(
            actor=actor,
            action="escrow.cancel_payout",
            target=f"instruction:{instruction.pk}",
            after={"because": because},
            at=at,
        )
        _give_back(instruction, because=f"payout not released: {because}", at=at, actor=actor)
    return instruction


def ask_now(*, instruction_id: int, at: datetime, actor: str) -> Instruction:
    """A person does not wait for the janitor: send it or ask about it at once. Calls the channel.

    Raises:
        NotFound. WrongState: it is held or has its answer. PayoutsHeld: it waits for its merchant's payouts.
    """
    with transaction():
        instruction = _locked(instruction_id)
        if instruction.state not in OPEN_ORDERS:
            raise WrongState()
        if instruction.state == InstructionState.DUE and _stopped(instruction):
            raise PayoutsHeld()
        instruction.due_at = timezone.now()
        instruction.save(update_fields=["due_at"])
        audit.record(actor=actor, action="escrow.ask_now", target=f"instruction:{instruction.pk}", at=at)
    return send_instruction(instruction_id=instruction_id, at=at)


def recall_payouts(*, beneficiary_id: int, at_least_fen: int, because: str, at: datetime, actor: str) -> int:
    """Take back what has not left: payouts that wait for a second person or are about to be sent, the newest first, until
    they come to ``at_least_fen``. They are earned again; returns how much (fen). The caller is alone with the beneficiary."""
    waiting = queries.unsent_payouts(beneficiary_id).select_for_update(no_key=True, of=("self",))
    recalled = 0
    for instruction in waiting.order_by("-id"):
        if recalled >= at_least_fen:
            break
        check_transition(INSTRUCTION_TRANSITIONS, instruction.state, InstructionState.FAILED)
        instruction.state, instruction.answer, instruction.done_at = InstructionState.FAILED, because[:200], at
        instruction.save(update_fields=["state", "answer", "done_at"])
        audit.record(
            actor=actor,
            action="escrow.recall_payout",
            target=f"instruction:{instruction.pk}",
            after={"because": because, "amount_fen": instruction.amount_fen},
            at=at,
        )
        _earned_again(instruction, at=at)
        recalled += instruction.amount_fen
    return recalled


def _stopped(instruction: Instruction) -> bool:
    """A payout of a merchant whose payouts are held. Refunds are the consumers' and go on."""
    held = Beneficiary.objects.filter(pk=instruction.beneficiary_id, payouts_held=True)
    return instruction.kind == InstructionKind.PAYOUT and held.exists()


def _locked(instruction_id: int) -> Instruction:
    """The row, after the lock of whoever writes its beneficiary's transfers: an order to block looks for what has not left
    alone with the beneficiary. Raises ``NotFound``."""
    owner = Instruction.objects.filter(pk=instruction_id).values_list("beneficiary_id", flat=True).first()
    if owner is None:
        raise NotFound()
    call("escrow_share_lock", owner)
    return Instruction.objects.select_for_update(no_key=True, of=("self",)).get(pk=instruction_id)


def send_instruction(*, instruction_id: int, at: datetime) -> Instruction:
    """Send it, or ask what became of it. Safe to call at any time, any number of times: the channel knows the number.

    Before the call the row says UNKNOWN, so a process that dies in it leaves the truth behind.
    """
    claimed = _claim(instruction_id)
    if claimed is None:
        return Instruction.objects.get(pk=instruction_id)
    instruction, asked_before = claimed
    try:
        answer = _answer(instruction, asked_before)
    except (ChannelUnknown, ChannelRefused) as error:
        with transaction():
            Instruction.objects.filter(pk=instruction_id, state__in=OPEN_ORDERS).update(answer=str(error)[:200])
        return Instruction.objects.get(pk=instruction_id)
    return record_answer(channel=instruction.channel, answer=answer, at=at)


def _claim(instruction_id: int) -> tuple[Instruction, bool] | None:
    """Take the row for one attempt; None when it is done, somebody else has it, it is in a file, its merchant's payouts
    are held, nobody has named an account for what was paid in cash, the bank has undone its deposit, or it is interest above a
    payment that has not all gone back yet. The flag: it may have been sent before.

    What is not in the row itself is asked once it is locked: a lock that waited sees the row of now, but everything joined
    to it as of before.
    """
    with transaction():
        instruction = (
            Instruction.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
            .filter(pk=instruction_id, state__in=OPEN_ORDERS, due_at__lte=timezone.now())
            .first()
        )
        if instruction is None or _in_a_file(instruction):
            return None
        sent_before = instruction.state != InstructionState.DUE
        if not sent_before and (_stopped(instruction) or _waits(instruction)):
            return None
        if not sent_before:
            instruction.state = InstructionState.UNKNOWN
        instruction.attempts += 1
        instruction.due_at = timezone.now() + min(FIRST_WAIT * 2 ** min(instruction.attempts - 1, 10), LONGEST_WAIT)
        instruction.save(update_fields=["state", "attempts", "due_at"])
    return instruction, sent_before


def _waits(instruction: Instruction) -> bool:
    waiting = queries.too_early(), queries.nowhere_to_go(), queries.not_in_custody()
    return any(rows.filter(pk=instruction.pk).exists() for rows in waiting)


def _in_a_file(instruction: Instruction) -> bool:
    """Its answer comes in a file, and it is sent no other way."""
    return InstructionBatchLine.objects.filter(instruction=instruction).exists()


def _answer(instruction: Instruction, asked_before: bool) -> TransferAnswer:
    """Ask, then send. Only an order that the channel refuses *and* has never seen has failed: a refusal may be about a
    second attempt (the number is taken) while the first one pays, and a refused question says nothing at all."""
    known = _ask(instruction) if asked_before else None
    if known is not None:
        return known
    if asked_before and _stopped(instruction):
        raise ChannelUnknown("payouts are held: not sent again")
    try:
        return _send(instruction)
    except ChannelRefused as refusal:
        return _ask(instruction) or TransferAnswer(
            number=instruction.number, state="failed", amount_fen=instruction.amount_fen, reason=str(refusal)
        )


def _ask(instruction: Instruction) -> TransferAnswer | None:
    channel = channel_of(instruction.channel)
    if instruction.payee_account:
        return channel.query_payout(payout_no=instruction.number)
    return channel.query_refund(refund_no=instruction.number)


def _send(instruction: Instruction) -> TransferAnswer:
    channel = channel_of(instruction.channel)
    if instruction.payment is not None and not instruction.payee_account:
        return channel.refund(
            refund_no=instruction.number,
            order_no=instruction.payment.order_no,
            amount_fen=instruction.amount_fen,
            reason=instruction.payment.subject,
            notify_url=notify_url(instruction.channel),
        )
    return channel.pay_out(
        payout_no=instruction.number,
        account=instruction.beneficiary.custody_no,
        to_account_no=instruction.payee_account,
        to_name=instruction.payee_name,
        amount_fen=instruction.amount_fen,
        remark=instruction.number,
        notify_url=notify_url(instruction.channel),
    )


def record_answer(*, channel: str, answer: TransferAnswer, at: datetime) -> Instruction:
    """What the channel says of an instruction, from its answer, a notification or a statement. Repeats change nothing.

    Raises:
        NotFound: no such instruction of this channel, or another amount. WrongState: it was never sent.
    """
    with transaction():
        named = Instruction.objects.filter(channel=channel, number=answer.number, amount_fen=answer.amount_fen)
        instruction = _locked(named.values_list("pk", flat=True).first() or 0)
        new = InstructionState(answer.state)
        if instruction.done_at is not None or instruction.state == new:
            return instruction
        if instruction.state == InstructionState.HELD:
            raise WrongState()
        check_transition(INSTRUCTION_TRANSITIONS, instruction.state, new)
        before, instruction.state, instruction.answer = instruction.state, new, answer.reason[:200]
        if new != InstructionState.ACCEPTED:
            instruction.done_at = at
            _settled(instruction, at)
        instruction.save(update_fields=["state", "answer", "done_at"])
        audit.record(
            actor=f"channel:{instruction.channel}",
            action="escrow.instruction_answered",
            target=f"instruction:{instruction.pk}",
            before={"state": before},
            after={"state": new.value, "answer": instruction.answer},
            at=at,
        )
    return instruction


def _settled(instruction: Instruction, at: datetime) -> None:
    """The consequences of a final answer. The money itself moves when the custody statement shows it."""
    failed = instruction.state == InstructionState.FAILED
    if instruction.kind == InstructionKind.REFUND:
        settle = refund_returned if failed else _refund_paid
        settle(instruction, at)
    elif failed and instruction.kind == InstructionKind.RETURN:
        _receipt_returned(instruction, at)
    elif failed:
        _payout_returned(instruction, at)


def _refund_paid(instruction: Instruction, at: datetime) -> None:
    refund = Refund.objects.filter(instruction=instruction).first()
    if refund is not None:
        refund_id = refund.pk
        after_commit(lambda: refund_paid.send(sender=Refund, refund_id=refund_id))
        _complete(refund_id, instruction, at)
    part = ClaimPayment.objects.select_related("claim").filter(instruction=instruction).first()
    if part is not None:
        part_id = part.pk
        after_commit(lambda: claim_paid.send(sender=ClaimPayment, claim_payment_id=part_id))
        _complete(part.claim.refund_id, instruction, at)
    # Whichever of the payment's orders is the last to succeed, what was to go after it goes now.
    after = queries.above_payments().filter(payment_id=instruction.payment_id or 0, state=InstructionState.DUE)
    for order_id in after.values_list("pk", flat=True):
        ring("escrow.tasks.send_instruction", order_id)


def _complete(refund_id: int, last: Instruction, at: datetime) -> None:
    """The consumer has all that is owed once nothing of it is open as a claim and every order of it has succeeded. Of two
    orders answered at once the second waits for the first, so that one of them sees both."""
    refund = Refund.objects.select_for_update(no_key=True, of=("self",)).get(pk=refund_id)
    orders = Instruction.objects.filter(Q(refund=refund) | Q(claim_payment__claim__refund=refund)).exclude(pk=last.pk)
    if (
        Claim.objects.filter(refund=refund, closed_at=None).exists()
        or orders.exclude(state=InstructionState.SUCCEEDED).exists()
    ):
        return
    refund.paid_at = at
    refund.save(update_fields=["paid_at"])
    after_commit(lambda: refund_complete.send(sender=Refund, refund_id=refund_id))


def refund_returned(instruction: Instruction, at: datetime) -> None:
    """The consumer is still owed the money: a new order under a new number, after a longer pause each time."""
    returned = Instruction.objects.filter(payment=instruction.payment, state=InstructionState.FAILED).count()
    pause = min(FIRST_WAIT * 2 ** min(returned, 20), LONGEST_PAUSE)
    _order_again(instruction, pause=pause, at=at, actor=f"channel:{instruction.channel}")


def redirect_refunds(*, payment_id: int, payee: Payee, at: datetime, actor: str) -> Payment:
    """From now on refunds of this payment go to that account: what is not sent yet now, what is under way if it is returned.

    Raises:
        NotFound. RefundNotReturned: the channel may still pay it back, or has.
    """
    owner = Payment.objects.filter(pk=payment_id).values_list("beneficiary_id", flat=True).first()
    if owner is None:
        raise NotFound()
    with transaction():
        call("escrow_exclusive_lock", owner)  # no answer is recorded meanwhile
        payment = Payment.objects.select_for_update(no_key=True, of=("self",)).get(pk=payment_id)
        if not queries.way_back_closed(payment_id):
            raise RefundNotReturned()
        before = payment.refund_account[-4:]
        payment.refund_account, payment.refund_account_name = payee.account_no, payee.name
        payment.save(update_fields=["refund_account", "refund_account_name"])
        audit.record(
            actor=actor,
            action="escrow.redirect_refunds",
            target=f"payment:{payment.pk}",
            before={"ends_with": before},
            after={"ends_with": payee.account_no[-4:]},
            at=at,
        )
        waiting = Instruction.objects.select_for_update(no_key=True, of=("self",))
        for order in waiting.filter(payment=payment, state=InstructionState.DUE).order_by("id"):
            check_transition(INSTRUCTION_TRANSITIONS, order.state, InstructionState.FAILED)
            order.state, order.answer, order.done_at = InstructionState.FAILED, "goes to a bank account instead", at
            order.save(update_fields=["state", "answer", "done_at"])
            _order_again(order, pause=timedelta(), at=at, actor=actor)
    return payment


def _order_again(instruction: Instruction, *, pause: timedelta, at: datetime, actor: str) -> None:
    payment = Payment.objects.get(refund_instructions=instruction)  # as it is now, with the account that was named
    again = instruct(
        kind=InstructionKind.REFUND,
        beneficiary_id=instruction.beneficiary_id,
        channel=payment.channel,
        payment=payment,
        amount_fen=instruction.amount_fen,
        pause=pause,
        at=at,
    )
    Refund.objects.filter(instruction=instruction).update(instruction=again)
    Refund.objects.filter(interest_instruction=instruction).update(interest_instruction=again)
    ClaimPayment.objects.filter(instruction=instruction).update(instruction=again)
    audit.record(
        actor=actor,
        action="escrow.refund_again",
        target=f"instruction:{again.pk}",
        after={"instead_of": instruction.number, "amount_fen": again.amount_fen},
        at=at,
    )


def _receipt_returned(instruction: Instruction, at: datetime) -> None:
    """It could not be sent back: nobody knows again whose it is."""
    chart = Chart(beneficiary_id=instruction.beneficiary_id)
    receipt = StatementLine.objects.select_for_update(no_key=True, of=("self",)).get(returns=instruction)
    receipt.matched_at = None
    receipt.save(update_fields=["matched_at"])
    post(
        [
            Movement(
                debit=chart.id(AccountCode.REFUND),
                credit=chart.id(AccountCode.SUSPENSE),
                amount=instruction.amount_fen,
                reason=Reason.RETURN_FAILED,
                reference=instruction.number,
            )
        ],
        at=at,
    )


def _payout_returned(instruction: Instruction, at: datetime) -> None:
    # The same account would return it again tomorrow.
    because = f"payout returned by the bank: {instruction.answer}"
    _give_back(instruction, because=because, at=at, actor=f"channel:{instruction.channel}")


def _give_back(instruction: Instruction, *, because: str, at: datetime, actor: str) -> None:
    """What was on its way is earned again, and payouts stop. Held first: payouts lock the beneficiary before its accounts."""
    hold_payouts(
        beneficiary_id=instruction.beneficiary_id, because=because, instruction=instruction, at=at, actor=actor
    )
    _earned_again(instruction, at=at)


def _earned_again(instruction: Instruction, *, at: datetime) -> None:
    chart = Chart(beneficiary_id=instruction.beneficiary_id)
    post(
        [
            Movement(
                debit=chart.id(AccountCode.PAYOUT),
                credit=chart.id(AccountCode.PAYABLE),
                amount=instruction.amount_fen,
                reason=Reason.PAYOUT_RETURNED,
                reference=instruction.number,
                payable_on=queries.add_working_days(beijing_date(at), 1),
            )
        ],
        at=at,
    )
    payout_id = Payout.objects.get(instruction=instruction).pk
    after_commit(lambda: payout_failed.send(sender=Payout, payout_id=payout_id))

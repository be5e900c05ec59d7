"""Reading the custody bank's statement: every line moves its money, to where the ledger expects it or, if nobody can explain
it, to an account of its own until a person has (``operations/receipts.py``)."""

import logging
from datetime import datetime

from django.db.models import Max

from escrow import audit, channels, reconciliation
from escrow.bank_files import identity
from escrow.channels import ChannelRefused, ChannelUnknown, TransferAnswer
from escrow.channels import StatementLine as Fed
from escrow.clock import beijing_date
from escrow.errors import ChannelUnavailable, DomainError, NothingFits
from escrow.ledger import Chart, Movement, post
from escrow.models import Instruction, Payment, StatementLine
from escrow.operations.deposits import take_back_deposit, take_deposit
from escrow.operations.instructions import record_answer
from escrow.operations.payments import ask_payment
from escrow.reconciliation import Verdict
from escrow.states import DEPOSIT, AccountCode, InstructionState, LineKind, PaymentState, Reason, Unmatched
from escrow.transactions import transaction

logger = logging.getLogger(__name__)

#: Lines that no account here takes.
ELSEWHERE = (Unmatched.NOBODY, Unmatched.CURRENCY)


def import_statement(*, channel: str, at: datetime) -> int:
    """Fetch the lines after the last one we have, match what can be matched, and return how many lines came.

    Calls the channel: not inside a transaction. Repeatable: a line is kept once and moves its money once, also if a
    file brought it before.

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
        lines = [line for line in lines if line.line_no > after]  # a bank that ignores the question goes on for ever
        if not lines:
            break
        owners = reconciliation.owners(line.account for line in lines)
        keep_lines([_fed(channel, line, owners.get(line.account)) for line in lines])
        new += len(lines)
    match_lines(channel=channel, at=at, again=False)
    return new


def _fed(channel: str, line: Fed, owner: int | None) -> StatementLine:
    day, number = beijing_date(line.at), str(line.line_no)
    return StatementLine(
        channel=channel,
        line_no=line.line_no,
        identity=identity(day=day, direction=line.direction, amount_fen=line.amount_fen, bank_ref=number),
        bank_ref=number,
        custody_no=line.account,
        beneficiary_id=owner,
        direction=line.direction,
        kind=line.kind,
        reference=line.reference,
        references=[line.reference],
        amount_fen=line.amount_fen,
        currency=reconciliation.CURRENCY,
        balance_after_fen=line.balance_after_fen,
        day=day,
        at=line.at,
    )


def keep_lines(lines: list[StatementLine]) -> None:
    """Each line once. One that a file brought first only learns its number in the feed."""
    numbered = all(line.line_no is not None for line in lines)
    StatementLine.objects.bulk_create(
        lines,
        batch_size=1000,
        ignore_conflicts=not numbered,
        update_conflicts=numbered,
        unique_fields=["channel", "custody_no", "identity"] if numbered else None,
        update_fields=["line_no"] if numbered else None,
    )


def match_lines(*, channel: str, at: datetime, again: bool = True) -> int:
    """Move the money of every kept line and return how many found what the ledger expects. What fits nothing is booked as
    unexplained; ``again``: look whether an order has come to be since for what was."""
    rows = StatementLine.objects.filter(channel=channel, matched_at=None, beneficiary__isnull=False)
    lines = list((rows if again else rows.filter(booked_at=None)).order_by("day", "at", "line_no", "id"))
    matched = 0
    for line, verdict in zip(lines, reconciliation.judge((line, line.beneficiary_id) for line in lines), strict=True):
        try:
            if verdict.why is None and explain(line, verdict, at=at, actor=f"channel:{line.channel}"):
                matched += 1
            elif line.booked_at is None and verdict.why not in ELSEWHERE and not _is_awaited(verdict):
                set_aside(line, at=at)
        except Exception:  # one line that does not fit keeps no other waiting; the page and prove list it
            logger.exception("statement line %s", line.pk)
    return matched


def _is_awaited(verdict: Verdict) -> bool:
    """Whether its order is known and only was not ready for it."""
    return verdict.order is not None and verdict.kind != LineKind.REVERSAL


def match_open_lines(*, at: datetime) -> int:
    """Every bank's unmatched lines once more: an order may have come to be since."""
    banks = StatementLine.objects.filter(matched_at=None).values_list("channel", flat=True)
    return sum(match_lines(channel=bank, at=at) for bank in banks.distinct().order_by("channel"))


def explain(line: StatementLine, verdict: Verdict, *, at: datetime, actor: str) -> bool:
    """Post one line's movement, once: from custody, or from where it was set aside. The line of a deposit is what funds its
    agreement: both or neither; the one that undoes it takes that back."""
    if isinstance(verdict.order, Payment) and verdict.kind == LineKind.REVERSAL:
        return _take_back(line, verdict.order, at=at, actor=actor)
    if not (isinstance(verdict.order, Payment) and verdict.order.channel == DEPOSIT):
        return _book(line, verdict, at=at, actor=actor)
    try:
        with transaction():
            if not _book(line, verdict, at=at, actor=actor):
                raise NothingFits()
    except NothingFits:
        return False
    return True


def _book(line: StatementLine, verdict: Verdict, *, at: datetime, actor: str) -> bool:
    try:
        movement = _movement(line, verdict, at)
    except DomainError:
        return False  # asked again with the next import; until then the line is listed as unmatched
    if movement is None:
        return False
    with transaction():
        locked = StatementLine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line.pk)
        if locked.matched_at is not None or (locked.booked_at is None) != (line.booked_at is None):
            return False
        locked.matched_at, locked.kind, locked.reference = at, verdict.kind, movement.reference
        if locked.booked_at is None:
            locked.booked_at, locked.booked_as = at, movement.reference
        locked.save(update_fields=["matched_at", "kind", "reference", "booked_at", "booked_as"])
        post([movement], at=at)
        audit.record(
            actor=actor,
            action="escrow.statement_line",
            target=f"statement_line:{line.pk}",
            after={"bank_ref": line.bank_ref, "kind": verdict.kind.value, "amount_fen": line.amount_fen},
            at=at,
        )
    return True


def _take_back(line: StatementLine, deposit: Payment, *, at: datetime, actor: str) -> bool:
    """Custody → clearing, where the deposit's arrival stood before its line: that line and this one are each other's correction, and
    the next one with the code is the deposit's again. What rests and stops because of it does so first and for itself: also when custody
    has less than the bank has taken, and the line can be booked only later."""
    came = StatementLine.objects.filter(
        beneficiary_id=deposit.beneficiary_id,
        kind=LineKind.PAYMENT,
        reference=deposit.order_no,
        matched_at__isnull=False,
    ).first()
    if came is None or (line.day, line.at, line.line_no or 0) < (came.day, came.at, came.line_no or 0):
        return False  # of an earlier attempt, which never made the card
    take_back_deposit(payment_id=deposit.pk, at=at)
    with transaction():
        ids = sorted((line.pk, came.pk))
        rows = StatementLine.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids)
        this, came = (row for _pk, row in sorted(((row.pk != line.pk, row) for row in rows), key=lambda pair: pair[0]))
        if this.matched_at is not None or came.kind != LineKind.PAYMENT:
            return False
        was_set_aside = this.booked_at is not None
        came.kind, came.reference = LineKind.REVERSAL, own_reference(this)
        came.save(update_fields=["kind", "reference"])
        this.matched_at, this.kind, this.reference = at, LineKind.REVERSAL, own_reference(came)
        if not was_set_aside:
            this.booked_at, this.booked_as = at, own_reference(this)
        this.save(update_fields=["matched_at", "kind", "reference", "booked_at", "booked_as"])
        chart = Chart(beneficiary_id=line.beneficiary_id or 0)
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.CLEARING, channel=deposit.channel),
                    credit=chart.id(AccountCode.UNEXPLAINED if was_set_aside else AccountCode.CUSTODY),
                    amount=line.amount_fen,
                    reason=Reason.ASSIGN if was_set_aside else Reason.CUSTODY_OUT,
                    reference=own_reference(this),
                )
            ],
            at=at,
        )
        audit.record(
            actor=actor,
            action="escrow.deposit_line_undone",
            target=f"statement_line:{line.pk}",
            after={"order_no": deposit.order_no, "amount_fen": line.amount_fen, "came_with": came.pk},
            at=at,
        )
    return True


def set_aside(line: StatementLine, *, at: datetime) -> None:
    """Nobody can explain it: what came is owed to whoever sent it, what left is owed to us by the bank. Once."""
    incoming = line.direction == "in"
    chart = Chart(beneficiary_id=line.beneficiary_id or 0)
    with transaction():
        locked = StatementLine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line.pk)
        if locked.booked_at is not None:
            return
        locked.booked_at, locked.booked_as = at, own_reference(line)
        locked.save(update_fields=["booked_at", "booked_as"])
        post(
            [
                Movement(
                    debit=chart.id(AccountCode.CUSTODY if incoming else AccountCode.UNEXPLAINED),
                    credit=chart.id(AccountCode.SUSPENSE if incoming else AccountCode.CUSTODY),
                    amount=line.amount_fen,
                    reason=Reason.UNEXPLAINED,
                    reference=own_reference(line),
                )
            ],
            at=at,
        )
        audit.record(
            actor=f"channel:{line.channel}",
            action="escrow.unexplained_line",
            target=f"statement_line:{line.pk}",
            after={"bank_ref": line.bank_ref, "direction": line.direction, "amount_fen": line.amount_fen},
            at=at,
        )


def own_reference(line: StatementLine) -> str:
    """How the ledger names a line that has no order."""
    return f"L{line.pk}"


def _movement(line: StatementLine, verdict: Verdict, at: datetime) -> Movement | None:
    """The line's own side is custody, or where it was set aside; the other is what the verdict says."""
    other: tuple[AccountCode, str, str, Reason] | None
    if verdict.order is None:
        other = _own(line, verdict)
    elif isinstance(verdict.order, Payment):
        other = _arrived(verdict.order, at)
    else:
        other = _left(line, verdict, at)
    if other is None:
        return None
    code, channel, reference, reason = other
    incoming, chart = line.direction == "in", Chart(beneficiary_id=line.beneficiary_id or 0)
    side = AccountCode.CUSTODY
    if line.booked_at is not None:
        side, reason = AccountCode.SUSPENSE if incoming else AccountCode.UNEXPLAINED, Reason.ASSIGN
    ours, theirs = chart.id(side), chart.id(code, channel=channel)
    return Movement(
        debit=ours if incoming else theirs,
        credit=theirs if incoming else ours,
        amount=line.amount_fen,
        reason=reason,
        reference=reference,
    )


def _arrived(order: Payment, at: datetime) -> tuple[AccountCode, str, str, Reason] | None:
    """Clearing → custody. A payment whose notification never came is learned of here."""
    payment = Payment.objects.get(pk=order.pk)
    if payment.state == PaymentState.CREATED or payment.taken_back_at is not None:
        take = take_deposit if payment.channel == DEPOSIT else ask_payment
        payment = take(payment_id=payment.pk, at=at)
    if payment.state not in (PaymentState.PAID, PaymentState.LATE) or payment.taken_back_at is not None:
        return None
    return AccountCode.CLEARING, payment.channel, payment.order_no, Reason.CUSTODY_IN


def _left(line: StatementLine, verdict: Verdict, at: datetime) -> tuple[AccountCode, str, str, Reason] | None:
    """Refund or payout on its way → gone from custody. An answer that never came is learned of here."""
    order = Instruction.objects.get(number=verdict.reference)
    # The custody bank tells of orders of every channel: what it shows has left the account, whoever carried it out.
    answered = record_answer(
        channel=order.channel,
        answer=TransferAnswer(number=order.number, state="succeeded", amount_fen=line.amount_fen),
        at=at,
    )
    if answered.state != InstructionState.SUCCEEDED:  # returned meanwhile
        return None
    code = AccountCode.PAYOUT if verdict.kind == LineKind.PAYOUT else AccountCode.REFUND
    return code, "", answered.number, Reason.CUSTODY_OUT


def _own(line: StatementLine, verdict: Verdict) -> tuple[AccountCode, str, str, Reason] | None:
    """Interest the bank pays and fees it takes: each on its own account, neither the consumers' nor the merchant's. A fee
    given back lowers what was taken; one that was never taken is none."""
    if verdict.kind == LineKind.INTEREST:
        return AccountCode.INTEREST, "", own_reference(line), Reason.INTEREST
    taken = Chart(beneficiary_id=line.beneficiary_id or 0).account(AccountCode.FEES).balance
    if line.direction == "in" and taken < line.amount_fen:
        return None
    return AccountCode.FEES, "", own_reference(line), Reason.FEE

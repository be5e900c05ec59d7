"""Reading the custody bank's statement: every line the ledger expects moves its money; the rest is listed."""

import logging
from collections.abc import Collection
from datetime import datetime

from django.db.models import Max

from escrow import audit, channels, reconciliation
from escrow.bank_files import identity
from escrow.channels import ChannelRefused, ChannelUnknown, TransferAnswer
from escrow.channels import StatementLine as Fed
from escrow.clock import beijing_date
from escrow.errors import ChannelUnavailable, DomainError
from escrow.ledger import Chart, Movement, post
from escrow.models import Instruction, Payment, StatementLine
from escrow.operations.instructions import record_answer
from escrow.operations.payments import ask_payment
from escrow.reconciliation import Verdict
from escrow.states import AccountCode, InstructionState, LineKind, PaymentState, Reason
from escrow.transactions import transaction

logger = logging.getLogger(__name__)

#: Lines the live feed names an order for: tried again with every sweep. The unexplained are tried when a file comes and
#: every hour, reversals not at all: their number grows with the years.
EXPECTED = (LineKind.PAYMENT, LineKind.REFUND, LineKind.PAYOUT, LineKind.INTEREST, LineKind.FEE)
RETRIED = (*EXPECTED, LineKind.OTHER)


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
    match_lines(channel=channel, at=at, kinds=EXPECTED)
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


def match_lines(*, channel: str, at: datetime, kinds: Collection[LineKind] = RETRIED) -> int:
    """Move the money of every kept line of these kinds that the ledger expects, and return how many there were; what
    fits nothing stays unmatched, for a person."""
    open_lines = StatementLine.objects.filter(channel=channel, matched_at=None, beneficiary__isnull=False)
    rows = list(open_lines.filter(kind__in=kinds).order_by("day", "at", "line_no", "id"))
    matched = 0
    for row, verdict in zip(rows, reconciliation.judge((row, row.beneficiary_id) for row in rows), strict=True):
        if verdict.why is not None:
            continue
        try:
            matched += _match(row, verdict, at)
        except Exception:  # one line that does not fit keeps no other waiting; the page and prove list it
            logger.exception("statement line %s", row.pk)
    return matched


def match_open_lines(*, at: datetime) -> int:
    """Every bank's unmatched lines once more: an order may have come to be since."""
    banks = StatementLine.objects.filter(matched_at=None, kind__in=RETRIED).values_list("channel", flat=True)
    return sum(match_lines(channel=bank, at=at) for bank in banks.distinct().order_by("channel"))


def _match(line: StatementLine, verdict: Verdict, at: datetime) -> bool:
    """Post one line's movement, once."""
    try:
        movement = _movement(line, verdict, at)
    except DomainError:
        return False  # asked again with the next import; until then the line is listed as unmatched
    if movement is None:
        return False
    with transaction():
        locked = StatementLine.objects.select_for_update(no_key=True, of=("self",)).get(pk=line.pk)
        if locked.matched_at is not None:
            return False
        locked.matched_at, locked.kind, locked.reference = at, verdict.kind, movement.reference
        locked.save(update_fields=["matched_at", "kind", "reference"])
        post([movement], at=at)
        audit.record(
            actor=f"channel:{line.channel}",
            action="escrow.statement_line",
            target=f"statement_line:{line.pk}",
            after={"bank_ref": line.bank_ref, "kind": verdict.kind.value, "amount_fen": line.amount_fen},
            at=at,
        )
    return True


def _movement(line: StatementLine, verdict: Verdict, at: datetime) -> Movement | None:
    if verdict.order is None:
        return _own(line, verdict)
    return _arrived(line, verdict, at) if isinstance(verdict.order, Payment) else _left(line, verdict, at)


def _arrived(line: StatementLine, verdict: Verdict, at: datetime) -> Movement | None:
    """Clearing → custody. A payment whose notification never came is learned of here."""
    payment = Payment.objects.get(order_no=verdict.reference)
    if payment.state == PaymentState.CREATED:
        payment = ask_payment(payment_id=payment.pk, at=at)
    if payment.state not in (PaymentState.PAID, PaymentState.LATE):
        return None
    chart = Chart(beneficiary_id=payment.beneficiary_id)
    return Movement(
        debit=chart.id(AccountCode.CUSTODY),
        credit=chart.id(AccountCode.CLEARING, channel=payment.channel),
        amount=line.amount_fen,
        reason=Reason.CUSTODY_IN,
        reference=payment.order_no,
    )


def _left(line: StatementLine, verdict: Verdict, at: datetime) -> Movement | None:
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
    chart = Chart(beneficiary_id=answered.beneficiary_id)
    return Movement(
        debit=chart.id(AccountCode.REFUND if verdict.kind == LineKind.REFUND else AccountCode.PAYOUT),
        credit=chart.id(AccountCode.CUSTODY),
        amount=line.amount_fen,
        reason=Reason.CUSTODY_OUT,
        reference=answered.number,
    )


def _own(line: StatementLine, verdict: Verdict) -> Movement:
    """Interest the bank pays and fees it takes: each on its own account, neither the consumers' nor the merchant's. A fee
    given back lowers what was taken."""
    chart = Chart(beneficiary_id=line.beneficiary_id or 0)
    custody = chart.id(AccountCode.CUSTODY)
    interest = verdict.kind == LineKind.INTEREST
    own = chart.id(AccountCode.INTEREST if interest else AccountCode.FEES)
    incoming = line.direction == "in"
    return Movement(
        debit=custody if incoming else own,
        credit=own if incoming else custody,
        amount=line.amount_fen,
        reason=Reason.INTEREST if interest else Reason.FEE,
        reference=f"L{line.pk}",
    )

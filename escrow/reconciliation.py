"""Questions of reconciliation: what a bank's line is in the ledger, what has no line, which days do not tie out.

The bank's statement is the custody account, line by line; a difference is never a sum but a list with ages.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Protocol

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from escrow.bank_files import Statement as Read
from escrow.bank_files import bills, format_of, orders, read_statements, tables
from escrow.bank_files.kinds import kind_in_words
from escrow.bank_files.statement import Line
from escrow.clock import BEIJING
from escrow.models import (
    BankFile,
    BankFormat,
    Beneficiary,
    ChannelBillLine,
    Instruction,
    Payment,
    Statement,
    StatementLine,
    TieOut,
)
from escrow.states import (
    DEPOSIT,
    ORDERED,
    AccountCode,
    BankFileKind,
    BillFinding,
    InstructionKind,
    InstructionState,
    LineKind,
    PaymentState,
    Unmatched,
)

#: The ledger's currency; lines in another are kept and listed.
CURRENCY = "CNY"
#: What in a purpose may be a number of ours.
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{5,63}")
_KINDS = {
    LineKind.INTEREST: Unmatched.INTEREST,
    LineKind.FEE: Unmatched.FEE,
    LineKind.REVERSAL: Unmatched.REVERSAL,
}


class Booked(Protocol):
    """A line, read from a file or kept."""

    @property
    def direction(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def references(self) -> Sequence[str]: ...
    @property
    def purpose(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a line is: an expected movement of the ledger (``why`` empty), or why not."""

    kind: LineKind
    reference: str
    why: Unmatched | None
    order: Payment | Instruction | None = None


def numbers_in(line: Booked) -> list[str]:
    """What the line says that may be a number of ours, the likeliest first."""
    return list(dict.fromkeys([*line.references, *_TOKEN.findall(line.purpose)[:20]]))


def judge(lines: Iterable[tuple[Booked, int | None]]) -> list[Verdict]:
    """Each line, with the beneficiary its account belongs to, against the orders it may name. Three queries for 5,000
    numbers.

    An order takes one line; what is matched already takes it first, then the order of the lines.
    """
    lines = list(lines)
    named = [numbers_in(line) if owner else [] for line, owner in lines]
    known: dict[str, Payment | Instruction] = {}
    taken: set[tuple[int | None, str, str]] = set()
    for some in _slices(sorted({number for numbers in named for number in numbers})):
        known |= {payment.order_no: payment for payment in Payment.objects.filter(order_no__in=some)}
        known |= {order.number: order for order in Instruction.objects.filter(number__in=some)}
        ours = {known[number].beneficiary_id for number in some if number in known}
        matched = StatementLine.objects.filter(
            beneficiary_id__in=ours,
            kind__in=ORDERED,
            reference__in=some,
            matched_at__isnull=False,
        )
        taken.update(matched.values_list("beneficiary_id", "kind", "reference"))
    return [
        _verdict(line, owner, [n for n in of if n in known], known, taken)
        for (line, owner), of in zip(lines, named, strict=True)
    ]


def _verdict(
    line: Booked,
    owner: int | None,
    numbers: list[str],
    orders: dict[str, Payment | Instruction],
    taken: set[tuple[int | None, str, str]],
) -> Verdict:
    told = LineKind(line.kind or LineKind.OTHER)
    said = line.references[0] if line.references else ""
    if owner is None:
        return Verdict(kind=told, reference=said, why=Unmatched.NOBODY)
    if line.currency != CURRENCY:
        return Verdict(kind=told, reference=said, why=Unmatched.CURRENCY)
    deposit = _undone(line, [orders[n] for n in numbers if orders[n].beneficiary_id == owner], told)
    if deposit is not None:
        return Verdict(kind=LineKind.REVERSAL, reference=deposit.order_no, why=None, order=deposit)
    if told == LineKind.REVERSAL:
        return Verdict(kind=told, reference=numbers[0] if numbers else said, why=Unmatched.REVERSAL)
    fitting = [n for n in numbers if orders[n].beneficiary_id == owner and _direction(orders[n]) == line.direction]
    why = _KINDS.get(told, Unmatched.NO_NUMBER)
    for number in fitting:
        order = orders[number]
        kind = LineKind.PAYMENT if isinstance(order, Payment) else LineKind(order.kind)
        if order.amount_fen != line.amount_fen:
            why = Unmatched.AMOUNT
        elif (owner, kind.value, number) in taken:
            why = Unmatched.TAKEN
        elif order.state in (PaymentState.CLOSED, InstructionState.FAILED):
            why = Unmatched.STATE
        else:
            taken.add((owner, kind.value, number))
            return Verdict(kind=kind, reference=number, why=None, order=order)
    # What the bank itself gives and takes needs no order. Its codes tell that also of a line that names one (the fee of a
    # payout); words tell nothing there, for a payment's purpose has the name of what was bought.
    own: LineKind = told
    if told == LineKind.OTHER and not numbers:
        own = LineKind(kind_in_words(direction=line.direction, purpose=line.purpose) or told)
    if own == LineKind.FEE or (own == LineKind.INTEREST and line.direction == "in"):
        return Verdict(kind=own, reference=said, why=None)
    return Verdict(kind=told, reference=fitting[0] if fitting else said, why=why)


def _undone(line: Booked, named: list[Payment | Instruction], told: LineKind) -> Payment | None:
    """The deposit that the bank takes back with this line: its code and its sum going out, and no order of ours. It may have come with a
    line just before; whether it did is seen when the line is booked."""
    if line.direction != "out" or told not in (LineKind.REVERSAL, LineKind.OTHER):
        return None
    if any(isinstance(order, Instruction) for order in named):
        return None
    deposits = (one for one in named if isinstance(one, Payment) and one.channel == DEPOSIT)
    return next((one for one in deposits if one.amount_fen == line.amount_fen), None)


def _direction(order: Payment | Instruction) -> str:
    return "in" if isinstance(order, Payment) else "out"


def owners(accounts: Iterable[str]) -> dict[str, int]:
    """The beneficiaries of these custody accounts."""
    return dict(Beneficiary.objects.filter(custody_no__in=set(accounts)).values_list("custody_no", "id"))


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A line of a file beside what we hold: ``row`` if it is kept, ``why`` it moved nothing (None: it did or will)."""

    account: str
    line: Line
    row: StatementLine | None
    why: Unmatched | None
    kind: LineKind
    reference: str

    @property
    def matched(self) -> bool:
        """Its money has moved here."""
        return self.row is not None and self.row.matched_at is not None

    def age_days(self, today: date) -> int:
        """Since it was booked."""
        return max(0, (today - self.line.day).days)


def compare(statements: Iterable[Read], *, bank: str) -> list[Compared]:
    """Every line of the file beside the ledger: before an import what would happen, after it what did."""
    pairs = [(read.account, line) for read in statements for line in read.lines]
    owner = owners(account for account, _line in pairs)
    kept = {
        (row.custody_no, row.identity): row
        for some in _slices([line.identity for _account, line in pairs])
        for row in StatementLine.objects.filter(channel=bank, identity__in=some)
    }
    rows = [kept.get((account, line.identity)) for account, line in pairs]
    open_ = [nth for nth, row in enumerate(rows) if row is None or row.matched_at is None]
    verdicts = dict(zip(open_, judge((pairs[nth][1], owner.get(pairs[nth][0])) for nth in open_), strict=True))
    made = []
    for nth, ((account, line), row) in enumerate(zip(pairs, rows, strict=True)):
        verdict = verdicts.get(nth)
        if verdict is None and row is not None:
            kind, reference, why = LineKind(row.kind), row.reference, None
        else:
            assert verdict is not None
            kind, reference, why = verdict.kind, verdict.reference, verdict.why
            if row is not None and why is None:
                why = Unmatched.WAITING  # it has been tried
        made.append(Compared(account=account, line=line, row=row, why=why, kind=kind, reference=reference))
    return made


def _slices(values: list[str], size: int = 5000) -> Iterable[list[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def unmatched_lines(*, until: date | None = None, beneficiary_id: int | None = None) -> QuerySet[StatementLine]:
    """Lines that moved nothing here, the oldest first."""
    rows = StatementLine.objects.filter(matched_at=None).order_by("day", "id")
    if until is not None:
        rows = rows.filter(day__lte=until)
    return rows if beneficiary_id is None else rows.filter(beneficiary_id=beneficiary_id)


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """A movement the ledger made and no bank line shows yet."""

    kind: str
    number: str
    amount_fen: int
    since: datetime
    state: str

    def age_days(self, at: datetime) -> int:
        """Since it was paid or ordered."""
        return max(0, (at - self.since).days)


def awaited_lines(beneficiary_id: int) -> list[Awaited]:
    """What one beneficiary's clearing, payout and refund accounts are made of, the oldest first."""
    shown = StatementLine.objects.filter(beneficiary_id=OuterRef("beneficiary_id"), matched_at__isnull=False)
    payments = Payment.objects.filter(
        ~Exists(shown.filter(kind=LineKind.PAYMENT, reference=OuterRef("order_no"))),
        beneficiary_id=beneficiary_id,
        state__in=(PaymentState.PAID, PaymentState.LATE),
    )
    orders = Instruction.objects.filter(
        ~Exists(shown.filter(kind=OuterRef("kind"), reference=OuterRef("number"))), beneficiary_id=beneficiary_id
    ).exclude(state=InstructionState.FAILED)
    made = [
        Awaited(
            kind=str(LineKind.PAYMENT.label),
            number=payment.order_no,
            amount_fen=payment.amount_fen,
            since=payment.paid_at or payment.created_at,
            state=payment.get_state_display(),
        )
        for payment in payments
    ]
    made += [
        Awaited(
            kind=order.get_kind_display(),
            number=order.number,
            amount_fen=order.amount_fen,
            since=order.created_at,
            state=order.get_state_display(),
        )
        for order in orders
    ]
    return sorted(made, key=lambda one: one.since)


#: A bank undoes what was paid in lately: of deposits of one sum so many are offered.
MOST_DEPOSITS = 20


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """What an unexplained line may be, for a person to choose: ``code`` is a number of ours, ``L`` and the id of another
    line, ``fee`` or ``interest``. ``returned``: an order that was done and came back."""

    code: str
    kind: LineKind
    since: datetime | None = None
    order: Payment | Instruction | None = None
    line: StatementLine | None = None
    returned: bool = False


def fitting(line: StatementLine) -> list[Fitting]:
    """Everything of its beneficiary that has the line's sum and no line of its own yet, the oldest first; then the bank."""
    owner, incoming = line.beneficiary_id or 0, line.direction == "in"
    shown = StatementLine.objects.filter(beneficiary_id=owner, matched_at__isnull=False)
    orders = Instruction.objects.filter(beneficiary_id=owner, amount_fen=line.amount_fen).order_by("id")
    other = StatementLine.objects.filter(
        beneficiary_id=owner, amount_fen=line.amount_fen, matched_at=None, booked_at__isnull=False, currency=CURRENCY
    ).exclude(direction=line.direction)
    found = []
    if incoming:
        payments = Payment.objects.filter(
            ~Exists(shown.filter(kind=LineKind.PAYMENT, reference=OuterRef("order_no"))),
            beneficiary_id=owner,
            amount_fen=line.amount_fen,
        ).exclude(state=PaymentState.CLOSED)
        # What makes a card of cash is the bank's line with its code, never a person's word.
        payments = payments.exclude(channel=DEPOSIT, state=PaymentState.CREATED)
        payments = payments.exclude(taken_back_at__isnull=False)
        found += [
            Fitting(code=one.order_no, kind=LineKind.PAYMENT, since=one.created_at, order=one)
            for one in payments.order_by("id")
        ]
        done = orders.filter(
            Exists(shown.filter(kind=OuterRef("kind"), reference=OuterRef("number"))),
            ~Exists(shown.filter(kind=LineKind.RETURNED, reference=OuterRef("number"))),
            kind__in=(InstructionKind.REFUND, InstructionKind.PAYOUT),
        )
        found += [
            Fitting(code=one.number, kind=LineKind.RETURNED, since=one.created_at, order=one, returned=True)
            for one in done
        ]
    else:
        awaited = orders.filter(~Exists(shown.filter(kind=OuterRef("kind"), reference=OuterRef("number"))))
        sent = awaited.exclude(state__in=(InstructionState.FAILED, InstructionState.HELD, InstructionState.DUE))
        found += [Fitting(code=one.number, kind=LineKind(one.kind), since=one.created_at, order=one) for one in sent]
        came = Payment.objects.filter(beneficiary_id=owner, channel=DEPOSIT, amount_fen=line.amount_fen).order_by("-id")
        found += [
            Fitting(code=one.order_no, kind=LineKind.REVERSAL, since=one.paid_at, order=one)
            for one in came.filter(state=PaymentState.PAID, taken_back_at=None)[:MOST_DEPOSITS]
        ]
    found += [
        Fitting(code=f"L{one.pk}", kind=LineKind.REVERSAL, since=one.at, line=one) for one in other.order_by("id")
    ]
    return [
        *found,
        *([Fitting(code="interest", kind=LineKind.INTEREST)] if incoming else []),
        Fitting(code="fee", kind=LineKind.FEE),
    ]


#: A statement begins where one of the day before it, or another of its own day, ended.
GAPS = """
    SELECT s.id, s.opening_fen - before.closing_fen
    FROM escrow_statement s JOIN LATERAL (
        SELECT closing_fen, to_day FROM escrow_statement p
        WHERE p.bank = s.bank AND p.custody_no = s.custody_no AND p.currency = s.currency AND p.to_day < s.from_day
          AND p.closing_fen IS NOT NULL
        ORDER BY to_day DESC, made_at DESC NULLS LAST, id DESC LIMIT 1) before ON true
    WHERE s.opening_fen <> before.closing_fen
      AND (%(bank)s::text IS NULL OR s.bank = %(bank)s)
      AND (%(accounts)s::text[] IS NULL OR s.custody_no = ANY(%(accounts)s))
      AND NOT EXISTS (
        SELECT 1 FROM escrow_statement p
        WHERE p.bank = s.bank AND p.custody_no = s.custody_no AND p.currency = s.currency AND p.id <> s.id
          AND p.closing_fen = s.opening_fen AND p.to_day BETWEEN before.to_day AND s.from_day)"""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A statement that does not add up (``off_fen``) or does not begin where the one before it ended (``gap_fen``)."""

    statement: Statement
    off_fen: int
    gap_fen: int


def broken_statements(*, bank: str | None = None, accounts: Iterable[str] | None = None) -> list[Broken]:
    """Where the bank's own arithmetic breaks: lines or whole statements are missing."""
    named = None if accounts is None else sorted(set(accounts))
    with connection.cursor() as cursor:
        cursor.execute(GAPS, {"bank": bank, "accounts": named})
        gaps: dict[int, int] = dict(cursor.fetchall())
    rows = Statement.objects.filter(
        Q(pk__in=gaps)
        | ~Q(closing_fen=F("opening_fen") + F("sum_fen")) & Q(opening_fen__isnull=False, closing_fen__isnull=False)
    )
    if bank is not None:
        rows = rows.filter(bank=bank)
    if named is not None:
        rows = rows.filter(custody_no__in=named)
    return [
        Broken(statement=row, off_fen=row.off_fen, gap_fen=gaps.get(row.pk, 0)) for row in rows.order_by("to_day", "id")
    ]


def differing() -> Q:
    """Tie-outs that do not tie out."""
    return (Q(bank_fen__isnull=True) & ~Q(ledger_fen=0)) | (Q(bank_fen__isnull=False) & ~Q(bank_fen=F("ledger_fen")))


def days() -> QuerySet[TieOut]:
    """Tie-outs with their beneficiary, newest first, the differing ones of a day before the rest."""
    return TieOut.objects.select_related("beneficiary").order_by("-day", "beneficiary_id")


#: Accounts that return to zero.
PASSING = (AccountCode.CLEARING, AccountCode.PAYOUT, AccountCode.REFUND)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a file came to: its statement lines beside the ledger, or its bill's, or its answers."""

    file: BankFile
    lines: Sequence[Compared] = ()
    broken: Sequence[Broken] = ()
    bill: Sequence[ChannelBillLine] = ()
    unanswered: Sequence[Instruction] = ()

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return not (self.unmatched or self.broken or self.bill_unmatched or self.unanswered)

    @property
    def unmatched(self) -> list[Compared]:
        """Lines that moved nothing."""
        return [line for line in self.lines if not line.matched]

    @property
    def bill_unmatched(self) -> list[ChannelBillLine]:
        """Lines of a bill that differ from what we hold."""
        return [line for line in self.bill if line.finding != BillFinding.MATCHED]

    def facts(self, *, today: date) -> dict[str, Any]:
        """As JSON; fen and ISO days. Names and account numbers of people are left out."""
        count = len(self.lines) or len(self.bill) or self.file.lines
        unmatched: list[dict[str, Any]] = [
            {
                "account": one.account,
                "day": one.line.day.isoformat(),
                "direction": one.line.direction,
                "amount_fen": one.line.amount_fen,
                "currency": one.line.currency,
                "bank_ref": one.line.bank_ref,
                "reference": one.reference,
                "kind": one.kind.value,
                "why": one.why.value if one.why else "",
                "age_days": one.age_days(today),
            }
            for one in self.unmatched
        ]
        unmatched += [
            {
                "account": "",
                "day": line.day.isoformat(),
                "direction": "in" if line.kind == "payment" else "out",
                "amount_fen": line.amount_fen,
                "currency": CURRENCY,
                "bank_ref": line.channel_no,
                "reference": line.number,
                "kind": line.kind,
                "why": line.finding,
                "age_days": max(0, (today - line.day).days),
            }
            for line in self.bill_unmatched
        ]
        unmatched += [
            {
                "account": "",
                "day": order.created_at.date().isoformat(),
                "direction": "out",
                "amount_fen": order.amount_fen,
                "currency": CURRENCY,
                "bank_ref": "",
                "reference": order.number,
                "kind": order.kind,
                "why": order.state,
                "age_days": max(0, (today - order.created_at.date()).days),
            }
            for order in self.unanswered
        ]
        return {
            "ok": self.ok,
            "kind": self.file.kind,
            "bank": self.file.bank,
            "sha256": self.file.sha256,
            "lines": count,
            "matched": count - len(unmatched),
            "unmatched": unmatched,
            "broken": [
                {
                    "account": one.statement.custody_no,
                    "number": one.statement.number,
                    "to_day": one.statement.to_day.isoformat(),
                    "off_fen": one.off_fen,
                    "gap_fen": one.gap_fen,
                }
                for one in self.broken
            ],
        }


def outcome(file: BankFile, *, content: BinaryIO) -> Outcome:
    """What the file, which is read once more, has come to, or would come to if it were imported now.

    Raises:
        UnreadableBankFile.
    """
    content.seek(0)
    if file.kind == BankFileKind.STATEMENT:
        reads = read_statements(content, mapping=mapping_of(file.bank), bank=file.bank)
        accounts = [read.account for read in reads]
        return Outcome(
            file=file,
            lines=compare(reads, bank=file.bank),
            broken=broken_statements(bank=file.bank, accounts=accounts),
        )
    if file.kind == BankFileKind.BILL:
        numbers = [line.number for line in bills.read(content)]
        return Outcome(
            file=file, bill=list(ChannelBillLine.objects.filter(channel=file.bank, number__in=numbers).order_by("id"))
        )
    answers = orders.read(content, xlsx=format_of(content) == "xlsx")
    left = Instruction.objects.filter(number__in=[one.number for one in answers.results])
    done = (InstructionState.SUCCEEDED, InstructionState.FAILED)
    return Outcome(file=file, unanswered=list(left.exclude(state__in=done).order_by("id")))


def mapping_of(bank: str) -> tables.Mapping | None:
    """The column mapping saved for the bank."""
    saved = BankFormat.objects.filter(bank=bank).first()
    return saved.mapping() if saved else None


#: Balances and counts are as of the day's end: what moved since is taken off again. ``refunded`` is what was ordered back to
#: consumers, wherever it came from; late money that is sent back was paid in too.
CITY = """
    WITH leg AS (
        SELECT t.beneficiary_id, t.at < %(end)s AS today, t.reason, t.amount, d.id AS debit_id, c.id AS credit_id,
               d.code AS debit, c.code AS credit
        FROM escrow_transfer t
        JOIN escrow_account d ON d.id = t.debit_account_id JOIN escrow_account c ON c.id = t.credit_account_id
        WHERE t.at >= %(start)s AND t.asset = 'CNY' AND t.kind <> 'pending'
          AND ('held' IN (d.code, c.code) OR c.code = 'refund' OR t.reason = 'late')
    ), later AS (
        SELECT account, sum(fen) AS fen FROM (
            SELECT debit_id AS account, -amount AS fen FROM leg WHERE NOT today AND debit = 'held'
            UNION ALL SELECT credit_id, amount FROM leg WHERE NOT today AND credit = 'held') l
        GROUP BY account
    ), held AS (
        SELECT beneficiary_id, sum(fen)::bigint AS fen, count(DISTINCT agreement_id) FILTER (WHERE fen > 0) AS agreements
        FROM (SELECT a.beneficiary_id, a.agreement_id, a.credits_posted - a.debits_posted - coalesce(later.fen, 0) AS fen
              FROM escrow_account a LEFT JOIN later ON later.account = a.id
              WHERE a.code = 'held' AND a.asset = 'CNY') a
        GROUP BY beneficiary_id
    ), moved AS (
        SELECT beneficiary_id,
               sum(amount) FILTER (WHERE reason IN ('fund', 'late')) AS funded,
               sum(CASE credit WHEN 'held' THEN -amount ELSE amount END)
                   FILTER (WHERE 'held' IN (debit, credit) AND debit <> 'clearing' AND credit <> 'refund') AS released,
               sum(amount) FILTER (WHERE credit = 'refund' AND reason NOT IN ('assign', 'return')) AS refunded
        FROM leg WHERE today GROUP BY beneficiary_id
    )
    SELECT b.id, b.custody_no, held.agreements, held.fen,
           coalesce(moved.funded, 0), coalesce(moved.released, 0), coalesce(moved.refunded, 0)
    FROM escrow_beneficiary b JOIN held ON held.beneficiary_id = b.id
    LEFT JOIN moved ON moved.beneficiary_id = b.id ORDER BY b.custody_no"""


@dataclass(frozen=True, kw_only=True)
class CustodyDay:
    """What one beneficiary's cards hold at the end of a day, and what moved in it (fen)."""

    beneficiary_id: int
    custody_no: str
    agreements: int
    held_fen: int
    funded_fen: int
    released_fen: int
    refunded_fen: int


def custody_days(day: date) -> list[CustodyDay]:
    """Every beneficiary with cards on that day of the business clock (Beijing), one query for all."""
    start = datetime.combine(day, time(), BEIJING)
    with connection.cursor() as cursor:
        cursor.execute(CITY, {"start": start, "end": start + timedelta(days=1)})
        return [
            CustodyDay(
                beneficiary_id=row[0],
                custody_no=row[1],
                agreements=row[2],
                held_fen=int(row[3]),
                funded_fen=int(row[4]),
                released_fen=int(row[5]),
                refunded_fen=int(row[6]),
            )
            for row in cursor.fetchall()
        ]

"""What every kind of bank file comes to: statements of lines. Amounts are integer hundredths, days the bank's own."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Literal

#: Larger than any day of one bank, small enough to be held while somebody looks at the preview.
MOST_BYTES = 32 * 1024 * 1024
MOST_LINES = 200_000

Direction = Literal["in", "out"]
#: As the bank's codes tell; "" is decided by whose number the line carries, then by its words.
Kind = Literal["", "interest", "fee", "reversal"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One booked movement. ``bank_ref`` is the bank's own number of it, if it gives one; ``references`` whatever may be
    a number of ours, the likeliest first; ``balance_fen`` the account's balance after it."""

    day: date
    at: datetime | None
    direction: Direction
    amount_fen: int
    currency: str
    bank_ref: str = ""
    references: tuple[str, ...] = ()
    kind: Kind = ""
    purpose: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    balance_fen: int | None = None
    identity: str = ""

    @property
    def signed_fen(self) -> int:
        """What the line does to the account."""
        return self.amount_fen if self.direction == "in" else -self.amount_fen


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One account over some days: ``opening_fen`` + its lines = ``closing_fen``, or it does not add up."""

    account: str
    currency: str
    number: str
    from_day: date
    to_day: date
    opening_fen: int | None
    closing_fen: int | None
    made_at: datetime | None = None
    lines: Sequence[Line] = field(default_factory=tuple)

    @property
    def sum_fen(self) -> int:
        """Net of the lines."""
        return sum(line.signed_fen for line in self.lines)

    @property
    def off_fen(self) -> int:
        """How far it is from adding up; 0 also when the bank gave no balances."""
        if self.opening_fen is None or self.closing_fen is None:
            return 0
        return self.closing_fen - self.opening_fen - self.sum_fen


def identity(
    *, day: date, direction: str, amount_fen: int, bank_ref: str, otherwise: Iterable[object] = (), occurrence: int = 1
) -> str:
    """What makes a line this line, in whichever file it comes: 64 hex digits.

    The bank's own number together with day, direction and amount (banks give one number to a payment, its fee and its
    reversal); without a number everything the line says, its balance included. The occurrence counts what is still the
    same: identical lines are legitimate.
    """
    facts = [day.isoformat(), direction, amount_fen, bank_ref, *(() if bank_ref else otherwise), occurrence]
    return hashlib.sha256("\x1f".join(map(str, facts)).encode()).hexdigest()


def identified(lines: list[Line], *, number: str, opening_fen: int | None, currency: str) -> tuple[Line, ...]:
    """The lines of one statement with their running balance (unless the bank gave it) and identity."""
    seen: Counter[str] = Counter()
    balance = opening_fen
    made = []
    for line in lines:
        after = line.balance_fen
        if after is None and balance is not None and line.currency == currency:
            after = balance + line.signed_fen
        balance = after if after is not None else balance
        told = (*line.references, line.purpose, line.counterparty_name, line.counterparty_account)
        own = partial(
            identity,
            day=line.day,
            direction=line.direction,
            amount_fen=line.amount_fen,
            bank_ref=line.bank_ref,
            otherwise=(*told, number if after is None else after),
        )
        first = own()
        seen[first] += 1
        made.append(
            replace(line, balance_fen=after, identity=first if seen[first] == 1 else own(occurrence=seen[first]))
        )
    return tuple(made)

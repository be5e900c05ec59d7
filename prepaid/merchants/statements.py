"""A merchant's statement of one month: which months there are, and the statement as a workbook."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from escrow import clock
from escrow.bank_files.writing import Cell, xlsx_bytes, yuan
from escrow.queries import AccountStatement
from escrow.states import AccountCode

NAMES = {
    AccountCode.PAYABLE: lambda: _("Earned by you, not paid out"),
    AccountCode.HELD: lambda: _("Held for your customers"),
    AccountCode.RESERVE: lambda: _("Your reserve"),
    AccountCode.BLOCKED: lambda: _("Blocked by order"),
}


@dataclass(frozen=True, order=True)
class Month:
    """A month of Beijing's calendar."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02d}"

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def after(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, datetime.min.time(), clock.BEIJING)


def month_of(at: datetime) -> Month:
    """The month of a moment."""
    day = clock.beijing_date(at)
    return Month(day.year, day.month)


def months(*, since: datetime, until: datetime) -> list[Month]:
    """Every month from one moment to the other, the newest first."""
    first, found = month_of(since), [month_of(until)]
    while found[-1] > first:
        found.append(found[-1].before)
    return found


def named(accounts: dict[str, AccountStatement]) -> list[tuple[str, AccountStatement]]:
    """Each account in words; reserve and orders only where there are any."""
    always = (AccountCode.PAYABLE, AccountCode.HELD)
    return [
        (name(), accounts[code])
        for code, name in NAMES.items()
        if code in always or accounts[code].moved or accounts[code].opening_fen
    ]


def card_of(reference: str, *, is_use: bool) -> str:
    """The card, claim or order that a line names, as its payout's page writes it."""
    if is_use:
        return f"{reference[5:9]} {reference[9:]}"
    return "" if ":" in reference else reference


def workbook(month: Month, accounts: dict[str, AccountStatement], lines: Iterable[Any]) -> bytes:
    """Two sheets: the accounts with their sums, and every line of what was earned, with the balance after it."""
    return xlsx_bytes(
        {
            _("Summary"): _summary(month, accounts),
            _("Lines"): _lines(accounts[AccountCode.PAYABLE], lines),
        }
    )


def _summary(month: Month, accounts: dict[str, AccountStatement]) -> Iterator[Sequence[Cell]]:
    yield (_("Month"), str(month))
    yield (_("Account"), _("What"), _("Lines"), _("Sum"))
    for name, account in named(accounts):
        yield (name, _("Balance before"), "", yuan(account.opening_fen))
        for line in account.moved:
            yield (name, line.label, line.count, yuan(line.amount_fen))
        yield (name, _("Balance after"), "", yuan(account.closing_fen))


def _lines(account: AccountStatement, lines: Iterable[Any]) -> Iterator[Sequence[Cell]]:
    yield (_("Time"), _("What"), _("Card, claim or order"), _("Sum"), _("Balance after"), _("Payout"))
    balance = account.opening_fen
    for line in lines:
        balance += line.line_fen
        what = card_of(line.reference, is_use=line.use_id is not None)
        yield (line.at, line.get_reason_display(), what, yuan(line.line_fen), yuan(balance), line.payout_no or "")

"""CSV and XLSX as Chinese banks send them: a few rows of preamble, a header row, one row a movement.

Which column means what is saved per bank (``Mapping``, kept as ``models.BankFormat``). Rows may be newest first: the
running balance tells.
"""

import contextlib
import csv
import io
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import BinaryIO, get_args

from openpyxl import load_workbook

from escrow.bank_files.amounts import BEIJING, fen
from escrow.bank_files.errors import EmptyBankFile, HostileBankFile, MissingColumns, UnreadableBankFile
from escrow.bank_files.statement import MOST_LINES, Direction, Line, Statement, identified

#: An XLSX of our largest size unpacks to some ten times that; a bomb to a thousand times.
MOST_UNPACKED = 400 * 1024 * 1024
MOST_COLUMNS = 100
ENCODINGS = ("utf-8", "gb18030", "utf-16")


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """How to read one bank's table. Columns are named as in the header row; "" is a column the bank does not have.

    The amount is one column (signed, or with a direction column and the words that stand in it) or two. ``account`` is
    a column, or ``account_label`` the words before the account number in the rows above the header.
    """

    header_row: int = 1
    delimiter: str = ","
    encoding: str = "gb18030"
    account: str = ""
    account_label: str = ""
    day: str
    time: str = ""
    day_format: str = "%Y-%m-%d"
    time_format: str = "%H:%M:%S"
    direction: str = ""
    words_in: tuple[str, ...] = ()
    words_out: tuple[str, ...] = ()
    amount: str = ""
    credit: str = ""
    debit: str = ""
    thousands: str = ","
    decimal: str = "."
    balance: str = ""
    line_no: str = ""
    reference: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    purpose: str = ""
    currency: str = "CNY"

    @property
    def columns(self) -> list[str]:
        """Every column the header row must have."""
        named = (self.account, self.day, self.time, self.direction, self.amount, self.credit, self.debit, self.balance)
        told = (self.line_no, self.reference, self.counterparty_name, self.counterparty_account, self.purpose)
        return [name for name in (*named, *told) if name]


Row = list[str]


def read(content: BinaryIO, *, mapping: Mapping, xlsx: bool) -> list[Statement]:
    """One statement for each account in the file.

    Raises:
        UnreadableBankFile: with the row that is wrong. MissingColumns, HostileBankFile, EmptyBankFile.
    """
    rows = xlsx_rows(content) if xlsx else csv_rows(content, delimiter=mapping.delimiter, encoding=mapping.encoding)
    preamble_account = ""
    header: dict[str, int] = {}
    accounts: dict[str, list[Line]] = {}
    for nth, row in enumerate(rows, start=1):
        if nth > MOST_LINES:
            raise HostileBankFile(what=f"> {MOST_LINES} lines")
        if nth < mapping.header_row:
            preamble_account = preamble_account or _labelled(row, mapping.account_label)
        elif nth == mapping.header_row:
            header = {name: column for column, name in enumerate(row) if name}
            if missing := [name for name in mapping.columns if name not in header]:
                raise MissingColumns(columns=", ".join(missing), row=nth)
        elif any(row):
            cells = {name: row[column] if column < len(row) else "" for name, column in header.items()}
            if not cells[mapping.day]:
                continue  # a row of sums
            try:
                account, line = _line(cells, mapping)
            except ValueError as error:
                raise UnreadableBankFile(where=f"row {nth}", what=f"{str(error)[:60]}?") from error
            if line is not None:
                accounts.setdefault(account or preamble_account, []).append(line)
    if not header:
        raise MissingColumns(columns=", ".join(mapping.columns), row=mapping.header_row)
    if not accounts:
        raise EmptyBankFile()
    if "" in accounts:
        raise MissingColumns(columns=mapping.account or mapping.account_label or "账号", row=mapping.header_row)
    return [_statement(account, lines, mapping) for account, lines in accounts.items()]


def csv_rows(content: BinaryIO, *, delimiter: str, encoding: str) -> Iterator[Row]:
    """Rows of trimmed cells. A byte order mark says more than ``encoding``.

    Raises:
        UnreadableBankFile: another encoding, or no CSV. HostileBankFile.
    """
    head = content.read(4)
    content.seek(0)
    if head.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    elif head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    text = io.TextIOWrapper(content, encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=delimiter)
    try:
        for row in reader:
            if len(row) > MOST_COLUMNS:
                raise HostileBankFile(what=f"> {MOST_COLUMNS} columns")
            # Spreadsheets guard long numbers with a tab, an apostrophe, a backtick or ="…".
            yield [cell.strip().removeprefix('="').removesuffix('"').lstrip("'`\t").strip() for cell in row]
    except (UnicodeError, csv.Error) as error:
        raise UnreadableBankFile(where=f"row {reader.line_num + 1}", what=encoding) from error
    finally:
        with contextlib.suppress(ValueError):  # who stopped reading may have closed the file
            text.detach()


def xlsx_rows(content: BinaryIO) -> Iterator[Row]:
    """Rows of the first sheet. Raises ``UnreadableBankFile``, ``HostileBankFile``."""
    try:
        with zipfile.ZipFile(content) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise HostileBankFile(what="XLSX")
        content.seek(0)
        book = load_workbook(content, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size need not be true
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            yield [_cell(value) for value in row]
        book.close()
    except HostileBankFile:
        raise
    except Exception as error:  # openpyxl raises whatever the broken part of the archive made it raise
        raise UnreadableBankFile(where="XLSX", what=type(error).__name__) from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{Decimal(repr(value)):.4f}"  # the digits that were typed; a sum with more is refused later
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _labelled(row: Row, label: str) -> str:
    """``账号：6222…`` in one cell, or the label and the number in neighbouring ones."""
    if not label:
        return ""
    for column, cell in enumerate(row):
        if cell.startswith(label):
            own = cell.removeprefix(label).lstrip(":： \t")
            return (own or next((other for other in row[column + 1 :] if other), "")).replace(" ", "")
    return ""


def _line(cells: dict[str, str], mapping: Mapping) -> tuple[str, Line | None]:
    def cell(name: str) -> str:
        return cells[name] if name else ""

    day, at = _when(cell(mapping.day), cell(mapping.time), mapping)
    signed = _signed(cells, mapping)
    if signed == 0:
        return "", None
    direction: Direction = get_args(Direction)[0 if signed > 0 else 1]
    balance = cell(mapping.balance)
    purpose = cell(mapping.purpose)
    return cell(mapping.account).replace(" ", ""), Line(
        day=day,
        at=at,
        direction=direction,
        amount_fen=abs(signed),
        currency=mapping.currency,
        bank_ref=cell(mapping.line_no)[:64],
        references=tuple(filter(None, [cell(mapping.reference)[:64]])),
        purpose=purpose[:2000],
        counterparty_name=cell(mapping.counterparty_name)[:200],
        counterparty_account=cell(mapping.counterparty_account)[:64],
        balance_fen=_fen(balance, mapping) if balance else None,
    )


def _when(day: str, at: str, mapping: Mapping) -> tuple[date, datetime | None]:
    """Day and instant. A spreadsheet's own dates come as ISO, whatever the format says."""
    try:
        moment = datetime.strptime(day, mapping.day_format)  # noqa: DTZ007  # the zone follows
    except ValueError:
        moment = datetime.fromisoformat(day)
    if at:
        moment = datetime.combine(moment.date(), datetime.strptime(at, mapping.time_format).time())  # noqa: DTZ007  # so does this
    timed = bool(at) or moment.time() != time()
    return moment.date(), moment.replace(tzinfo=BEIJING) if timed else None


def _fen(text: str, mapping: Mapping) -> int:
    return fen(text, decimal=mapping.decimal, thousands=mapping.thousands)


def _signed(cells: dict[str, str], mapping: Mapping) -> int:
    """What the row does to the account. A negative number in a column of its own takes back what the column says."""
    if not mapping.amount:
        credit, debit = cells.get(mapping.credit, ""), cells.get(mapping.debit, "")
        return (_fen(credit, mapping) if credit else 0) - (_fen(debit, mapping) if debit else 0)
    amount = _fen(cells[mapping.amount], mapping)
    if not mapping.direction:
        return amount
    word = cells[mapping.direction]
    if word in mapping.words_in:
        return amount
    if word in mapping.words_out:
        return -amount
    raise ValueError(f"{mapping.direction} {word}")


def _statement(account: str, lines: list[Line], mapping: Mapping) -> Statement:
    if _breaks(lines) > _breaks(turned := lines[::-1]):
        lines = turned
    opening = lines[0].balance_fen
    opening = None if opening is None else opening - lines[0].signed_fen
    days = [line.day for line in lines]
    return Statement(
        account=account[:64],
        currency=mapping.currency,
        number="",
        from_day=min(days),
        to_day=max(days),
        opening_fen=opening,
        closing_fen=lines[-1].balance_fen,
        lines=identified(lines, number="", opening_fen=opening, currency=mapping.currency),
    )


def _breaks(lines: list[Line]) -> int:
    """How often the running balance does not follow from the row before."""
    pairs = itertools.pairwise(lines)
    return sum(
        1
        for before, line in pairs
        if before.balance_fen is not None
        and line.balance_fen is not None
        and before.balance_fen + line.signed_fen != line.balance_fen
    )

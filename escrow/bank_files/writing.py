"""Tables for other people's systems: CSV with a byte order mark, or XLSX. What a person typed is never a formula there."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from escrow.bank_files.amounts import BEIJING

Cell = str | int | date | datetime | None


def yuan(fen: int) -> str:
    """Plain digits: 123450 → ``1234.50``."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def as_text(value: Cell) -> str:
    """Times in Beijing; text that a spreadsheet would take for a formula gets an apostrophe (CWE-1236)."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    is_number = (
        value.removeprefix("-").replace(".", "", 1).isascii() and value.removeprefix("-").replace(".", "", 1).isdigit()
    )
    return f"'{value}" if value[:1] in set("=+-@\t\r") and not is_number else value


def csv_bytes(rows: Iterable[Sequence[Cell]], *, encoding: str = "utf-8-sig") -> bytes:
    """One row a line, ended as RFC 4180 asks."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode(encoding)


def xlsx_bytes(sheets: dict[str, Iterable[Sequence[Cell]]]) -> bytes:
    """A workbook of these sheets, every cell a text or a whole number."""
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title[:31])
        for row in rows:
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, value if isinstance(value, int) else None)
                if not isinstance(value, int):
                    cell.value = as_text(value)
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()

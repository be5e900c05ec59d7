"""Tables that people send: CSV or JSON, in UTF-8 or GB 18030, a row at a time however long they are; and the way back."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from complaints.hotline.errors import BadFile
from escrow.bank_files.writing import Cell, as_text

#: A table of work orders has a dozen; thousands would fill the memory.
MOST_COLUMNS = 200
CHUNK = 1 << 16
#: Characters of one row of a JSON file.
MOST_ROW = 100_000
_SPACE = re.compile(r"[\s\ufeff]*")
_GUARDED = re.compile(r"'[=+\-@\t\r]")


@dataclass(kw_only=True)
class Row:
    """``number``: its line in a CSV file (the headings are line 1), its place in a JSON file. ``odd``: cells beyond the headings, or
    values that are no text or number."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    odd: bool = False


def rows_of(file: IO[bytes]) -> Iterator[Row]:
    """Its rows; blank ones are left out. The file stays open.

    Raises:
        BadFile: at any row: neither encoding, neither CSV nor JSON, cut off.
    """
    text = io.TextIOWrapper(file, encoding=_encoding_of(file), newline="")
    try:
        yield from _json_rows(text) if _begins(text) in "[{" else _csv_rows(text)
    finally:
        text.detach()


def _encoding_of(file: IO[bytes]) -> str:
    """By trying: what is UTF-8 throughout is UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise BadFile(problem=_("it is neither UTF-8 nor GB 18030"))


def _begins(text: IO[str]) -> str:
    begins = text.read(CHUNK).lstrip("\ufeff \t\r\n")[:1] or " "
    text.seek(0)
    return begins


def _csv_rows(text: IO[str]) -> Iterator[Row]:
    first = text.readline(CHUNK)
    text.seek(0)
    lines = csv.reader(text, delimiter=max(",\t;，", key=first.count))
    try:
        headings = [cell.strip("\ufeff \t\r\n") for cell in next(lines, [])]
        while len(headings) and not headings[-1]:
            headings.pop()
        if len(headings) > MOST_COLUMNS:
            raise BadFile(problem=_("it has more than %(most)s columns") % {"most": MOST_COLUMNS})
        if len(set(headings)) < len(headings) or "" in headings:
            raise BadFile(problem=_("a heading stands there twice, or is empty"))
        for cells in lines:
            if any(cell.strip() for cell in cells):
                odd = any(cell.strip() for cell in cells[len(headings) :])
                values = [cell[1:] if _GUARDED.match(cell) else cell for cell in cells]
                values += [""] * (len(headings) - len(values))
                yield Row(number=lines.line_num, cells=dict(zip(headings, values, strict=False)), odd=odd)
    except csv.Error as error:
        raise BadFile(problem=_("line %(line)s is not CSV") % {"line": lines.line_num}) from error


def _json_rows(text: IO[str]) -> Iterator[Row]:
    """One array of objects, or objects one after the other."""
    for number, found in enumerate(_objects(text), 1):
        if not isinstance(found, dict):
            raise BadFile(problem=_("entry %(number)s is not an object of JSON") % {"number": number})
        cells = {name: "" if value is None else value for name, value in found.items()}
        odd = not all(isinstance(value, str) for value in cells.values())
        if cells:
            yield Row(number=number, cells={name: str(value) for name, value in cells.items()}, odd=odd)


def _objects(text: IO[str]) -> Iterator[Any]:
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    buffer, number = text.read(CHUNK), 0
    at = _after_space(buffer, 0)
    is_array = buffer[at : at + 1] == "["
    at += is_array
    while True:
        at = _after_space(buffer, at)
        if number and buffer[at : at + 1] == ",":
            at = _after_space(buffer, at + 1)
        if at >= len(buffer):
            buffer, at = text.read(CHUNK), 0
            if buffer:
                continue
            if is_array:
                raise BadFile(problem=_("it ends in the middle"))
            return
        if is_array and buffer[at] == "]":
            if (buffer[at + 1 :] + text.read(CHUNK)).strip():
                raise BadFile(problem=_("something follows after its end"))
            return
        try:
            found, at = decoder.raw_decode(buffer, at)
        except (ValueError, RecursionError) as error:
            more = text.read(CHUNK) if len(buffer) - at < MOST_ROW else ""
            if not more:
                raise BadFile(
                    problem=_("entry %(number)s is not JSON, or too long") % {"number": number + 1}
                ) from error
            buffer, at = buffer[at:] + more, 0
            continue
        number += 1
        yield found


def _after_space(buffer: str, at: int) -> int:
    found = _SPACE.match(buffer, at)
    return found.end() if found else at


class _Line:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A CSV file a line at a time, with a byte order mark. What a person typed is never a formula in it."""
    writer = csv.writer(_Line())
    yield codecs.BOM_UTF8
    for row in rows:
        yield writer.writerow([as_text(cell) for cell in row]).encode(errors="replace")


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A JSON array a line at a time."""
    before = b"[\n"
    for row in rows:
        yield before + json.dumps(row, ensure_ascii=False).encode(errors="replace")
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"

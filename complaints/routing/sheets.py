"""Addresses of other programs as CSV: one row in, one row out, in order, in bounded memory."""

import csv
import math
from collections.abc import Callable, Iterable, Iterator
from io import StringIO

from complaints.routing.places import Point
from complaints.routing.router import Answer, Router

COLUMNS = ("address", "lng", "lat", "text")
ANSWERS = ("district_code", "district", "subdistrict_code", "subdistrict", "confidence", "reason")


class BadHeader(Exception):
    """The first line does not name the columns; the message says what is wrong."""


def answers(lines: Iterable[bytes], make_router: Callable[[], Router]) -> Iterator[bytes]:
    """The header and one line for every row; the router is made when the header is good.

    Raises:
        BadHeader: before anything else is given.
    """
    rows = _rows(lines)
    header = _header(next(rows, None))
    router = make_router()
    yield _line(ANSWERS)
    for row in rows:
        answer = _answer(header, row, router)
        part = answer.subdistrict
        yield _line(
            (
                answer.code,
                answer.district or "",
                part.code if part else "",
                part.name if part else "",
                f"{answer.confidence:.2f}",
                answer.reason,
            )
        )


def _answer(header: list[str], row: list[str] | None, router: Router) -> Answer:
    if row is None:
        return Answer(None, 0.0, "这一行不是完整的CSV")
    if len(row) > len(header):
        return Answer(None, 0.0, f"这一行有{len(row)}格，表头只有{len(header)}列")
    cells = dict(zip(header, row, strict=False))
    try:
        point = _point(cells.get("lng", "").strip(), cells.get("lat", "").strip())
    except ValueError:
        return Answer(None, 0.0, "经纬度写错，应为两个以度为单位的数")
    return router.route(cells.get("address", ""), point, cells.get("text", ""))


def _point(lng: str, lat: str) -> Point | None:
    if not lng and not lat:
        return None
    point = float(lng), float(lat)
    if not (math.isfinite(point[0]) and abs(point[0]) <= 180 and abs(point[1]) <= 90):
        raise ValueError
    return point


def _header(row: list[str] | None) -> list[str]:
    header = [cell.strip().lower() for cell in row or []]
    if unknown := [cell for cell in header if cell not in COLUMNS]:
        raise BadHeader(f"unknown column {', '.join(map(repr, unknown))}; known are {', '.join(COLUMNS)}")
    if len(set(header)) < len(header):
        raise BadHeader("a column is named twice")
    if "address" not in header:
        raise BadHeader("the column address is missing; the first line is a header: address, optionally lng,lat,text")
    if ("lng" in header) != ("lat" in header):
        raise BadHeader("of lng and lat one is missing")
    return header


def _rows(lines: Iterable[bytes]) -> Iterator[list[str] | None]:
    """The rows; None for one that cannot be read, as when a quotation mark is never closed."""
    reader = csv.reader(_decoded(lines))
    while True:
        try:
            yield next(reader)
        except csv.Error:
            yield None
        except StopIteration:
            return


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    """UTF-8 or GB 18030, as the first line tells that is not plain ASCII; a broken line in UTF-8 spoils no other."""
    encoding = ""
    for number, line in enumerate(lines):
        if not number:
            line = line.removeprefix(b"\xef\xbb\xbf")  # the mark that spreadsheets put before UTF-8
        if encoding != "gb18030":
            try:
                text = line.decode()
            except UnicodeDecodeError:
                encoding = encoding or "gb18030"
            else:
                encoding = encoding or ("" if text.isascii() else "utf-8")
                yield text
                continue
        yield line.decode("gb18030", "replace")


def _line(cells: Iterable[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()

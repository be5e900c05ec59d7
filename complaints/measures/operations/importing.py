"""Official figures from a file: shown line by line first, then imported as a whole; a second time it changes nothing."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from django.utils.translation import gettext as _

from complaints.measures.errors import BadFiguresFile
from complaints.measures.formulas import WHOLE, month_of
from complaints.measures.models import OfficialFigure, OfficialImport
from complaints.measures.states import UnitClass
from escrow import audit
from escrow.transactions import transaction
from prepaid.merchants.csv_files import decoded
from prepaid.merchants.operations.uploads import read_csv
from prepaid.people.models import Division, DivisionLevel, User

MOST_ROWS = 5_000
#: What a column may be called.
COLUMNS = {
    "month": ("month", "月份"),
    "code": ("code", "区划代码"),
    "response": ("response", "响应率"),
    "resolved": ("resolved", "解决率"),
    "satisfied": ("satisfied", "满意率"),
    "score": ("score", "综合得分"),
    "class": ("class", "类别"),
}
_OPTIONAL = {"score", "class"}
_CLASSES = {"先进": UnitClass.ADVANCED, "进步": UnitClass.PROGRESS, "整改": UnitClass.RECTIFY, "治理": UnitClass.GOVERN}
_MONTH = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*月?")
_RATE = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?\s*%?")

Effect = Literal["new", "changed", "known", "bad"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line as it is kept, rates in hundredths of a per cent."""

    month: date
    code: str
    response: int
    resolved: int
    satisfied: int
    score: int | None
    unit_class: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one line of a file would do: a new figure, another one instead, nothing, or why it cannot be read."""

    line: int
    effect: Effect
    text: str
    name: str = ""
    figure: Figure | None = None
    problem: str = ""


class _Unreadable(Exception):
    """Why a line cannot be read."""


def read_figures(content: bytes, *, at: datetime) -> list[Row]:
    """What each line of a CSV file (UTF-8 or GB 18030) would do. Changes nothing.

    Raises:
        BadFiguresFile: not a CSV file with these columns, or too long.
    """
    lines = read_csv(content, most_rows=MOST_ROWS, refusal=BadFiguresFile)
    names = _names(next(csv.reader(io.StringIO(decoded(content)))))
    cells = [{column: line.get(name) or "" for column, name in names.items()} for line in lines]
    levels = [DivisionLevel.DISTRICT, DivisionLevel.SUBDISTRICT]
    codes = {line["code"].strip() for line in cells}
    places = {one.code: one for one in Division.objects.filter(code__in=codes, level__in=levels)}
    known = {(one.month, one.division_id): one for one in OfficialFigure.objects.filter(division__in=places)}
    rows: list[Row] = []
    seen: set[tuple[date, str]] = set()
    for number, line in enumerate(cells, start=2):
        text = ", ".join(line.values())[:200]
        try:
            if None in lines[number - 2]:
                raise _Unreadable(_("it has more cells than there are columns"))
            figure = _figure(line, places, month_of(at))
            if (figure.month, figure.code) in seen:
                raise _Unreadable(_("this month and code stand in the file twice"))
        except _Unreadable as error:
            rows.append(Row(line=number, effect="bad", text=text, problem=str(error)))
            continue
        seen.add((figure.month, figure.code))
        effect = _effect(known.get((figure.month, figure.code)), figure)
        rows.append(Row(line=number, effect=effect, text=text, name=places[figure.code].name, figure=figure))
    return rows


def import_figures(*, content: bytes, by: User, at: datetime) -> list[Row]:
    """Carry out what ``read_figures`` says of the file. All or none: a file with a bad line is refused as a whole.

    Raises:
        BadFiguresFile.
    """
    with transaction():
        rows = read_figures(content, at=at)
        bad = next((row for row in rows if row.effect == "bad"), None)
        if bad is not None:
            raise BadFiguresFile(problem=_("line %(line)s: %(problem)s") % {"line": bad.line, "problem": bad.problem})
        counted = [row.figure for row in rows if row.figure is not None and row.effect != "known"]
        counted.sort(key=lambda one: (one.month, one.code))  # in one order: two imports do not wait for each other
        if not counted:
            return rows
        source = OfficialImport.objects.create(
            imported_by=by, imported_at=at, sha256=sha256(content).hexdigest(), rows=len(counted)
        )
        before = _kept(counted)
        fields = ["response", "resolved", "satisfied", "score", "unit_class", "source"]
        OfficialFigure.objects.bulk_create(
            [
                OfficialFigure(
                    month=one.month,
                    division_id=one.code,
                    response=one.response,
                    resolved=one.resolved,
                    satisfied=one.satisfied,
                    score=one.score,
                    unit_class=one.unit_class,
                    source=source,
                )
                for one in counted
            ],
            update_conflicts=True,
            unique_fields=["month", "division"],
            update_fields=fields,
        )
        audit.record(
            actor=by.actor,
            action="measures.import_official",
            target=f"officialimport:{source.pk}",
            at=at,
            before={"replaced": before} if before else None,
            after={"sha256": source.sha256, "rows": source.rows},
        )
    return rows


def _kept(figures: list[Figure]) -> list[list[str | int | None]]:
    """What stands instead of these now, for the audit trail."""
    keys = {(one.month, one.code) for one in figures}
    rows = OfficialFigure.objects.filter(
        month__in={one.month for one in figures}, division__in={one.code for one in figures}
    )
    return [
        [f"{one.month:%Y-%m}", one.division_id, one.response, one.resolved, one.satisfied, one.score, one.unit_class]
        for one in rows
        if (one.month, one.division_id) in keys
    ]


def _names(header: list[str]) -> dict[str, str]:
    """The file's own name of each column. Raises ``BadFiguresFile``."""
    names, unknown = {}, []
    for name in header:
        plain = unicodedata.normalize("NFKC", name or "").strip().lower()
        column = next((column for column, called in COLUMNS.items() if plain in called), None)
        if column is None or column in names:
            unknown.append(name)
        else:
            names[column] = name
    if unknown:
        raise BadFiguresFile(
            problem=_("it has columns nobody knows: %(columns)s") % {"columns": ", ".join(map(str, unknown))}
        )
    missing = [column for column in COLUMNS if column not in names and column not in _OPTIONAL]
    if missing:
        raise BadFiguresFile(problem=_("these columns are missing: %(columns)s") % {"columns": ", ".join(missing)})
    return names


def _figure(line: dict[str, str], places: dict[str, Division], this_month: date) -> Figure:
    plain = {name: unicodedata.normalize("NFKC", text).strip() for name, text in line.items()}
    found = _MONTH.fullmatch(plain["month"])
    if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 2000:
        raise _Unreadable(_("“%(text)s” is no month such as 2026-11") % {"text": plain["month"][:20]})
    month = date(int(found[1]), int(found[2]), 1)
    if month > this_month:
        raise _Unreadable(_("the month has not begun"))
    if plain["code"] not in places:
        raise _Unreadable(
            _("“%(text)s” is no code of a district or subdistrict of Beijing") % {"text": plain["code"][:20]}
        )
    named = plain.get("class", "")
    if named and named.removesuffix("类") not in _CLASSES and named not in UnitClass.values:
        raise _Unreadable(_("“%(text)s” is none of the four classes") % {"text": named[:20]})
    return Figure(
        month=month,
        code=plain["code"],
        response=_rate(plain["response"]),
        resolved=_rate(plain["resolved"]),
        satisfied=_rate(plain["satisfied"]),
        score=_rate(plain["score"]) if plain.get("score") else None,
        unit_class=str(_CLASSES.get(named.removesuffix("类"), named)),
    )


def _rate(text: str) -> int:
    found = _RATE.fullmatch(text)
    value = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else WHOLE + 1
    if value > WHOLE:
        raise _Unreadable(_("“%(text)s” is no number from 0 to 100 with at most two decimals") % {"text": text[:20]})
    return value


def _effect(before: OfficialFigure | None, figure: Figure) -> Effect:
    if before is None:
        return "new"
    same = replace(
        figure,
        response=before.response,
        resolved=before.resolved,
        satisfied=before.satisfied,
        score=before.score,
        unit_class=before.unit_class,
    )
    return "known" if same == figure else "changed"

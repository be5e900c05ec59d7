"""The dashboard: sums of cells by month, place, department or sector, and how long things took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Sum

from complaints.measures.formulas import before, score, share
from complaints.measures.models import COUNTS, Cell, ScoreRule
from complaints.measures.states import Grouping, Span
from prepaid.merchants.models import Sector
from prepaid.people.models import Department, Division

#: Months of a line.
MONTHS = 12
_NAMES: dict[Grouping, type[Division] | type[Department] | type[Sector]] = {
    Grouping.DISTRICT: Division,
    Grouping.SUBDISTRICT: Division,
    Grouping.DEPARTMENT: Department,
    Grouping.SECTOR: Sector,
}


@dataclass(frozen=True, kw_only=True)
class Times:
    """Of a time: its median and its 90th percentile, in seconds as kept, and of how many."""

    number: int
    median: int
    p90: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was counted and how long it took. Rates in hundredths of a per cent, None where there is nothing to divide by."""

    counts: Mapping[str, int]
    times: Mapping[Span, Times] = field(default_factory=dict)
    overall: int | None = None

    @property
    def response(self) -> int | None:
        """响应率."""
        return share(self.counts["contacted"], self.counts["due"])

    @property
    def resolved(self) -> int | None:
        """解决率."""
        return share(self.counts["resolved"], self.counts["valid"])

    @property
    def satisfied(self) -> int | None:
        """满意率."""
        return share(self.counts["satisfied"], self.counts["valid"])

    @property
    def repeated(self) -> int | None:
        """Of the complaints received, those that were repeated."""
        return share(self.counts["repeated"], self.counts["received"])


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: a district, department … and its month before. ``code`` blank: cases that have none yet."""

    code: str
    name: str
    now: Figures
    earlier: Figures


def figures(*, rule: ScoreRule, counts: Mapping[str, int], times: Mapping[Span, Times]) -> Figures:
    """With the score by that rule."""
    parts = [
        (rule.response_weight, counts["contacted"], counts["due"]),
        (rule.resolved_weight, counts["resolved"], counts["valid"]),
        (rule.satisfied_weight, counts["satisfied"], counts["valid"]),
    ]
    return Figures(counts=counts, times=times, overall=score(parts=parts))


def first_month() -> date | None:
    """The first month of which there is something."""
    return Cell.objects.order_by("month").values_list("month", flat=True).first()


@dataclass(frozen=True, kw_only=True)
class Board:
    """``months``: all together, the oldest first, with times of the last two only. ``rows``: the last month by ``Grouping``."""

    months: list[tuple[date, Figures]]
    rows: list[Row]

    @property
    def now(self) -> Figures:
        """All together in the month."""
        return self.months[-1][1]

    @property
    def earlier(self) -> Figures:
        """All together in the month before."""
        return self.months[-2][1]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all happened in the month."""
        return not any(self.now.counts.values()) and not self.now.times


def board(*, month: date, rule: ScoreRule, filters: Mapping[str, str], by: Grouping, names: Mapping[str, str]) -> Board:
    """What happened in the month beside the month before, and the line of ``MONTHS`` months. In two questions, and one for the
    names that ``names`` (by code) does not have."""
    span = [before(month, back) for back in range(MONTHS - 1, -1, -1)]
    counts = _counts(span[0], month, filters, by)
    times = _times(span[-2], month, filters, by)
    codes = {code for one, code in counts if one in span[-2:]}
    names = {**names, **_names(by, [code for code in codes if code and code not in names])}

    def of(one: date, code: str | None) -> Figures:
        found = counts.get((one, code), dict.fromkeys(COUNTS, 0))
        return figures(rule=rule, counts=found, times=times.get((one, code, False), {}))

    def all_of(one: date) -> Figures:
        mine = [found for (when, _code), found in counts.items() if when == one]
        summed = {name: sum(found[name] for found in mine) for name in COUNTS}
        return figures(rule=rule, counts=summed, times=times.get((one, None, True), {}))

    return Board(
        months=[(one, all_of(one)) for one in span],
        rows=[
            Row(code=code or "", name=names[code] if code else "", now=of(month, code), earlier=of(span[-2], code))
            for code in sorted(codes, key=lambda code: code or "~")
        ],
    )


def _names(by: Grouping, codes: list[str]) -> dict[str, str]:
    return {str(code): str(one) for code, one in _NAMES[by]._default_manager.in_bulk(codes).items()} if codes else {}


def _counts(
    first: date, last: date, filters: Mapping[str, str], by: Grouping
) -> dict[tuple[date, str | None], dict[str, int]]:
    column = f"{by.value}_id"
    found = Cell.objects.filter(month__gte=first, month__lte=last, **filters).order_by().values("month", column)
    sums = found.annotate(**{f"sum_{name}": Sum(name) for name in COUNTS})
    return {(row["month"], row[column]): {name: row[f"sum_{name}"] for name in COUNTS} for row in sums}


_COLUMNS = {f"{one.value}_id" for one in Grouping}


def _times(
    first: date, last: date, filters: Mapping[str, str], by: Grouping
) -> dict[tuple[date, str | None, bool], dict[Span, Times]]:
    """By month and code, and (True, no code) by month alone: the smallest duration that half, or nine tenths, of the cases did
    not exceed."""
    column = f"c.{by.value}_id"
    conditions = " ".join(f"AND c.{name} = %s" for name in filters if name in _COLUMNS)
    sql = f"""
        WITH summed AS (
            SELECT c.month, {column} AS code, GROUPING({column}) = 1 AS together, d.span, d.seconds, sum(d.number) AS number
            FROM measures_cell c JOIN measures_duration d ON d.cell_id = c.id
            WHERE c.month BETWEEN %s AND %s {conditions}
            GROUP BY GROUPING SETS ((c.month, {column}, d.span, d.seconds), (c.month, d.span, d.seconds))
        ), placed AS (
            SELECT month, code, together, span, seconds,
                   sum(number) OVER (PARTITION BY month, code, together, span ORDER BY seconds) AS so_far,
                   sum(number) OVER (PARTITION BY month, code, together, span) AS in_all
            FROM summed
        )
        SELECT month, code, together, span, max(in_all),
               min(seconds) FILTER (WHERE so_far * 2 >= in_all), min(seconds) FILTER (WHERE so_far * 10 >= in_all * 9)
        FROM placed GROUP BY 1, 2, 3, 4
    """  # noqa: S608 – names of our own columns
    values: list[Any] = [first, last, *(code for name, code in filters.items() if name in _COLUMNS)]
    found: dict[tuple[date, str | None, bool], dict[Span, Times]] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for month, code, together, span, number, median, p90 in cursor.fetchall():
            times = Times(number=int(number), median=median, p90=p90)
            found.setdefault((month, code, together), {})[Span(span)] = times
    return found

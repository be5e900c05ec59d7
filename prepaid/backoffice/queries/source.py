"""What a kind of open matter declares, and the columns that all kinds share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils.functional import Promise

from prepaid.backoffice.models import Assignment

#: Every source's columns, in this order: a union matches them by place. No model has a column of such a name.
COLUMNS = ("lane", "ref", "began", "late", "fen", "payee", "label", "remark", "owner")
Rows = QuerySet[Any, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """``late_after``: how old a matter may become before it alarms. ``step``: the next one, as a button says it; ``page``:
    the address that does it, with the row's id, or where to look. ``at_once``: a POST, nothing to fill in or to regret."""

    lane: str
    title: Promise
    late_after: timedelta
    step: Promise
    page: str
    at_once: bool
    find: Callable[["Source", datetime], Rows]


SOURCES: dict[str, Source] = {}


def source(
    lane: str, title: Promise, *, late_after: timedelta, step: Promise, page: str, at_once: bool = False
) -> Callable[[Callable[[Source, datetime], Rows]], Callable[[Source, datetime], Rows]]:
    """Declare a kind of matter. The function gets its ``Source`` and the business time; it is a decorator."""

    def declare(find: Callable[[Source, datetime], Rows]) -> Callable[[Source, datetime], Rows]:
        SOURCES[lane] = Source(
            lane=lane, title=title, late_after=late_after, step=step, page=page, at_once=at_once, find=find
        )
        return find

    return declare


def rows(
    kind: Source,
    at: datetime,
    found: QuerySet[Any],
    *,
    since: Any,
    fen: Any,
    payee: Any,
    label: Any,
    remark: Any,
) -> Rows:
    """The columns every source has: since when, fen, the beneficiary's id, what it is called, one remark in words."""
    mine = Assignment.objects.filter(lane=kind.lane, ref=OuterRef("pk"))
    late = Case(When(began__lte=at - kind.late_after, then=True), default=False, output_field=BooleanField())
    return found.annotate(
        lane=Value(kind.lane, TextField()),
        ref=F("pk"),
        began=since,
        late=late,
        fen=Cast(fen, BigIntegerField()),
        payee=Cast(payee, BigIntegerField()),
        label=Cast(label, TextField()),
        remark=Cast(remark, TextField()),
        owner=Subquery(mine.values("owner_id")[:1]),
    ).values(*COLUMNS)

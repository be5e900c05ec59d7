"""How far the term of a period agreement has run: days served, days idle, the last day (docs/ledger.md, "Days")."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Days without service, from ``since`` until the day before ``before``; ``before`` None: no end is known."""

    since: date
    before: date | None

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.before is None or day < self.before)


@dataclass(frozen=True, kw_only=True)
class Term:
    """The day of payment does not count (Civil Code 201); each day of service after it uses one of ``days``."""

    paid_on: date
    days: int
    dark: Sequence[Idle]
    paused: Sequence[Idle]
    today: date

    def served_through(self, day: date, *, but: Iterable[Idle] = ()) -> int:
        """Days of service up to and with ``day``, at most ``days``. ``but``: idle times taken for served."""
        if day <= self.paid_on:
            return 0
        idle = sum(_overlap(span, self.paid_on + ONE_DAY, day) for span in _merged(self._idle(but=but)))
        return min(self.days, (day - self.paid_on).days - idle)

    @property
    def used(self) -> int:
        """Days served and over."""
        return self.served_through(self.today - ONE_DAY)

    @property
    def left(self) -> int:
        """Days still to be served, today's among them."""
        return self.days - self.used

    @property
    def last_day(self) -> date:
        """The day on which the last of the days is served, when service goes on after today wherever no end is known."""
        day, left = self.paid_on, self.days
        tomorrow = self.today + ONE_DAY
        idle = [Idle(since=span.since, before=span.before or max(span.since, tomorrow)) for span in self._idle()]
        for span in _merged(idle):  # an end that is not known yet hides no pause that lasts longer
            if (span.since - ONE_DAY - day).days >= left:
                break
            left -= max(0, (span.since - ONE_DAY - day).days)
            day = max(day, (span.before or tomorrow) - ONE_DAY)
        return day + timedelta(days=left)

    @property
    def stop(self) -> Idle | None:
        """The time without service that today lies in, and that nobody agreed on."""
        return next((span for span in self.dark if span.covers(self.today)), None)

    def _idle(self, *, but: Iterable[Idle] = ()) -> list[Idle]:
        skipped = list(but)
        return [span for span in (*self.dark, *self.paused) if span not in skipped]


def terms(agreement_ids: Iterable[int], *, today: date) -> dict[int, Term]:
    """Of each paid agreement earned by the day, in one query; others are left out."""
    ids = list(agreement_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, escrow_beijing_day(a.funded_at), a.units_total, i.dark, lower(i.days), upper(i.days)
            FROM escrow_agreement a
            LEFT JOIN LATERAL (
                SELECT true AS dark, unnest(escrow_stopped_days(a.beneficiary_id, a.places, '{dark}')) AS days
                UNION ALL SELECT false, unnest(escrow_paused_days(a.id))) AS i ON true
            WHERE a.id = ANY (%s) AND a.plan = 'period' AND a.funded_at IS NOT NULL
            ORDER BY a.id, lower(i.days)
            """,
            [ids],
        )
        found: dict[int, tuple[date, int, dict[bool, list[Idle]]]] = {}
        for pk, paid_on, days, dark, since, before in cursor.fetchall():
            idle = found.setdefault(pk, (paid_on, days, {True: [], False: []}))[2]
            if since is not None:
                idle[dark].append(Idle(since=since, before=before))
    return {
        pk: Term(paid_on=paid_on, days=days, dark=idle[True], paused=idle[False], today=today)
        for pk, (paid_on, days, idle) in found.items()
    }


def _overlap(span: Idle, first: date, last: date) -> int:
    end = last if span.before is None else min(last, span.before - ONE_DAY)
    return max(0, (end - max(span.since, first)).days + 1)


def _merged(spans: Iterable[Idle]) -> list[Idle]:
    """The same days, each once, in order."""
    merged: list[Idle] = []
    for span in sorted(spans, key=lambda span: span.since):
        if merged and (merged[-1].before is None or span.since <= merged[-1].before):
            last = merged.pop()
            ends = last.before and span.before and max(last.before, span.before)
            span = Idle(since=last.since, before=ends)
        merged.append(span)
    return merged

"""Every merchant is weighed by what its days show; what moves it to another grade is kept for ever."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection

from complaints.warnings.grading import Steps, published_points, score, strengths
from complaints.warnings.models import Assessment, GradeChange
from complaints.warnings.operations.counting import count_days
from complaints.warnings.queries import facts_of_all
from escrow.clock import beijing_date
from escrow.transactions import transaction

#: Merchants written at a time.
BATCH = 1_000


def assess(*, at: datetime) -> int:
    """Count the days that are over, and weigh every merchant that was ever paid as of the last of them; how many (0 while another
    run is at work).

    Repeatable: weighed again on the same facts, nothing changes. Killed in the middle, the next run does it all.
    """
    day = beijing_date(at) - timedelta(days=1)
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('warnings.assess'))")
        if not cursor.fetchone()[0]:
            return 0
        count_days(upto=day)
        weighed = 0
        for batch in _batches(_weighed(day)):
            _write(batch, day=day, at=at)
            weighed += len(batch)
        return weighed


def _weighed(day: date) -> Iterator[dict[str, Any]]:
    points, steps = published_points(), Steps()
    for merchant_id, facts in facts_of_all(day=day):
        told = score(strengths(facts), points)
        yield {
            "merchant_id": merchant_id,
            "grade": told.grade(steps),
            "points": told.points,
            "parts": [[part.signal, round(part.strength, 3), part.points] for part in told.parts],
            "facts": asdict(facts),
        }


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _write(batch: list[dict[str, Any]], *, day: date, at: datetime) -> None:
    ids = [row["merchant_id"] for row in batch]
    before = {one.merchant_id: one for one in Assessment.objects.select_for_update().filter(merchant_id__in=ids)}
    current, changes = [], []
    for row in batch:
        was = before.get(row["merchant_id"])
        if was is not None and was.as_of > day:
            continue  # another run has weighed a later day
        moved = was is None or was.grade != row["grade"]
        since = day if was is None or moved else was.since
        current.append(Assessment(as_of=day, since=since, **row))
        if moved and not (was is None and row["grade"] == "A"):
            grades = {"before": was.grade if was else "", "after": row["grade"]}
            kept = {name: row[name] for name in ("merchant_id", "points", "parts", "facts")}
            changes.append(GradeChange(on=day, weighed_at=at, **grades, **kept))
    Assessment.objects.bulk_create(
        current,
        update_conflicts=True,
        unique_fields=["merchant"],
        update_fields=["grade", "points", "parts", "facts", "as_of", "since"],
    )
    GradeChange.objects.bulk_create(changes)

"""The rollups are brought up to date: what changed is reckoned anew, taken out where it was and put in where it is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from complaints.cases.models import Case
from complaints.measures.counting import Place, Share, shares_of
from complaints.measures.models import COUNTS, SPANS, Cell, Change, Contribution, Duration
from complaints.measures.queries.facts import facts_of, later_of_the_same
from complaints.measures.states import Span
from escrow.transactions import transaction

#: How many changes one transaction takes.
BATCH = 500
#: Whoever writes the rollups holds this lock; they are written by one at a time.
_LOCK = "measures.rollups"


@dataclass
class _Difference:
    """What becomes of the sums: by the cell's key, and of its durations."""

    cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    durations: Counter[tuple[str, Span, int]] = field(default_factory=Counter)
    new: dict[str, tuple[date, Place]] = field(default_factory=dict)

    def add(self, key: str, values: dict[str, Any], times: int) -> None:
        """Put the values of a contribution in (``times`` 1) or take them out (-1)."""
        self.cells[key]["cases"] += times
        for name in COUNTS:
            self.cells[key][name] += times * values[name]
        for span, column in SPANS.items():
            if values[column] is not None:
                self.durations[key, span, values[column]] += times


def advance(*, most: int = 100) -> int:
    """Reckon anew the cases that changed since, in at most ``most`` batches of one transaction each. How many changes were
    taken away; 0 as well when another advance or a rebuild is at work. Repeatable: a change that was taken away is reckoned."""
    done = 0
    for _nth in range(most):
        taken = _advance_once()
        done += taken
        if taken < BATCH:
            break
    return done


def rebuild() -> int:
    """Throw all rollups away and reckon them from the cases, in one transaction: readers see the old ones until it is over.
    How many cases there are."""
    with transaction(), _alone(wait=True):
        # First the changes, then the cases: what is committed between the two is read now and once more by the next advance.
        Change.objects.all().delete()
        for model in (Duration, Contribution, Cell):
            model._default_manager.all()._raw_delete(connection.alias)  # without reading them
        total = 0
        for ids in _batches(Case.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=BATCH)):
            _recount(ids)
            total += len(ids)
        return total


def _advance_once() -> int:
    with transaction(), _alone(wait=False) as alone:
        if not alone:
            return 0
        changes = dict(Change.objects.order_by("pk").values_list("pk", "case_id")[:BATCH])
        if changes:
            # Read after the changes: every event that one of them announces is committed, so it is seen. An event that is
            # committed later has a change of its own, which stays for the next batch.
            ids = set(changes.values())
            known = set(Contribution.objects.filter(case_id__in=ids).values_list("case_id", flat=True))
            _recount(ids.union(later_of_the_same(ids - known)))
            Change.objects.filter(pk__in=changes).delete()
        return len(changes)


@contextmanager
def _alone(*, wait: bool) -> Iterator[bool]:
    """Whether nobody else writes the rollups until this transaction ends."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SET LOCAL lock_timeout = 0")  # the other may be another rebuild
        cursor.execute(f"SELECT {function}(hashtext(%s))", [_LOCK])
        yield wait or bool(cursor.fetchone()[0])


def _recount(case_ids: Collection[int]) -> None:
    """Take out what these cases counted for, and put in what they count for now."""
    before: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    columns = ("pk", "case_id", "cell__key", *COUNTS, *SPANS.values())
    for row in Contribution.objects.filter(case_id__in=case_ids).values(*columns):
        before[row["case_id"]][row["cell__key"]] = row
    difference, gone, come = _Difference(), [], []
    for facts in facts_of(case_ids):
        now = {facts.place.key(month): (month, _values(share)) for month, share in shares_of(facts).items()}
        was = before.pop(facts.case_id, {})
        for key, row in was.items():
            if key not in now or any(row[name] != value for name, value in now[key][1].items()):
                difference.add(key, row, -1)
                gone.append(row["pk"])
        for key, (month, values) in now.items():
            if key not in was or any(was[key][name] != value for name, value in values.items()):
                difference.add(key, values, 1)
                difference.new[key] = (month, facts.place)
                come.append((facts.case_id, key, values))
    if not gone and not come:
        return
    cells = _write_cells(difference)
    Contribution.objects.filter(pk__in=gone).delete()
    Contribution.objects.bulk_create(
        [Contribution(case_id=case_id, cell_id=cells[key], **values) for case_id, key, values in come]
    )
    _write_durations(difference, cells)
    Cell.objects.filter(pk__in=cells.values(), cases=0).delete()


def _values(share: Share) -> dict[str, Any]:
    counts = {name: int(share.counts[name]) for name in COUNTS}
    return counts | {column: share.spans.get(span) for span, column in SPANS.items()}


def _write_cells(difference: _Difference) -> dict[str, int]:
    """The ids of the cells by their keys, after their sums are changed."""
    cells = {cell.key: cell for cell in Cell.objects.filter(key__in=difference.cells)}
    for key, (month, place) in difference.new.items():
        if key not in cells:
            cells[key] = Cell(
                key=key,
                month=month,
                district_id=place.district,
                subdistrict_id=place.subdistrict,
                department_id=place.department,
                sector_id=place.sector,
            )
    for key, counts in difference.cells.items():
        for name, value in counts.items():
            setattr(cells[key], name, getattr(cells[key], name) + value)
    written = Cell.objects.bulk_create(
        cells.values(), update_conflicts=True, unique_fields=["key"], update_fields=[*COUNTS, "cases"]
    )
    return {cell.key: cell.pk for cell in written}


def _write_durations(difference: _Difference, cells: dict[str, int]) -> None:
    changed = {(cells[key], str(span), at): by for (key, span, at), by in difference.durations.items() if by}
    if not changed:
        return
    ids, at = {one[0] for one in changed}, {one[2] for one in changed}
    rows = {
        (row.cell_id, row.span, row.seconds): row
        for row in Duration.objects.filter(cell_id__in=ids, seconds__in=at)
        if (row.cell_id, row.span, row.seconds) in changed
    }
    for (cell_id, span, seconds), by in changed.items():
        row = rows.setdefault((cell_id, span, seconds), Duration(cell_id=cell_id, span=span, seconds=seconds, number=0))
        row.number += by
    Duration.objects.filter(pk__in=[row.pk for row in rows.values() if row.number == 0]).delete()
    Duration.objects.bulk_create(
        [row for row in rows.values() if row.number],
        update_conflicts=True,
        unique_fields=["cell", "span", "seconds"],
        update_fields=["number"],
    )


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for one in ids:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch

"""A file of work orders is read whole before anything of it is taken; then somebody confirms it, or not."""

import hashlib
import json
from datetime import datetime, timedelta
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from complaints.cases.operations.intake import terms_from
from complaints.cases.states import Limit
from complaints.hotline.columns import field_of, missing
from complaints.hotline.errors import BadFile, FileDecided, FileReadMeanwhile, SameFile, UnknownColumns
from complaints.hotline.lines import NUMBER_LENGTH, Wrong, calendar_of, clean, number_of, read_order
from complaints.hotline.models import WorkOrderFile, WorkOrderLine
from complaints.hotline.queries.lines import known_numbers
from complaints.hotline.queries.scope import check_runs_hotline, file_for
from complaints.hotline.states import FILE_TRANSITIONS, FileState, LineState
from complaints.hotline.tables import CHUNK, Row, rows_of
from escrow import audit
from escrow.clock import beijing_date
from escrow.errors import DomainError
from escrow.states import check_transition
from escrow.transactions import CONSTRAINT_ERRORS, ring, transaction
from prepaid.notices import phones
from prepaid.people.models import User

MOST_LINES, MOST_BYTES = 100_000, 64 * 1024 * 1024
#: Rows that are in memory at once.
BATCH = 1000
#: How long a file waits to be confirmed.
KEPT = timedelta(days=7)
#: Names of unknown columns that a refusal repeats.
NAMED = 10
TAKE = "complaints.hotline.tasks.take_some"

CONSTRAINT_ERRORS["work_order_file_once"] = FileReadMeanwhile


def read_file(
    *, file: IO[bytes], size: int, name: str, system: str, leave_out_unknown: bool, by: User, at: datetime
) -> WorkOrderFile:
    """Read every line and keep what would become of it; nothing is taken yet. All or nothing.

    Raises:
        NotAllowed. BadFile: not a table, too large, without rows or without a needed column. UnknownColumns.
        SameFile: byte for byte one that was read for the same system and not discarded.
    """
    check_runs_hotline(by)
    if size > MOST_BYTES:
        raise BadFile(problem=_("it is larger than %(most)s MB") % {"most": MOST_BYTES >> 20})
    sha256 = _sha256(file)
    with transaction():
        if (
            earlier := WorkOrderFile.objects.filter(system=system, sha256=sha256)
            .exclude(state=FileState.DISCARDED)
            .first()
        ):
            raise SameFile(day=beijing_date(earlier.read_at).isoformat(), file=earlier.pk)
        kept = WorkOrderFile.objects.create(
            system=system, name=name[-120:], sha256=sha256, lines_count=0, read_by=by, read_at=at
        )
        reader = _Reader(kept, at)
        rows = rows_of(file)
        while batch := list(islice(rows, BATCH)):
            reader.add(batch)
        if not kept.lines_count:
            raise BadFile(problem=_("it has no rows"))
        if reader.unknown and not leave_out_unknown:
            raise UnknownColumns(columns=", ".join(list(reader.unknown)[:NAMED]))
        kept.left_out = list(reader.unknown)[:NAMED]
        kept.save()
        audit.record(
            actor=by.actor,
            action="hotline.read_file",
            target=f"workorderfile:{kept.pk}",
            at=at,
            after={"system": system, "sha256": sha256, "lines": kept.lines_count},
        )
    return kept


class _Reader:
    """Keeps the lines of one file, a batch at a time. Remembers the numbers that it has seen, and the names of columns nobody knows."""

    def __init__(self, file: WorkOrderFile, at: datetime) -> None:
        self.file, self.at = file, at
        self.calendar = calendar_of(lambda received: terms_from(received, Limit.PREPAID))
        self.fields: dict[str, str | None] = {}
        self.unknown: dict[str, None] = {}
        self.seen: set[str] = set()

    def add(self, rows: list[Row]) -> None:
        """Raises ``BadFile``: too many lines, or a needed column is nowhere in the first batch."""
        if self.file.lines_count + len(rows) > MOST_LINES:
            raise BadFile(problem=_("it has more than %(most)s lines: divide it") % {"most": f"{MOST_LINES:,}"})
        named = [self._by_field(row) for row in rows]
        if not self.file.lines_count and (absent := missing({field for cells in named for field in cells})):
            raise BadFile(problem=_("these columns are missing: %(columns)s") % {"columns": ", ".join(absent)})
        self.file.lines_count += len(rows)
        numbers = {number_of(cells)[:NUMBER_LENGTH] for cells in named}
        known = known_numbers(system=self.file.system, numbers=numbers)
        WorkOrderLine.objects.bulk_create(self._line(row, cells, known) for row, cells in zip(rows, named, strict=True))

    def _by_field(self, row: Row) -> dict[str, str]:
        """Where several columns mean the same, the first that says something."""
        cells: dict[str, str] = {}
        for column, text in row.cells.items():
            if column not in self.fields:
                self.fields[column] = field_of(column)
            field = self.fields[column]
            if field is None:
                if len(self.unknown) < NAMED:
                    self.unknown[clean(column)[:40]] = None
            elif not cells.get(field, "").strip():
                cells[field] = text
        return cells

    def _line(self, row: Row, cells: dict[str, str], known: set[str]) -> WorkOrderLine:
        number = number_of(cells)[:NUMBER_LENGTH]
        line = WorkOrderLine(file=self.file, row=row.number, number=number, state=LineState.NEW)
        try:
            order = read_order(cells, odd=row.odd, calendar=self.calendar, at=self.at)
            if number in self.seen:
                raise Wrong([("number", "twice")])
        except Wrong as wrong:
            line.state, line.problems = LineState.WRONG, wrong.problems
            line.number = _shown(number)
            return line
        self.seen.add(number)
        if number in known:
            line.state = LineState.KNOWN
        else:
            line.content = json.dumps(order.to_json(), ensure_ascii=False)
        return line


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def confirm_file(*, file_id: int, by: User, at: datetime) -> WorkOrderFile:
    """Have its new lines taken, in the order in which they stand.

    Raises:
        NotFound. FileDecided.
    """
    with transaction():
        file = _decided(file_id, FileState.TAKING, by, at)
        file.moved_at = at
        file.save()
        ring(TAKE, file.pk, file.turn)
        return file


def discard_file(*, file_id: int, by: User, at: datetime) -> WorkOrderFile:
    """Nothing of it is taken; its lines are deleted, the personal data with them.

    Raises:
        NotFound. FileDecided.
    """
    with transaction():
        file = _decided(file_id, FileState.DISCARDED, by, at)
        file.save()
        file.lines.all().delete()
        return file


def lapse_files(*, at: datetime, actor: str) -> int:
    """Discard what nobody confirmed within ``KEPT``: the lines are people's complaints and telephones. How many."""
    waiting = WorkOrderFile.objects.filter(state=FileState.READ, read_at__lt=at - KEPT)
    lapsed = 0
    for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
        with transaction():
            file = WorkOrderFile.objects.select_for_update(no_key=True).get(pk=pk)
            if file.state != FileState.READ:
                continue  # decided while we waited
            check_transition(FILE_TRANSITIONS, FileState(file.state), FileState.DISCARDED)
            file.state, file.decided_at = FileState.DISCARDED, at
            file.save()
            file.lines.all().delete()
            facts = {"state": FileState.DISCARDED, "because": "not confirmed in time"}
            audit.record(actor=actor, action="hotline.discard_file", target=f"workorderfile:{pk}", at=at, after=facts)
            lapsed += 1
    return lapsed


def _decided(file_id: int, to: FileState, by: User, at: datetime) -> WorkOrderFile:
    file_for(user=by, file_id=file_id)
    file = WorkOrderFile.objects.select_for_update(no_key=True).get(pk=file_id)
    if file.state != FileState.READ:
        raise FileDecided()
    check_transition(FILE_TRANSITIONS, FileState(file.state), to)
    file.state, file.decided_by, file.decided_at = to, by, at
    audit.record(
        actor=by.actor,
        action=f"hotline.{'confirm' if to == FileState.TAKING else 'discard'}_file",
        target=f"workorderfile:{file.pk}",
        at=at,
        after={"state": to},
    )
    return file


def _shown(number: str) -> str:
    """The number of a wrong line, which is kept in clear; nothing where a shifted column may have put a name or a telephone there."""
    try:
        phones.e164(number)
    except DomainError:
        return number if number.isascii() else ""
    return ""

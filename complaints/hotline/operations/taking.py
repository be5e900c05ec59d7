"""Confirmed lines are taken a little at a time, so that a person's complaint never waits behind a file.

One task carries the file's baton (``turn``), takes lines for ``SECONDS``, and rings for the next turn behind whatever else waits by
then. So an import has at most one process, and nobody waits longer than a turn for it. PostgreSQL is the queue: a line is taken
and marked in one transaction; after a crash the sweep gives the baton to somebody else."""

import json
import logging
import time
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import F

from complaints.cases import operations as cases
from complaints.cases.states import Source
from complaints.hotline.lines import Order
from complaints.hotline.models import WorkOrderFile, WorkOrderLine
from complaints.hotline.operations.files import TAKE
from complaints.hotline.operations.orders import again, take_order
from complaints.hotline.states import FILE_TRANSITIONS, LINE_TRANSITIONS, FileState, LineState
from escrow import audit
from escrow.states import check_transition
from escrow.transactions import ring, transaction

logger = logging.getLogger(__name__)

#: How long one turn takes lines.
SECONDS = 0.2
#: So often a line is tried.
TRIES = 3
#: After so long without a turn the baton is lost.
LOST_AFTER = timedelta(seconds=30)


def take_some(*, file_id: int, turn: int, at: datetime, actor: str) -> int:
    """Take lines of the oldest file that is being imported, if this is its turn. How many; 0 for who does not carry the baton."""
    first, files = _first(), WorkOrderFile.objects.filter(pk=file_id, turn=turn)
    if first is None or first.pk != file_id or not files.update(turn=F("turn") + 1, moved_at=at):
        return 0
    file = WorkOrderFile.objects.select_related("decided_by").get(pk=file_id)
    until, taken = time.monotonic() + SECONDS, 0
    while taken == 0 or time.monotonic() < until:
        line_id = file.lines.filter(state=LineState.NEW).order_by("tries", "id").values_list("pk", flat=True).first()
        if line_id is None:
            _finish(file_id, at=at, actor=actor)
            return taken
        _take(file, line_id, at=at)
        taken += 1
    with transaction():
        ring(TAKE, file_id, turn + 1)
    return taken


def sweep(*, at: datetime, actor: str) -> int:
    """Give a lost baton to somebody else. How many."""
    file = _first()
    if file is None or file.moved_at is None or file.moved_at > at - LOST_AFTER:
        return 0
    with transaction():
        given = WorkOrderFile.objects.filter(pk=file.pk, turn=file.turn).update(turn=F("turn") + 1, moved_at=at)
        if given:
            ring(TAKE, file.pk, file.turn + 1)
    return given


def _first() -> WorkOrderFile | None:
    """Files are imported one after the other."""
    return WorkOrderFile.objects.filter(state=FileState.TAKING).order_by("id").first()


def _take(file: WorkOrderFile, line_id: int, *, at: datetime) -> None:
    """One line: its complaint and its mark in one transaction; then the complaint is sent on its way. What cannot be taken
    waits behind the others; the third time it is refused."""
    try:
        case_id = again(lambda: _taken(file, line_id, at=at))
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: the next turn comes here again
    except Exception:  # whatever is wrong with one line, the others go on
        logger.exception("line %s of file %s failed", line_id, file.pk)
        waiting = WorkOrderLine.objects.filter(pk=line_id, state=LineState.NEW)
        waiting.update(tries=F("tries") + 1)
        waiting.filter(tries__gte=TRIES).update(state=LineState.REFUSED, content="", problems=[("", "failed")])
        return
    if case_id is None:
        return
    try:
        cases.route_case(case_id=case_id, at=at, actor="system:take_some", rings=False)
        cases.gather_cases(case_id=case_id, at=at, actor="system:take_some")
    except Exception:  # the complaint is there; the sweep of complaints sends it
        logger.exception("complaint %s of line %s was not sent", case_id, line_id)


def _taken(file: WorkOrderFile, line_id: int, *, at: datetime) -> int | None:
    """The id of a new complaint; None when there is none."""
    by = file.decided_by
    assert by is not None  # a constraint: somebody confirmed it
    with transaction():
        line = WorkOrderLine.objects.select_for_update(no_key=True).get(pk=line_id)
        if line.state != LineState.NEW:
            return None
        order, is_new = take_order(
            system=file.system,
            order=Order(**json.loads(line.content)),
            source=Source.HOTLINE,
            by=by,
            actor=by.actor,
            line=line,
            at=at,
        )
        to = LineState.KNOWN if not is_new else LineState.JOINED if order.joined else LineState.TAKEN
        check_transition(LINE_TRANSITIONS, LineState(line.state), to)
        line.state = to
        line.case, line.content = order.case, ""
        line.save()
        return order.case_id if line.state == LineState.TAKEN else None


def _finish(file_id: int, *, at: datetime, actor: str) -> None:
    with transaction():
        file = WorkOrderFile.objects.select_for_update(no_key=True).get(pk=file_id)
        if file.state != FileState.TAKING:
            return
        check_transition(FILE_TRANSITIONS, FileState(file.state), FileState.DONE)
        file.state, file.done_at = FileState.DONE, at
        file.save()
        audit.record(
            actor=actor,
            action="hotline.finish_file",
            target=f"workorderfile:{file.pk}",
            at=at,
            after={"state": FileState.DONE},
        )
        if after := _first():
            ring(TAKE, after.pk, after.turn)

"""Several cases in one press: for each the verb it has alone, under its own lock, and what came of it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from complaints.cases.errors import NothingChosen, OfficerElsewhere, TooManyChosen
from complaints.cases.models import BulkDeed, BulkLine, Case
from complaints.cases.operations.handling import accept, assign
from complaints.cases.operations.urging import urge
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import BulkKind
from escrow import audit
from escrow.errors import DomainError, KeyReused, NotFound
from escrow.transactions import transaction
from prepaid.people.models import User
from prepaid.people.operations import locked

#: A page of the queue.
MOST_AT_ONCE = 50


def begin_bulk(
    *, key: UUID, kind: BulkKind, case_ids: Iterable[int], officer: User, lead_id: int | None = None, at: datetime
) -> BulkDeed:
    """Write down what is asked for; nothing happens to a case yet. What the officer does not see is left out. Asked with the same key
    again it is the deed that was written down before.

    Raises:
        NotFound: the officer holds no post. NothingChosen: nothing of it is theirs to see. TooManyChosen. OfficerElsewhere: nobody was
        named to be put in charge. KeyReused: the key stands for something else.
    """
    if officer.post is None:
        raise NotFound()
    chosen = sorted(set(case_ids))
    if len(chosen) > MOST_AT_ONCE:
        raise TooManyChosen(most=MOST_AT_ONCE)
    lead = User.objects.filter(pk=lead_id or 0).first() if kind == BulkKind.ASSIGN else None
    if kind == BulkKind.ASSIGN and lead is None:
        raise OfficerElsewhere()
    with transaction():
        locked(officer.pk)  # one press after the other
        before = BulkDeed.objects.filter(officer=officer, key=key).first()
        if before is not None:
            if (before.kind, before.lead_id, before.chosen) != (kind, lead and lead.pk, chosen):
                raise KeyReused()
            return before
        cases = list(cases_for(officer=officer).filter(pk__in=chosen).order_by("pk").values_list("pk", flat=True))
        if not cases:
            raise NothingChosen()
        deed = BulkDeed.objects.create(key=key, officer=officer, kind=kind, lead=lead, chosen=chosen, at=at)
        BulkLine.objects.bulk_create(BulkLine(deed=deed, case_id=pk) for pk in cases)
        facts = {"kind": kind.value, "cases": cases}
        audit.record(actor=officer.actor, action="cases.bulk", target=f"bulkdeed:{deed.pk}", at=at, after=facts)
        return deed


def carry_out(*, deed: BulkDeed, officer: User, at: datetime) -> None:
    """Do what was written down, case by case, each in a transaction of its own with its line: what was tried is not tried again,
    whether the press came twice or broke off in the middle. A refusal is written down in the officer's language.

    Raises:
        NotFound: the deed is another's.
    """
    if deed.officer_id != officer.pk:
        raise NotFound()
    verbs: dict[str, Callable[[str], Case]] = {
        BulkKind.ACCEPT: lambda number: accept(number=number, officer=officer, at=at),
        BulkKind.ASSIGN: lambda number: assign(number=number, lead_id=deed.lead_id or 0, officer=officer, at=at),
        BulkKind.URGE: lambda number: urge(number=number, officer=officer, at=at),
    }
    waiting = deed.lines.filter(tried_at__isnull=True).order_by("pk").values_list("pk", "case__number")
    for line_id, number in list(waiting):
        try:
            with transaction():
                if _take(line_id, at=at):
                    verbs[deed.kind](number)
        except DomainError as refused:
            with transaction():
                _take(line_id, at=at, refusal=str(refused)[:500])


def _take(line_id: int, *, at: datetime, refusal: str = "") -> bool:
    """Mark the line as tried, unless it was. Its lock keeps a second press waiting until the first has done the case."""
    line = BulkLine.objects.select_for_update(no_key=True).get(pk=line_id)
    if line.tried_at is not None:
        return False
    line.tried_at, line.refusal = at, refusal
    line.save(update_fields=["tried_at", "refusal"])
    return True

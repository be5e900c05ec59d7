"""What one case counts for, from its timeline: plain rules, no database. docs/measures.md says each of them in words."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from complaints.cases.states import UNDECIDED, CallResult, CaseState, EventKind, Side
from complaints.measures.formulas import kept, month_of
from complaints.measures.states import Span
from escrow.clock import beijing_date

#: The lines by which a case is first sent to somebody.
_SENT = frozenset({EventKind.DISPATCHED, EventKind.UNDETERMINED})
#: Ends nobody needed to be contacted for while the limit ran: the matter was withdrawn by one of the sides.
_SPARED = frozenset({CaseState.WITHDRAWN, CaseState.SETTLED})


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and with whom a case counts, by codes; None: it has none yet."""

    district: str | None
    subdistrict: str | None
    department: str | None
    sector: str | None

    def key(self, month: date) -> str:
        """Of the cell in that month."""
        parts = (self.district, self.subdistrict, self.department, self.sector)
        return "|".join([f"{month:%Y-%m}", *(part or "" for part in parts)])


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the timeline. ``heard``: the officer wrote down what the consumer said."""

    kind: str
    to_state: str
    at: datetime
    side: str = ""
    result: str = ""
    heard: bool = False
    due_on: date | None = None

    @property
    def is_contact(self) -> bool:
        """The consumer was spoken to: a call that reached them, or their words taken down."""
        call = self.kind == EventKind.CALL and self.side == Side.CONSUMER and self.result == CallResult.REACHED
        return call or self.heard


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A callback that has ended: answered, or given up (None of each)."""

    at: datetime
    reached: bool | None
    resolved: bool | None
    satisfied: bool | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that is looked at of one case: ``lines`` in their order, ``due_on`` the last day of the limit that runs or ran last."""

    case_id: int
    place: Place
    received_at: datetime
    due_on: date
    repeated: bool
    lines: Sequence[Line]
    answers: Sequence[Answer]


@dataclass
class Share:
    """What a case counts for in one month."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    spans: dict[Span, int] = field(default_factory=dict)


def shares_of(facts: Facts) -> dict[date, Share]:
    """What the case counts for, month by month. Each thing counts in the month (in Beijing) in which it happened."""
    months: dict[date, Share] = defaultdict(Share)
    first = months[month_of(facts.received_at)].counts
    first["received"] += 1
    first["repeated"] += facts.repeated
    for line in facts.lines:
        if line.kind == EventKind.REOPENED:
            months[month_of(line.at)].counts["reopened"] += 1
    for day, in_time in _responses(facts):
        counts = months[day.replace(day=1)].counts
        counts["due"] += 1
        counts["contacted"] += in_time
    for answer in facts.answers:
        counts = months[month_of(answer.at)].counts
        counts["asked"] += 1
        counts["valid"] += answer.resolved is not None
        for name in ("reached", "resolved", "satisfied"):
            counts[name] += bool(getattr(answer, name))
    for span, at in _reached(facts):
        took = int((at - facts.received_at).total_seconds())
        months[month_of(at)].spans[span] = kept(took)
    return months


def _reached(facts: Facts) -> Iterator[tuple[Span, datetime]]:
    sent = next((line.at for line in facts.lines if line.kind in _SENT), None)
    contact = next((line.at for line in facts.lines if line.is_contact), None)
    paid = next((line.at for line in facts.lines if line.kind == EventKind.PAID), None)
    for span, at in ((Span.DISPATCH, sent), (Span.CONTACT, contact), (Span.MONEY, paid)):
        if at is not None:
            yield span, at


def _responses(facts: Facts) -> Iterator[tuple[date, bool]]:
    """Of each time the case was open: on which day it was settled whether the consumer was contacted, and whether in time."""
    rounds: list[list[Line]] = [[]]
    limits: list[date | None] = []
    for line in facts.lines:
        if line.kind == EventKind.REOPENED:
            limits.append(line.due_on)  # the limit that ran before it was reopened
            rounds.append([])
        rounds[-1].append(line)
    for lines, due_on in zip(rounds, [*limits, facts.due_on], strict=True):
        if settled := _response(lines, due_on):
            yield settled


def _response(lines: Sequence[Line], due_on: date | None) -> tuple[date, bool] | None:
    contact = next((beijing_date(line.at) for line in lines if line.is_contact), None)
    end = next((line for line in lines if line.to_state and line.to_state not in UNDECIDED), None)
    marked = any(line.kind == EventKind.OVERDUE for line in lines)
    if contact is not None and (due_on is None or contact <= due_on):
        return contact, True
    ended_on = beijing_date(end.at) if end else None
    if due_on is not None and (contact or marked or (ended_on is not None and ended_on > due_on)):
        return due_on, False
    if end is None or ended_on is None or end.to_state in _SPARED:
        return None
    return ended_on, False

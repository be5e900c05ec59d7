"""What the tables, the ledger and the bank say about complaints, as a list of what should not be; empty when nothing was lost or done
twice."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from complaints.cases.models import Case, CaseEvent
from complaints.cases.states import ENDED, CaseState, EventKind
from escrow import invariants
from escrow.channels import channel
from escrow.models import AuditEntry, Instruction
from escrow.states import InstructionKind
from prepaid.notices.models import Message

#: What a complaint that is never objected to, extended or reopened meets at most once.
ONCE = frozenset(
    {
        EventKind.RECEIVED,
        EventKind.ACCEPTED,
        EventKind.UPHELD,
        EventKind.OWED,
        EventKind.UNREPAID,
        EventKind.PAID,
        EventKind.TURNED_AWAY,
        EventKind.GROUPED,
        EventKind.REMINDED,
        EventKind.ASKED_BACK,
        EventKind.UNANSWERED,
        EventKind.OBJECTED,
        EventKind.DISPATCH_STANDS,
        EventKind.CALLED_IN,
        EventKind.ASSIST_LATE,
    }
)
REPORTED = (EventKind.OVERDUE, EventKind.MONEY_LATE)
SENT = (EventKind.DISPATCHED, EventKind.UNDETERMINED)


def wrong() -> list[str]:
    """Of all complaints, their messages and audit trail, the ledger, and what the bank moved."""
    cases = list(Case.objects.order_by("id"))
    lines = defaultdict(list)
    for line in CaseEvent.objects.order_by("id"):
        lines[line.case_id].append(line)
    found = [fault for case in cases for fault in _of_case(case, lines[case.pk])]
    found += _of_messages() + _of_audit(cases, lines) + _of_bank()
    return found + [f"ledger: {finding.name}" for finding in invariants.prove() if not finding.ok]


def _of_case(case: Case, lines: list[CaseEvent]) -> Iterable[str]:
    kinds = Counter(line.kind for line in lines)
    if case.state == CaseState.RECEIVED:
        yield f"{case}: not sent"
        return
    if case.lead_department_id is None or (case.state not in ENDED and case.lead_district_id is None):
        yield f"{case}: in no district's queue"
    if sum(kinds[kind] for kind in SENT) != 1 or kinds[EventKind.RECEIVED] != 1:
        yield f"{case}: sent or received not once: {dict(kinds)}"
    if (case.state in {CaseState.IN_HAND, CaseState.EXECUTING}) and case.lead_officer_id is None:
        yield f"{case}: without a lead"
    yield from (f"{case}: {kind} {kinds[kind]} times" for kind in ONCE if kinds[kind] > 1)
    levels = [line.data["level"] for line in lines if line.kind in REPORTED]
    marks = [case.escalated_at, case.city_told_at, case.supervised_at]
    if levels != ["district", "city", "supervision"][: sum(mark is not None for mark in marks)]:
        yield f"{case}: reported to {levels}, marked {marks}"
    state = ""
    for line in lines:
        if line.from_state != state:
            yield f"{case}: {line.kind} begins in {line.from_state}, not in {state}"
        state = line.to_state
    if state != case.state:
        yield f"{case}: is {case.state}, its timeline ends in {state}"


def _of_messages() -> list[str]:
    said = Counter(
        (one.recipient_id, one.phone_index, one.channel, one.kind, one.title, one.body)
        for one in Message.objects.filter(kind__startswith="cases.")
    )
    return [f"message {key} {count} times" for key, count in said.items() if count > 1]


def _of_audit(cases: list[Case], lines: dict[int, list[CaseEvent]]) -> Iterable[str]:
    """Each line of a timeline has its entry, and the other way round."""
    of = {f"case:{case.pk}": case for case in cases}
    entries = defaultdict(list)
    for entry in AuditEntry.objects.filter(target__in=of, action__startswith="cases.").exclude(after__event=None):
        entries[entry.target].append((entry.action, entry.after["event"]))
    return [
        f"{case}: timeline and audit trail differ"
        for target, case in of.items()
        if sorted(entries[target]) != sorted((f"cases.{line.kind}", line.pk) for line in lines[case.pk])
    ]


def _of_bank() -> Iterable[str]:
    """Each refund that was ordered the bank has paid exactly once, and none else."""
    ordered = Counter(Instruction.objects.filter(kind=InstructionKind.REFUND).values_list("number", "amount_fen"))
    bank, paid, after = channel("sandbox"), Counter(), 0
    while lines := bank.statement(after=after):
        paid.update((line.reference, line.amount_fen) for line in lines if line.kind == "refund")
        after = lines[-1].line_no
    return [] if paid == ordered else [f"bank: paid {paid - ordered} beyond, not {ordered - paid}"]

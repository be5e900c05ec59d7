"""What a case's pages say: the steps with their dates, what happens next and by when, the timeline, the figures."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.cases.models import Case, CaseEvent, Outcome, Statement
from complaints.cases.states import (
    CALLBACK_KINDS,
    ENDED_EARLY,
    CallbackChannel,
    CallResult,
    CaseState,
    EventKind,
    EvidenceSide,
    PlaceReason,
    Result,
    Side,
)
from escrow import queries as escrow
from escrow.money import yuan
from escrow.queries import StatementEntry
from escrow.states import RefundBasis
from prepaid.cards import queries as cards
from prepaid.cards.states import RefundCause
from prepaid.people.models import Department, Division
from prepaid.products.refund_rules import Interest, RefundQuote


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the way; ``state`` is ``done``, ``current`` or ``todo``; ``at`` when it was done, or its last day."""

    label: str
    state: str
    at: datetime | date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline. ``text`` is what was said, for those who may read it."""

    label: str | Promise
    at: datetime
    note: str = ""
    who: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What the formulas give for one cause, and the interest it has borne so far."""

    cause: RefundCause
    quote: RefundQuote
    asked: bool
    interest: Interest | None


@dataclass(frozen=True, kw_only=True)
class Money:
    """What custody holds for the card (fen), and how it came to that."""

    held_fen: int
    entries: list[StatementEntry]


def authority(department: Department | None, district: Division | None) -> str:
    """朝阳区商务局; the city's department is 北京市商务局; empty while nobody is responsible."""
    return department.of(district) if department else ""


def owner_of(case: Case) -> str:
    """Who is responsible for the case, in words."""
    return authority(case.lead_department, case.lead_district) or _("being sent to the responsible authority")


def steps_of(case: Case) -> list[Step]:
    """The way of the case as its parties see it: what is done, where it stands, what is still to come and by when."""
    outcome = getattr(case, "outcome", None)
    refund = outcome.refund if outcome else None
    marks: list[tuple[str, datetime | None, str]] = [
        (_("Complaint received"), case.received_at, case.number),
        (_("Sent to the responsible authority"), case.dispatched_at, _routed(case)),
        (_("An officer is in charge and hears both sides"), case.accepted_at, ""),
    ]
    if case.reopened_at is not None:
        marks.append((_("Reopened: the same authority looks at it again"), case.reopened_at, ""))
    if case.state in ENDED_EARLY:
        done = [mark for mark in marks if mark[1]]
        return _walk([*done, _early_end(case)], None)
    if case.redemption is not None:
        return _walk([*marks, (_("Decision"), outcome.decided_at if outcome else None, charged_of(case))], case.due_on)
    if outcome is not None and outcome.result == Result.NOT_UPHELD:
        note = _("Closed without a refund. The card can be used again.")
        return _walk([*marks, (_("Decision"), outcome.decided_at, note)], None)
    upheld = ""
    if outcome is not None:
        upheld = _upheld(outcome)
    marks += [
        (_("Decision"), outcome.decided_at if outcome else None, upheld),
        (_("Money back to the account it was paid from"), refund.paid_at if refund else None, ""),
    ]
    return _walk(marks, case.due_on)


def _upheld(outcome: Outcome) -> str:
    refund = outcome.refund
    interest_fen = refund.interest_fen if refund else 0
    sums = {
        "sum": yuan(refund.owed_fen if refund else outcome.amount_fen or 0),
        "interest": yuan(interest_fen),
        "basis": outcome.get_basis_display(),
    }
    if interest_fen:
        return _("Refund of ¥%(sum)s and ¥%(interest)s interest, on this basis: %(basis)s") % sums
    return _("Refund of ¥%(sum)s, on this basis: %(basis)s") % sums


def next_step_of(case: Case, *, today: date) -> str:
    """What happens next and by when: one sentence, never empty."""
    facts = {"authority": owner_of(case), "due_on": case.due_on.isoformat(), "number": case.number}
    if case.is_overdue(today=today):
        return _("The time limit passed on %(due_on)s. The city's department has been told and follows it up.") % facts
    match CaseState(case.state):
        case CaseState.RECEIVED:
            return _("We are finding the responsible authority. It answers by %(due_on)s.") % facts
        case CaseState.DISPATCHED:
            return _("%(authority)s puts an officer in charge and decides by %(due_on)s.") % facts
        case CaseState.IN_HAND:
            return _("%(authority)s hears both sides and decides by %(due_on)s.") % facts
        case CaseState.EXECUTING:
            return _("The refund is with the bank. The case closes when the bank confirms it.")
        case CaseState.CLOSED if case.redemption is not None:
            return _(
                "Nothing more here: the charge is decided, and the rest is back on the card. You may still go to court."
            )
        case CaseState.CLOSED if case.outcome.result == Result.UPHELD:
            return _("Nothing more: the money is back and the card is settled.")
        case CaseState.CLOSED:
            return _("Nothing more here. You may still go to court or arbitration; this record can be your evidence.")
        case CaseState.SETTLED:
            return _("Nothing more: the charge was withdrawn, and nothing of it is charged.")
        case CaseState.WITHDRAWN if case.redemption is not None:
            return _("Nothing more: the complaint was withdrawn and the charge counts as confirmed.")
        case CaseState.WITHDRAWN:
            return _("Nothing more: the complaint was withdrawn and the card can be used again.")


def timeline_of(case: Case, *, side: Side | None = None) -> list[Line]:
    """Everything that happened, oldest first.

    A side reads every step and date, but only its own words, and of the calls only those made to it; the merchant nothing of the
    callback; officers (``side`` None) read all.
    """
    events = case.events.select_related("by", "department", "district", "statement").order_by("id")
    for event in events:
        event.case = case  # with what was read of it
    return [_line(event, side) for event in events if _shown(event, side)]


def has_answered(case: Case) -> bool:
    """Whether the merchant has said its side, since the case was reopened if it was."""
    return case.statements.filter(side=Side.MERCHANT, at__gte=case.reopened_at or case.received_at).exists()


def figures_of(case: Case, *, held_fen: int | None = None, today: date) -> list[Figure]:
    """What the formulas gave for each cause on the day the refund was asked for, with the interest since; nothing of a case
    about a charge. ``held_fen``: what custody holds for the card, when the caller has it."""
    request = case.refund_request
    if request is None:
        return []
    quotes = {cause: RefundQuote.from_json(case.figures[cause]) for cause in RefundCause}
    refunds = {cause: quote.refund_fen for cause, quote in quotes.items()}
    interest = cards.interest_by_cause(request, refunds=refunds, held_fen=held_fen, today=today)
    return [
        Figure(cause=cause, quote=quotes[cause], asked=cause == request.cause, interest=interest[cause])
        for cause in RefundCause
    ]


def money_of(case: Case) -> Money:
    """Every movement of the card's money, and what is held after the last."""
    entries = escrow.statement_of(case.card.agreement_id)
    return Money(held_fen=entries[-1].held_after_fen if entries else 0, entries=entries)


def _early_end(case: Case) -> tuple[str, datetime | None, str]:
    if case.state == CaseState.SETTLED:
        return _("The charge was withdrawn"), case.closed_at, _("Nothing of it is charged.")
    note = _("The card can be used again.") if case.redemption is None else _("The charge counts as confirmed.")
    return _("Withdrawn by the consumer"), case.closed_at, note


def charged_of(case: Case) -> str:
    """What a decision left of a charge: ``1 session of 3 sessions charged``; else empty."""
    outcome = getattr(case, "outcome", None)
    if outcome is None or case.redemption is None:
        return ""
    figures = {"charged": case.redemption.figure_of(outcome.units), "claimed": case.asked}
    return _("%(charged)s of %(claimed)s charged") % figures


def _walk(marks: list[tuple[str, datetime | None, str]], due_on: date | None) -> list[Step]:
    """Dated marks are done, the first undated one is current, the rest is to come; the decision carries its last day."""
    steps: list[Step] = []
    current = True
    for label, at, note in marks:
        state = "done" if at else ("current" if current else "todo")
        current = current and at is not None
        last_day = due_on if at is None and label == _("Decision") else None
        if last_day:
            note = _("at the latest")
        steps.append(Step(label=label, state=state, at=at or last_day, note=note))
    return steps


def _routed(case: Case) -> str:
    if case.lead_department is None:
        return ""
    reason = PlaceReason(case.place_reason).label
    return _("%(authority)s, found by %(reason)s") % {"authority": owner_of(case), "reason": reason}


def _shown(event: CaseEvent, side: Side | None) -> bool:
    if event.kind in CALLBACK_KINDS:
        return side != Side.MERCHANT
    return side is None or event.kind != EventKind.CALL or event.data["side"] == side


def _line(event: CaseEvent, side: Side | None) -> Line:
    kind, note, text = EventKind(event.kind), "", ""
    place = authority(event.department, event.district)
    match kind:
        case EventKind.DISPATCHED | EventKind.UNDETERMINED:
            note = f"{place} · {PlaceReason(event.data['place_reason']).label}"
        case EventKind.ACCEPTED | EventKind.ASSIGNED:
            note = place
        case EventKind.STATEMENT | EventKind.REOPENED if event.statement is not None:
            note = event.statement.get_side_display()
            if side is None or side == event.statement.side:
                text = _said(event.statement)
        case EventKind.EVIDENCE:
            count = event.data["files"]
            files = ngettext("%(count)s file", "%(count)s files", count) % {"count": count}
            note = f"{EvidenceSide(event.data['side']).label} · {files}"
        case EventKind.CALL:
            note = f"{Side(event.data['side']).label}: {CallResult(event.data['result']).label}"
        case EventKind.UPHELD:
            note = f"¥{yuan(event.data['amount_fen'])} · {RefundBasis(event.data['basis']).label}"
        case EventKind.CHARGE_DECIDED:
            note = charged_of(event.case)
        case EventKind.OVERDUE:
            note = _("Last day: %(day)s") % {"day": event.data["due_on"]}
        case EventKind.ASKED_BACK:
            note = _("Answer by %(day)s") % {"day": event.data["answers_until"]}
        case EventKind.ANSWERED_BACK:
            note = _answered(event.data)
    who = event.by.display_name if event.by and side is None else ""
    return Line(label=kind.label, at=event.at, note=note, who=who, text=text)


def _answered(data: dict[str, Any]) -> str:
    """What a callback came to, in a line."""
    return " · ".join(
        [
            str(CallbackChannel(data["channel"]).label),
            _("contacted") if data["reached"] else _("not contacted"),
            _("resolved") if data["resolved"] else _("not resolved"),
            _("satisfied") if data["satisfied"] else _("not satisfied"),
        ]
    )


def _said(statement: Statement) -> str:
    if statement.offer_fen is None:
        return statement.text
    return f"{statement.text}\n" + _("Agrees to pay back ¥%(sum)s.") % {"sum": yuan(statement.offer_fen)}

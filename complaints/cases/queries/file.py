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
    INTERNAL_KINDS,
    OF_THE_WAVE,
    CallbackChannel,
    CallResult,
    CaseState,
    DocumentKind,
    EventKind,
    EvidenceSide,
    Level,
    Limit,
    MediationState,
    ObjectionState,
    PlaceReason,
    Result,
    Side,
)
from escrow import queries as escrow
from escrow.clock import BEIJING
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
        (_sent(case), case.dispatched_at, _routed(case)),
        (_("An officer is in charge and hears both sides"), case.accepted_at, ""),
    ]
    if case.reopened_at is not None:
        marks.append((_("Reopened: the same authority looks at it again"), case.reopened_at, ""))
    if case.state in ENDED_EARLY:
        done = [mark for mark in marks if mark[1]]
        return _walk([*done, _early_end(case)], None)
    if outcome is not None and outcome.result == Result.OUT_OF_SCOPE:
        done = [mark for mark in marks if mark[1]]
        return _walk([*done, (_("Not a matter of prepaid consumption"), outcome.decided_at, "")], None)
    if case.outside is not None:
        return _walk(marks + _outside_marks(case, outcome), case.due_on)
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


def _outside_marks(case: Case, outcome: Outcome | None) -> list[tuple[str, datetime | None, str]]:
    """The decision and, of one in the consumer's favour, the money."""
    repayment = outcome.repayment if outcome else None
    if outcome is not None and repayment is None:
        return [(_("Decision"), outcome.decided_at, _("Closed without a refund."))]
    note = ""
    if outcome is not None and repayment is not None:
        facts = {
            "sum": yuan(repayment.amount_fen),
            "day": repayment.due_on.isoformat(),
            "basis": outcome.get_basis_display(),
        }
        note = _("The merchant pays ¥%(sum)s by %(day)s, on this basis: %(basis)s") % facts
    decided = (_("Decision"), outcome.decided_at if outcome else None, note)
    if repayment is not None and repayment.given_up_at is not None:
        return [decided, (_("Closed; the debt stays open"), repayment.given_up_at, "")]
    return [decided, (_("Money back from the merchant"), repayment.paid_at if repayment else None, "")]


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


def next_step_of(case: Case, *, at: datetime) -> str:
    """What happens next and by when: one sentence, never empty."""
    facts = {"authority": owner_of(case), "due_on": until(case), "number": case.number}
    if case.is_overdue(at=at):
        return _overdue(case, facts)
    match CaseState(case.state):
        case CaseState.RECEIVED:
            return _("We are finding the responsible authority. It answers by %(due_on)s.") % facts
        case CaseState.DISPATCHED if case.undetermined:
            return _("%(authority)s first determines whose matter it is. It is decided by %(due_on)s.") % facts
        case CaseState.DISPATCHED:
            return _("%(authority)s puts an officer in charge and decides by %(due_on)s.") % facts
        case CaseState.IN_HAND:
            return _("%(authority)s hears both sides and decides by %(due_on)s.") % facts
        case CaseState.EXECUTING | CaseState.CLOSED | CaseState.WITHDRAWN if case.outside is not None:
            return _next_outside(case)
        case CaseState.EXECUTING if case.is_supervised:
            return _(
                "The refund is decided and was to arrive by %(day)s. The case is on the city's supervision list until the bank confirms it."
            ) % {"day": str(case.money_due_on)}
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


def _next_outside(case: Case) -> str:
    """What happens next after a decision about a purchase outside custody, or after its end."""
    repayment = case.outcome.repayment if hasattr(case, "outcome") else None
    if case.state == CaseState.WITHDRAWN:
        return _("Nothing more: the complaint was withdrawn.")
    if case.outcome.result == Result.OUT_OF_SCOPE and case.foreign_system:
        return _("Nothing more here: it is not a matter of prepaid consumption. %(system)s has this answer too.") % {
            "system": case.foreign_system
        }
    if case.outcome.result == Result.OUT_OF_SCOPE:
        return _("Nothing more here: it is not a matter of prepaid consumption. For other matters call 12345.")
    if repayment is None:
        return _("Nothing more here. You may still go to court or arbitration; this record can be your evidence.")
    facts = {"sum": yuan(repayment.amount_fen), "day": repayment.due_on.isoformat(), "authority": owner_of(case)}
    if repayment.paid_at is not None:
        return _("Nothing more: the money is back.")
    if repayment.given_up_at is not None:
        return _("Closed here. ¥%(sum)s are still owed: the debt can be taken to court with this record.") % facts
    if repayment.unpaid_marked_at is not None:
        return _("The merchant has not paid ¥%(sum)s by %(day)s. %(authority)s follows it up.") % facts
    return _("The merchant pays ¥%(sum)s by %(day)s. The complaint ends when the consumer has it.") % facts


def until(case: Case) -> str:
    """The last day of the time limit; of a limit in hours the minute, in Beijing."""
    return f"{case.due_at.astimezone(BEIJING):%Y-%m-%d %H:%M}" if case.due_at else case.due_on.isoformat()


def _overdue(case: Case, facts: dict[str, str]) -> str:
    if case.supervised_at is not None:
        return (
            _("The time limit passed on %(due_on)s. The case is on the city's supervision list until it ends.") % facts
        )
    if case.city_told_at is not None:
        return _("The time limit passed on %(due_on)s. The city's department has been told and follows it up.") % facts
    return _("The time limit passed on %(due_on)s. It is reported and followed up from level to level.") % facts


def timeline_of(case: Case, *, side: Side | None = None) -> list[Line]:
    """Everything that happened, oldest first.

    A side reads every step and date, but only its own words, and of the calls only those made to it; the merchant nothing of the
    callback; officers (``side`` None) read all.
    """
    events = case.events.select_related("by", "department", "district", "statement", "reply").order_by("id")
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
    if case.card is None:
        return Money(held_fen=0, entries=[])
    entries = escrow.statement_of(case.card.agreement_id)
    return Money(held_fen=entries[-1].held_after_fen if entries else 0, entries=entries)


def _early_end(case: Case) -> tuple[str, datetime | None, str]:
    if case.state == CaseState.SETTLED:
        return _("The charge was withdrawn"), case.closed_at, _("Nothing of it is charged.")
    if case.outside is not None:
        note = ""
    elif case.redemption is not None:
        note = _("The charge counts as confirmed.")
    else:
        note = _("The card can be used again.")
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


def _sent(case: Case) -> str:
    if case.undetermined:
        return _("Sent to a person who determines the responsible authority")
    return _("Sent to the responsible authority")


def _routed(case: Case) -> str:
    if case.lead_department is None:
        return ""
    reason = PlaceReason(case.place_reason).label
    if case.place_reason == PlaceReason.UNKNOWN:
        return f"{owner_of(case)} · {reason}"
    return _("%(authority)s, found by %(reason)s") % {"authority": owner_of(case), "reason": reason}


def _shown(event: CaseEvent, side: Side | None) -> bool:
    if event.kind in INTERNAL_KINDS:
        return side is None
    if event.kind in CALLBACK_KINDS or event.kind in OF_THE_WAVE:
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
        case EventKind.REPLIED if event.reply is not None:
            text = event.reply.text
        case EventKind.EVIDENCE:
            count = event.data["files"]
            files = ngettext("%(count)s file", "%(count)s files", count) % {"count": count}
            note = f"{EvidenceSide(event.data['side']).label} · {files}"
        case EventKind.CALL:
            note = f"{Side(event.data['side']).label}: {CallResult(event.data['result']).label}"
        case EventKind.UPHELD:
            note = f"¥{yuan(event.data['amount_fen'])} · {RefundBasis(event.data['basis']).label}"
        case EventKind.OWED:
            note = (
                f"¥{yuan(event.data['amount_fen'])} · {RefundBasis(event.data['basis']).label} · {event.data['pay_by']}"
            )
        case EventKind.REPAID | EventKind.ENDED_UNPAID:
            told = event.data.get("evidence") or event.data.get("reasons") or ""
            note = " · ".join(part for part in (f"¥{yuan(event.data['amount_fen'])}", told) if part)
        case EventKind.UNREPAID:
            note = _("Last day: %(day)s") % {"day": event.data["due_on"]}
        case EventKind.CHARGE_DECIDED:
            note = charged_of(event.case)
        case EventKind.MEDIATED:
            note = str(MediationState(event.data["state"]).label)
        case EventKind.CONFIRMED:
            note = str(Side(event.data["side"]).label)
        case EventKind.AGREED:
            note = f"¥{yuan(event.data['fen'])}"
        case EventKind.ISSUED:
            note = f"{DocumentKind(event.data['kind']).label} · {event.data['number']}"
        case EventKind.OVERDUE | EventKind.MONEY_LATE:
            note = _("Last day: %(day)s") % {"day": event.data["due_on"]}
            if "level" in event.data:
                note = f"{Level(event.data['level']).label} · {note}"
        case EventKind.LIMITED:
            note = f"{Limit(event.data['limit']).label} · " + _("Last day: %(day)s") % {"day": event.data["due_on"]}
        case EventKind.EXTENDED | EventKind.REMINDED:
            note = _("Last day: %(day)s") % {"day": event.data["due_on"]}
        case EventKind.OBJECTED | EventKind.REPORTED | EventKind.HELPED | EventKind.CALL_ENDED:
            note = place
        case EventKind.CALLED_IN | EventKind.ASSIST_LATE:
            note = f"{place} · " + _("Answer by %(day)s") % {"day": event.data["answer_by"]}
        case EventKind.DISPATCH_CHANGED | EventKind.DISPATCH_STANDS:
            note = str(ObjectionState(event.data["result"]).label)
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

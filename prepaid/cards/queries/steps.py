"""The dated steps of a refund request: what happened, what is happening, what comes next and by when."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from escrow.models import Refund
from escrow.money import yuan
from escrow.states import InstructionState, RefundBasis
from prepaid.cards.models import RefundRequest
from prepaid.cards.queries.cash import account_step, deposit_of, where_it_goes
from prepaid.cards.queries.refunds import claim_of
from prepaid.cards.states import RefundState


@dataclass(frozen=True, kw_only=True)
class Step:
    """``state``: done, current or todo."""

    label: str
    state: str
    at: datetime | date | None = None
    note: str = ""


def steps_of(request: RefundRequest) -> list[Step]:
    """Every step of the request, in order."""
    asked = Step(
        label=_("Refund of ¥%(sum)s requested") % {"sum": yuan(request.asked_fen)},
        state="done",
        at=request.requested_at,
    )
    if request.basis == RefundBasis.COOLING_OFF:
        granted = Step(
            label=_("Granted at once: asked within the cooling-off period"), state="done", at=request.closed_at
        )
        return [asked, granted, *_money(request)]
    return [asked, *_answer(request), *_complaint(request), *_end(request)]


def _answer(request: RefundRequest) -> list[Step]:
    state = request.state
    if state == RefundState.REQUESTED:
        note = (
            _("In this sector silence until then is consent, and the sum is paid.")
            if request.silence_agrees
            else _("Without an answer until then the way to the regulator is open.")
        )
        return [Step(label=_("The merchant answers by"), state="current", at=request.answer_due_on, note=note)]
    steps = []
    if request.lapsed_at is not None:
        note = _("In this sector silence is consent.") if request.silence_agrees else ""
        label = _("The merchant's term ended without an answer")
        steps.append(Step(label=label, state="done", at=request.answer_due_on, note=note))
    if request.answered_at is not None:
        steps.append(Step(label=_answer_label(request), state="done", at=request.answered_at, note=request.answer_text))
    if request.may_complain:
        steps.append(
            Step(
                label=_("The consumer decides: take the offer, complain to the regulator, or withdraw")
                if state == RefundState.OFFERED
                else _("The consumer decides: complain to the regulator, or withdraw"),
                state="current",
                note=_("The money stays frozen until then."),
            )
        )
    return steps


def _answer_label(request: RefundRequest) -> str:
    if request.offered_fen is not None:
        return _("The merchant offered ¥%(sum)s") % {"sum": yuan(request.offered_fen)}
    if request.basis == RefundBasis.CONSENT:
        return _("The merchant agreed")
    return _("The merchant refused")


def _complaint(request: RefundRequest) -> list[Step]:
    if request.complained_at is None:
        return []
    now = request.state == RefundState.COMPLAINED
    note = _("The complaint's page shows who is responsible and by when.") if now else ""
    return [
        Step(
            label=_("Complaint to the regulator"),
            state="current" if now else "done",
            at=request.complained_at,
            note=note,
        )
    ]


def _end(request: RefundRequest) -> list[Step]:
    if request.state == RefundState.WITHDRAWN:
        return [Step(label=_("Request withdrawn; the card can be used again"), state="done", at=request.closed_at)]
    if request.state == RefundState.DISMISSED:
        return [
            Step(label=_("Closed without a refund; the card can be used again"), state="done", at=request.closed_at)
        ]
    if request.granted_fen is None:
        return [Step(label=_("The money goes %(where)s") % {"where": where_it_goes(request.card)}, state="todo")]
    label = _("¥%(sum)s granted: %(basis)s") % {
        "sum": yuan(request.granted_fen),
        "basis": request.get_basis_display(),
    }
    refund = request.refund
    note = ""
    if refund is not None and refund.interest_fen:
        note = _("And ¥%(sum)s interest.") % {"sum": yuan(refund.interest_fen)}
    return [Step(label=label, state="done", at=request.closed_at, note=note), *_money(request)]


def _money(request: RefundRequest) -> list[Step]:
    refund = request.refund
    claim = claim_of(refund)
    deposit = deposit_of(request.card)
    if deposit is not None and deposit.taken_back_at is not None:
        note = _("The shop has to bring it to custody again first.")
        return [
            Step(label=_("The bank has undone the deposit of your cash: the refund waits"), state="current", note=note)
        ]
    if account_step(request.card) is not None:
        return [
            Step(label=_("The money waits for the bank account that you name, since you paid in cash"), state="current")
        ]
    if claim is None or refund is None:
        account = refund.instruction.payee_account if refund and refund.instruction else ""
        label = (
            _("Paid to your bank account ending in %(digits)s; the card is closed") % {"digits": account[-4:]}
            if account
            else _("Paid back to where it was paid from; the card is closed")
        )
        return [_bank(label, refund.paid_at if refund else None, account=account), *_interest(refund)]
    first = _("¥%(sum)s paid back to where it was paid from; the card is closed") % {"sum": yuan(refund.first_fen)}
    order = refund.instruction
    at_once = order.done_at if order and order.state == InstructionState.SUCCEEDED else None
    steps = [_bank(first, at_once), *_interest(refund)] if refund.amount_fen else []
    named = {"sum": yuan(claim.open_fen), "claim": claim}
    if claim.open_fen:
        note = _("The merchant's later payouts pay claims first, the oldest before the next.")
        return [*steps, Step(label=_("¥%(sum)s still open as claim %(claim)s") % named, state="current", note=note)]
    return [
        *steps,
        Step(label=_("Claim %(claim)s paid by the merchant's payouts") % named, state="done", at=claim.closed_at),
    ]


def _interest(refund: Refund | None) -> list[Step]:
    """What the interest adds above the payment, which takes back no more than it brought."""
    order = refund.interest_instruction if refund else None
    if order is None:
        return []
    done = order.state == InstructionState.SUCCEEDED
    named = {"sum": yuan(order.amount_fen)}
    return [
        Step(
            label=(_("¥%(sum)s interest paid") if done else _("The bank pays ¥%(sum)s interest")) % named,
            state="done" if done else "current",
            at=order.done_at if done else None,
            note=_("An order of its own: a payment takes back no more than was paid."),
        )
    ]


def _bank(label: str, paid_at: datetime | None, *, account: str = "") -> Step:
    if paid_at is not None:
        return Step(label=label, state="done", at=paid_at)
    return Step(
        label=_("The bank pays it to your bank account ending in %(digits)s") % {"digits": account[-4:]}
        if account
        else _("The bank pays it back to where it was paid from"),
        state="current",
        note=_("Usually within minutes; the date stands here once the bank has confirmed it."),
    )

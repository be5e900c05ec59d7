"""A case that is not resolved goes back to the officer who led it, once (首接负责: JS 14)."""

from datetime import datetime

from complaints.cases.models import Case, Statement
from complaints.cases.operations import messages, moves
from complaints.cases.operations.callbacks import locked_callback
from complaints.cases.operations.intake import checked_text, reckoned, terms_from
from complaints.cases.queries.callbacks import why_not_reopened
from complaints.cases.states import CaseState, EventKind, Limit, Side
from escrow.clock import beijing_date
from escrow.transactions import transaction
from prepaid.cards import operations as cards


def reopen_case(*, callback_id: int, text: str, at: datetime) -> Case:
    """The consumer, who answered that it is not resolved, says why: the card is frozen again, the case returns to its lead with
    new terms, and its first outcome is kept as the earlier one. The causes are reckoned anew, for the card may have been used.

    Raises:
        NotFound, TextMissing. NotUnresolved, ReopenedBefore, ReopeningOver, NothingToReopen.
        RefundAlreadyAsked: another request of the card is open. NotRefundable, ChargesPending: as when a refund is asked for.
    """
    text = checked_text(text)
    with transaction():
        callback = locked_callback(callback_id)
        case = callback.case
        if refusal := why_not_reopened(callback, today=beijing_date(at)):
            raise refusal
        assert case.refund_request is not None  # else it was refused above
        actor = f"callback:{callback.pk}"
        request = cards.take_up_request(card_id=case.own_card.pk, request_id=case.refund_request.pk, at=at, actor=actor)
        _set_aside_outcome(case)
        due_before = case.due_on
        case.closed_at = case.reminded_at = case.escalated_at = case.city_told_at = case.supervised_at = None
        case.money_due_on = None
        case.reopened_at, case.figures = at, reckoned(request)
        for name, value in terms_from(at, Limit(case.limit)).items():
            setattr(case, name, value)
        said = Statement.objects.create(case=case, side=Side.CONSUMER, author=case.complainant, text=text, at=at)
        moves.move(
            case,
            CaseState.IN_HAND,
            EventKind.REOPENED,
            at=at,
            actor=actor,
            department=case.lead_department,
            district=case.lead_district,
            statement=said,
            data={"due_before": due_before},
        )
        messages.reopened(case, at=at)
        return moves.lock(case.pk)


def _set_aside_outcome(case: Case) -> None:
    outcome = case.outcome
    outcome.case, outcome.reopened_case = None, case
    outcome.save()

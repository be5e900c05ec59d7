"""A merchant closes or moves: its customers are told, may have the rest back at once, and in the end get it without asking."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import OperationalError

from escrow import audit
from escrow.errors import DomainError, NotFound
from escrow.once import one_page
from escrow.states import RefundBasis
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.errors import ClosingNotApproved, ClosingNothingToPayBack, ClosingNotOver
from prepaid.cards.models import PayBackFault, RefundRequest
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_cards
from prepaid.cards.operations.refunds import Granted, grant_many, open_charges_of
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Closing, Handover
from prepaid.notices import operations as notices

logger = logging.getLogger(__name__)
#: Holders told in one go; the sweep goes on where it stopped.
AT_ONCE = 200


def tell_holders(*, closing_id: int, at: datetime) -> int:
    """Tell the next ``AT_ONCE`` holders of what was announced, or that it was withdrawn; nobody twice, nobody left out,
    wherever it was interrupted. Returns how many were told. Raises ``NotFound``."""
    with transaction():
        closing = _locked(closing_id)
        if closing.told_at is not None:
            return 0
        cards = list(queries.cards_to_tell(closing).filter(pk__gt=closing.told_up_to).order_by("pk")[:AT_ONCE])
        notices.send_many((letters.closing(card, closing) for card in cards), at=at)
        if cards:
            closing.told_up_to = cards[-1].pk
        if len(cards) < AT_ONCE:
            closing.told_at = at
        closing.save(update_fields=["told_up_to", "told_at"])
    return len(cards)


def tell_of_handover(*, handover_id: int, at: datetime) -> int:
    """Tell the next ``AT_ONCE`` holders that who runs the merchant changes, or what came of it; like ``tell_holders``. Who was
    not told yet when it ended learns the end alone. Raises ``NotFound``."""
    with transaction():
        rows = Handover.objects.select_for_update(no_key=True, of=("self",))
        handover = rows.filter(pk=handover_id).first()
        if handover is None:
            raise NotFound()
        if handover.told_at is not None:
            return 0
        cards = list(
            queries.cards_sold_by(handover.merchant_id).filter(pk__gt=handover.told_up_to).order_by("pk")[:AT_ONCE]
        )
        notices.send_many((letters.handover(card, handover) for card in cards), at=at)
        if cards:
            handover.told_up_to = cards[-1].pk
        if len(cards) < AT_ONCE:
            handover.told_at = at
        handover.save(update_fields=["told_up_to", "told_at"])
    return len(cards)


def close_merchant(*, closing_id: int, at: datetime, actor: str) -> Closing:
    """All that follows from a closing that holds, now and by this process instead of by the workers': the place is closed, every card
    that can be used nowhere is paid back, every holder told. It may be interrupted anywhere and begun anew, also beside the workers;
    nothing is done twice.

    Raises:
        NotFound: there is none of this number.
        ClosingNotApproved, ClosingNothingToPayBack, ClosingNotOver: nothing was changed.
    """
    closing = Closing.objects.filter(pk=closing_id).first()
    if closing is None:
        raise NotFound()
    if closing.waits_for_second:
        raise ClosingNotApproved()
    if not closing.pays_back:
        raise ClosingNothingToPayBack()
    closing = merchants.end_service(closing_id=closing_id, at=at, actor=actor)
    if closing.ended_at is None:
        raise ClosingNotOver(last_day=closing.last_day.isoformat())
    refund_closed_cards(closing_id=closing_id, at=at, actor=actor)
    while tell_holders(closing_id=closing_id, at=at):
        pass
    closing.refresh_from_db()
    return closing


def refund_closed_cards(*, closing_id: int, at: datetime, actor: str) -> int:
    """Pay back every card that can be used nowhere any more, many in one deed; it may be interrupted anywhere and begun anew. Two
    runs beside each other share the cards. Those come last that draw on what the merchant has: what the others leave it pays them
    too. What a regulator has before it stays with the regulator. Done again when more has come to custody. Returns how many were
    paid. Raises ``NotFound``."""
    closing = Closing.objects.filter(pk=closing_id).first()
    if closing is None:
        raise NotFound()
    if closing.ended_at is None or closing.moves:
        return 0
    paid = faults = 0
    with one_page():
        # What another run is busy with is waited for in the second round; in the third there is nothing left of the first.
        for draw, wait in ((False, False), (False, True), (True, True)):
            card_ids = list(queries.cards_to_pay_back(closing).values_list("pk", flat=True))
            faults = 0
            for ids in queries.slices(iter(card_ids), queries.AT_ONCE):
                done, undone = _pay_back_or_halve(ids, closing_id=closing_id, draw=draw, wait=wait, at=at, actor=actor)
                paid, faults = paid + done, faults + undone
    if not faults:
        with transaction():
            closing = _locked(closing_id)
            first = closing.refunded_at is None
            if first:
                closing.refunded_at = at
                closing.save(update_fields=["refunded_at"])
            if first or paid:
                target = f"closing:{closing.pk}"
                audit.record(actor=actor, action="cards.closing_refunded", target=target, after={"paid": paid}, at=at)
    return paid


def pay_back(
    *, card_ids: Sequence[int], closing_id: int, draw: bool = True, wait: bool = True, at: datetime, actor: str
) -> list[RefundRequest]:
    """The rest of cards of one merchant whose places are all closed, by the formula of the merchant's cause and with the interest
    of the law, without anybody asking (SPC 13): of all of them in one deed, or of none. A request that waits is granted, with at
    least what it asked. Left out are those with nothing to pay, that can still be used somewhere, or that a regulator decides about
    (``queries.pay_backs``); unless ``draw`` those that the card's own money does not pay; and unless ``wait`` those that somebody
    else is busy with. Returns the requests that were granted.

    Raises:
        DomainError: what one of them was refused for.
    """
    with transaction():
        free = locked_cards(card_ids, wait=wait)
        rows = queries.waiting_requests(free).select_for_update(no_key=True, of=("self",))
        found = [
            one
            for one in queries.pay_backs(queries.cards_to_judge(free), rows, at=at)
            if one.fate == queries.Fate.PAID_BACK and (draw or not one.draws)
        ]
        if not found:
            return []
        returned = list(open_charges_of([one.face.card for one in found]))
        granted = [
            Granted(
                one.request or _unasked(one, at=at), one.amount_fen, one.interest, fields={"closing_id": closing_id}
            )
            for one in found
        ]
        grant_many(granted, basis=RefundBasis.CLOSURE, at=at, actor=actor)
        for redemption in returned:
            letters.charge_returned(redemption, at=at)
    return [one.request for one in granted]


def _unasked(one: queries.PayBack, *, at: datetime) -> RefundRequest:
    """What its holder would have asked for."""
    assert one.quote is not None  # it is paid back
    return RefundRequest(
        card=one.face.card,
        state=RefundState.REQUESTED,
        cause=RefundCause.OPERATOR,
        asked_fen=one.amount_fen,
        quote=one.quote.to_json(),
        requested_at=at,
    )


def _pay_back_or_halve(card_ids: Sequence[int], *, closing_id: int, at: datetime, **how: Any) -> tuple[int, int]:
    """One card's fault keeps nobody else waiting: it is looked for in halves and written down, and the sweep comes back to it. How
    many were paid, and how many could not be."""
    try:
        return len(pay_back(card_ids=card_ids, closing_id=closing_id, at=at, **how)), 0
    except OperationalError:  # the server's fault, or a lock's
        raise
    except Exception as error:  # whatever is wrong with one card, the others are paid
        if len(card_ids) > 1:
            middle = len(card_ids) // 2
            halves = [
                _pay_back_or_halve(part, closing_id=closing_id, at=at, **how)
                for part in (card_ids[:middle], card_ids[middle:])
            ]
            return sum(paid for paid, _faults in halves), sum(faults for _paid, faults in halves)
        code = error.code if isinstance(error, DomainError) else type(error).__name__
        logger.warning("card %s of closing %s: %s", card_ids[0], closing_id, code, exc_info=True)
        facts = {"code": code[:64], "at": at}
        PayBackFault.objects.update_or_create(closing_id=closing_id, card_id=card_ids[0], defaults=facts)
        return 0, 1


def _locked(closing_id: int) -> Closing:
    rows = Closing.objects.select_for_update(no_key=True, of=("self",)).select_related("merchant", "store")
    closing = rows.filter(pk=closing_id).first()
    if closing is None:
        raise NotFound()
    return closing

"""A merchant closes or moves: its customers are told, may have the rest back at once, and in the end get it without asking."""

import logging
from datetime import datetime

from escrow import audit, clock
from escrow.errors import DomainError, NotFound
from escrow.states import AgreementState, RefundBasis
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.models import RefundRequest
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.operations.refunds import grant, open_charges
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants.models import Closing, Handover

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
        cards = list(queries.cards_at(closing).filter(pk__gt=closing.told_up_to).order_by("pk")[:AT_ONCE])
        for card in cards:
            letters.closing(card, closing, at=at)
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
        for card in cards:
            letters.handover(card, handover, at=at)
        if cards:
            handover.told_up_to = cards[-1].pk
        if len(cards) < AT_ONCE:
            handover.told_at = at
        handover.save(update_fields=["told_up_to", "told_at"])
    return len(cards)


def refund_closed_cards(*, closing_id: int, at: datetime, actor: str) -> int:
    """Pay back every card that can be used nowhere any more; each is a deed of its own, so it may be interrupted and begun anew.
    What a regulator has before it stays with the regulator. Done again when more has come to custody. Returns how many were paid.
    Raises ``NotFound``."""
    closing = Closing.objects.filter(pk=closing_id).first()
    if closing is None:
        raise NotFound()
    if closing.ended_at is None or closing.moves:
        return 0
    paid = failed = 0
    for card_id in queries.cards_to_pay_back(closing).values_list("pk", flat=True).iterator():
        try:
            paid += refund_closed_card(card_id=card_id, at=at, actor=actor) is not None
        except DomainError as error:  # one card's fault keeps nobody else waiting; the sweep comes back to it
            logger.warning("card %s of closing %s: %s", card_id, closing_id, error.code)
            failed += 1
    if not failed:
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


def refund_closed_card(*, card_id: int, at: datetime, actor: str) -> RefundRequest | None:
    """The rest of a card whose places are all closed, by the formula of the merchant's cause and with the interest of the law,
    without anybody asking (SPC 13). A request that waits is granted, with at least what it asked. None: there is nothing to
    pay, it can still be used somewhere, or a regulator decides about it. Raises ``NotFound``."""
    with transaction():
        card = locked_card(card_id)
        if not queries.is_closed(card=card):
            return None
        request = card.refund_requests.filter(state__in=queries.UNSETTLED_STATES).first()
        if request is not None and request.state in {RefundState.COMPLAINED, RefundState.GRANTED}:
            return None
        face = queries.face_of(card=card, today=clock.beijing_date(at))
        if request is None and face.holding.state != AgreementState.HELD:
            return None
        quote = queries.refund_quote(card=card, cause=RefundCause.OPERATOR, at=at)
        amount_fen = min(max(quote.refund_fen, request.asked_fen if request else 0), face.holding.price_fen)
        if amount_fen == 0:
            return None
        returned = list(open_charges(card))
        if request is None:
            request = RefundRequest.objects.create(
                card=card,
                state=RefundState.REQUESTED,
                cause=RefundCause.OPERATOR,
                asked_fen=amount_fen,
                quote=quote.to_json(),
                requested_at=at,
            )
            request.card = card
        grant(request, amount_fen, RefundBasis.CLOSURE, at=at, actor=actor)
        for redemption in returned:
            letters.charge_returned(redemption, at=at)
    return request


def _locked(closing_id: int) -> Closing:
    rows = Closing.objects.select_for_update(no_key=True, of=("self",)).select_related("merchant", "store")
    closing = rows.filter(pk=closing_id).first()
    if closing is None:
        raise NotFound()
    return closing

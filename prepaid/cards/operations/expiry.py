"""Holders are told of the last day of a card before it comes."""

from datetime import datetime

from escrow import clock
from escrow.states import AgreementState
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.models import ExpiryNotice
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_card


def tell_of_expiry(*, card_id: int, at: datetime) -> ExpiryNotice | None:
    """Tell the holder which day is the last one and what she can do; each notice once. None: it is not due, was sent, or there
    is nothing to say: nothing is left, a refund is under way, the shop does not serve and the days stand still, or it is a month of
    a membership (``tell_of_month``).
    Raises ``NotFound``."""
    today = clock.beijing_date(at)
    with transaction():
        card = locked_card(card_id)
        face = queries.face_of(card=card, today=today)
        if card.version.months or face.holding.state != AgreementState.HELD:
            return None
        if not (face.spendable_fen or face.waiting_fen or face.gift_fen):
            return None
        if face.term is not None and face.term.stop is not None:
            return None
        last_day, days_before = face.last_day, queries.notice_due(card=card, last_day=face.last_day, today=today)
        if last_day is None or days_before is None:
            return None
        if queries.was_told(card=card, days_before=days_before, today=today):
            return None
        notice = ExpiryNotice.objects.create(card=card, days_before=days_before, last_day=last_day, sent_at=at)
        letters.card_expires(face, at=at)
    return notice

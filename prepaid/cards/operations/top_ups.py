"""A card with several payments: what a top-up may be added to, and which payment a charge is drawn from."""

from datetime import date

from escrow.errors import CannotTopUp, NotFound
from escrow.money import yuan
from escrow.states import FACE_VALUE_PLANS
from prepaid.cards import queries
from prepaid.cards.errors import LotsTooSmall, MonthUnpaid, TopUpTermsGone
from prepaid.cards.models import Card
from prepaid.products.queries import Custody


def to_top_up(*, holder_id: int, card_id: int, version_id: int, custody: Custody) -> Card:
    """The holder's card, locked, if a further payment on the card's own terms may be ordered for it now. Inside the
    transaction that orders it; escrow refuses a card that is not held.

    Raises:
        NotFound: no card of theirs. CannotTopUp: a top-up itself, or a card that counts days. TopUpTermsGone: it was sold on
        other terms than those on sale.
    """
    card = (
        Card.objects.select_for_update(of=("self",), no_key=True)
        .select_related("agreement", "version")
        .filter(pk=card_id, holder_id=holder_id)
        .first()
    )
    if card is None:
        raise NotFound()
    if not queries.can_top_up(card):
        raise CannotTopUp()
    if card.version_id != version_id or card.custody_percent != custody.percent:
        raise TopUpTermsGone()
    return card


def lot_for(lots: list[Card], *, wanted: int, today: date) -> queries.CardFace:
    """The payment of the shown card (``queries.lots_of``) that a charge of ``wanted`` units is drawn from: the oldest that covers
    it. The card's own when it was never topped up, or when none can be used, so that the refusal says what is the matter with it;
    of a membership the month paid last.

    Raises:
        LotsTooSmall: several payments can be used, and none of them covers it alone. MonthUnpaid: it rests until the next month is
        paid.
    """
    faces = queries.faces_of(cards=lots, today=today)
    usable = [face for face in faces if face.is_usable]
    for face in usable:
        if face.holding.units_left >= wanted:
            return face
    if len(usable) > 1:
        most = max(face.holding.units_left for face in usable)
        raise LotsTooSmall(most=f"¥{yuan(most)}" if lots[0].version.plan in FACE_VALUE_PLANS else most)
    if usable or lots[0].version.months is None:
        return usable[0] if usable else faces[0]
    last = faces[-1]
    if last.is_active and last.has_expired and queries.may_go_on(lots):
        raise MonthUnpaid(day=last.last_day)
    return last

"""The payments that one card carries: its own, and its top-ups."""

from collections.abc import Iterable
from datetime import date

from escrow.errors import CannotTopUp
from escrow.states import AgreementState, Plan
from prepaid.cards.errors import TopUpTermsGone
from prepaid.cards.models import Card
from prepaid.cards.queries.wallet import CardFace, faces_of
from prepaid.products.errors import NotOnSale
from prepaid.products.models import ProductVersion
from prepaid.products.queries import sellable_version


def lots_of(*, card: Card) -> list[Card]:
    """The card itself and what was paid on top of it, the oldest first; top-ups that were never paid are left out."""
    paid = card.top_ups.filter(agreement__funded_at__isnull=False)
    return [card, *paid.select_related("agreement", "issuer__sector", "version__product", "holder").order_by("pk")]


def top_ups_of(*, card: Card, today: date) -> list[CardFace]:
    """The top-ups of a card with what is on each, unpaid orders too; orders given up are left out."""
    over = [AgreementState.CANCELLED, AgreementState.EXPIRED]
    cards = card.top_ups.exclude(agreement__state__in=over)
    found = list(cards.select_related("agreement", "issuer__sector", "version__product", "holder").order_by("pk"))
    return faces_of(cards=found, today=today) if found else []


def usable_faces(*, cards: Iterable[Card], today: date) -> dict[int, CardFace]:
    """Of each card, by id, the oldest payment that can be used now, else its own; in as many queries for a class as for one."""
    lots: dict[int, list[Card]] = {card.pk: [card] for card in cards}
    paid = Card.objects.filter(tops_up__in=lots, agreement__funded_at__isnull=False).order_by("pk")
    for card in paid.select_related("agreement", "issuer__sector", "version__product", "holder"):
        lots[card.tops_up_id or card.pk].append(card)
    faces = {
        face.card.pk: face for face in faces_of(cards=[lot for group in lots.values() for lot in group], today=today)
    }
    return {
        pk: next((faces[lot.pk] for lot in group if faces[lot.pk].is_usable), faces[pk]) for pk, group in lots.items()
    }


def face_to_show(*, card: Card, today: date) -> CardFace:
    """The oldest payment of the card that can be used now, else its own: its code serves all of them."""
    faces = faces_of(cards=lots_of(card=card), today=today)
    return next((face for face in faces if face.is_usable), faces[0])


def can_top_up(card: Card) -> bool:
    """Whether the card's page offers it; what is sold today is asked on the page of the top-up."""
    return card.tops_up_id is None and card.version.plan != Plan.PERIOD and not card.version.after_use


def top_up_version(*, card: Card, on: date) -> ProductVersion:
    """The terms of a top-up: the card's own, while they are on sale.

    Raises:
        CannotTopUp: not a paid card that counts what is used. TopUpTermsGone. What ``sellable_version`` raises.
    """
    if not can_top_up(card) or card.agreement.state != AgreementState.HELD:
        raise CannotTopUp()
    try:
        return sellable_version(card.version_id, on=on)
    except NotOnSale:
        raise TopUpTermsGone() from None

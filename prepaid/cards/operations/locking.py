"""Deeds on one card go one at a time."""

from collections.abc import Sequence

from escrow.errors import NotFound
from prepaid.cards.models import Card


def locked_card(card_id: int) -> Card:
    """The card under a row lock, read once it is locked: a join of before would lose a card that was taken over meanwhile.
    Raises ``NotFound``."""
    if not Card.objects.select_for_update(no_key=True).filter(pk=card_id).values_list("pk", flat=True):
        raise NotFound()
    return Card.objects.select_related("agreement", "issuer", "version__product", "holder").get(pk=card_id)


def locked_cards(card_ids: Sequence[int], *, wait: bool) -> list[int]:
    """The ids of these cards under row locks, in order; unless ``wait`` of those that nobody else is busy with."""
    cards = Card.objects.select_for_update(no_key=True, skip_locked=not wait).filter(pk__in=card_ids).order_by("pk")
    return list(cards.values_list("pk", flat=True))

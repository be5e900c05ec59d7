"""Lost cards: what happened to a card, and to it since."""

from datetime import datetime

from django.db.models import Q, QuerySet

from escrow.states import AgreementState
from prepaid.cards.models import Card, CardLoss, Redemption
from prepaid.cards.queries.top_ups import lots_of


def is_in_use(*, card: Card) -> bool:
    """Whether something paid is on the card or its top-ups, frozen or not."""
    paid = [AgreementState.HELD, AgreementState.FROZEN]
    return Card.objects.filter(Q(pk=card.pk) | Q(tops_up=card.pk), agreement__state__in=paid).exists()


def losses_of(*, card: Card) -> QuerySet[CardLoss]:
    """Every loss that its holder reported, the newest first."""
    losses = card.losses.filter(reported_at__gte=card.held_since) if card.held_since else card.losses
    return losses.order_by("-pk")


def charges_since(*, card: Card, since: datetime) -> list[Redemption]:
    """What was charged with the card's code from that moment on, newest first."""
    charges = Redemption.objects.filter(card__in=lots_of(card=card), at__gte=since)
    return list(charges.select_related("use", "store", "card__version").order_by("-pk")[:50])

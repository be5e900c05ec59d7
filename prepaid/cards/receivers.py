"""What the kernel reports, told to people. Messages only: nothing that must happen hangs on them."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from escrow import clock
from escrow.models import Refund
from escrow.signals import agreement_funded, refund_paid, use_recorded
from prepaid.cards.models import Card, Redemption
from prepaid.cards.operations import letters


@receiver(agreement_funded)
def tell_card_active(agreement_id: int, **kwargs: Any) -> None:
    """The card's payment arrived."""
    card = _cards().filter(agreement_id=agreement_id).first()
    if card:
        letters.card_active(card, at=clock.now())


@receiver(use_recorded)
def tell_charge(use_id: int, **kwargs: Any) -> None:
    """A charge was made, confirmed, refused, expired or undone."""
    redemption = (
        Redemption.objects.select_related("use", "store", "card__holder", "card__version").filter(use_id=use_id).first()
    )
    if redemption:
        letters.charge_recorded(redemption, at=clock.now())


@receiver(refund_paid)
def tell_refund_paid(refund_id: int, **kwargs: Any) -> None:
    """The consumer has the money."""
    refund = Refund.objects.filter(pk=refund_id).first()
    card = refund and _cards().filter(agreement_id=refund.agreement_id).first()
    if refund and card:
        request = card.refund_requests.first()
        url = reverse("refund_detail", args=[request.pk]) if request else reverse("card_detail", args=[card.number])
        letters.refund_paid(refund, card, url=url, at=clock.now())


def _cards() -> Any:
    return Card.objects.select_related("holder", "agreement", "issuer", "version__product")

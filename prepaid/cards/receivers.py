"""What the kernel reports, told to people: messages only, nothing that must happen hangs on them. And what is kept of somebody,
answered to ``prepaid.people``."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from escrow import clock
from escrow.models import ClaimPayment, Refund
from escrow.signals import agreement_funded, claim_paid, deposit_moved, refund_paid, use_recorded
from prepaid.cards import operations, queries
from prepaid.cards.models import Card, CashSale, Redemption
from prepaid.cards.operations import letters
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows
from prepaid.people.signals import account_closing, closing_asked, copy_taken


@receiver(agreement_funded)
def tell_card_active(agreement_id: int, **kwargs: Any) -> None:
    """The card's payment arrived; a visit that was given before is charged at once, and told as a charge."""
    card = _cards().filter(agreement_id=agreement_id).first()
    if card and card.version.after_use:
        operations.charge_visit(card_id=card.pk, at=clock.now(), actor="system:cards")
    elif card:
        letters.card_active(card, at=clock.now())


@receiver(deposit_moved)
def follow_deposit(payment_id: int, **kwargs: Any) -> None:
    """Cash came to custody, or the bank has undone that. The sweep looks again."""
    sale = CashSale.objects.filter(card__agreement__payments=payment_id).first()
    if sale:
        operations.follow_deposit(sale_id=sale.pk, at=clock.now())


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
    refund = Refund.objects.select_related("claim").filter(pk=refund_id).first()
    card = refund and _cards().filter(agreement_id=refund.agreement_id).first()
    if refund and card:
        letters.refund_paid(refund, card, url=_refund_page(card), at=clock.now())


@receiver(claim_paid)
def tell_claim_paid(claim_payment_id: int, **kwargs: Any) -> None:
    """The consumer has another part of what was still open."""
    part = ClaimPayment.objects.select_related("claim__refund").filter(pk=claim_payment_id).first()
    card = part and _cards().filter(agreement_id=part.claim.refund.agreement_id).first()
    if part and card:
        letters.claim_paid(part, card, url=_refund_page(card), at=clock.now())


@receiver(copy_taken)
def answer_copy(user: User, **kwargs: Any) -> dict[str, Rows]:
    """Cards, charges, refund requests and the people around cards."""
    return queries.own_data(user)


@receiver(account_closing)
def leave_cards(user: User, at: datetime, **kwargs: Any) -> None:
    """Nobody is on a card without an account."""
    operations.forget_person(user=user, at=at, actor=user.actor)


@receiver(closing_asked)
def answer_closing(user: User, **kwargs: Any) -> list[InTheWay]:
    """Money that is here, and requests that are not over."""
    return queries.in_the_way(user)


def _refund_page(card: Card) -> str:
    request = card.refund_requests.first()
    return reverse("refund_detail", args=[request.pk]) if request else reverse("card_detail", args=[card.number])


def _cards() -> Any:
    return Card.objects.select_related("holder", "agreement", "issuer", "version__product")

"""How the regulator rates a merchant: how much of the money must stay in custody may depend on it."""

from datetime import datetime

from escrow import audit
from escrow.errors import NotFound, ReasonRequired
from escrow.transactions import transaction
from prepaid.merchants.errors import HandoverOpen, UnknownRating
from prepaid.merchants.models import Handover, Merchant, Rating

REASON_LENGTH = 200


def rate_merchant(*, merchant_id: int, rating: str, because: str, at: datetime, actor: str) -> Merchant:
    """Give, change or (blank) take a rating. It decides on cards sold from then on. The same again changes nothing.

    Raises:
        NotFound, UnknownRating, ReasonRequired. HandoverOpen: nobody knows yet whom the rating would be about.
    """
    because = because.strip()
    if rating not in ("", *Rating.values):
        raise UnknownRating()
    if not 1 <= len(because) <= REASON_LENGTH:
        raise ReasonRequired()
    with transaction():
        merchant = Merchant.objects.select_for_update(no_key=True, of=("self",)).filter(pk=merchant_id).first()
        if merchant is None:
            raise NotFound()
        if Handover.objects.waiting().filter(merchant=merchant).exists():
            raise HandoverOpen()
        set_rating(merchant, rating, because=because, at=at, actor=actor)
    return merchant


def set_rating(merchant: Merchant, rating: str, *, because: str, at: datetime, actor: str) -> None:
    """Write it down; the caller holds the merchant's row."""
    before, merchant.rating = merchant.rating, rating
    if before != rating:
        merchant.save(update_fields=["rating"])
        audit.record(
            actor=actor,
            action="merchants.rate_merchant",
            target=f"merchant:{merchant.pk}",
            at=at,
            before={"rating": before},
            after={"rating": rating, "because": because},
        )

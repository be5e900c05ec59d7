"""A card-holder stands before a shut door."""

from datetime import datetime

from complaints.warnings.errors import CannotReport, TextNeeded
from complaints.warnings.models import ShutReport
from escrow import audit
from escrow.clock import beijing_date
from escrow.states import AgreementState
from escrow.transactions import transaction
from prepaid.cards.models import Card, Redemption
from prepaid.cards.queries import card_of
from prepaid.merchants.errors import StoreClosed
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User

WORDS = 300


def report_shut(*, holder: User, card_number: str, store_id: int, words: str = "", at: datetime) -> ShutReport:
    """The holder says that a store of the card is shut. Once a day for each store: again on the same day it is the same report. Whether
    it counts depends on whether they have used a card there, and do not work there.

    Raises:
        NotFound: another's card, or no store of it. CannotReport: nothing is left on it. StoreClosed: that is known. TextNeeded.
    """
    words = words.strip()
    if len(words) > WORDS:
        raise TextNeeded("words", WORDS)
    with transaction():
        card = card_of(user=holder, number=card_number)
        store = card.version.stores.filter(pk=store_id).first()
        if store is None or card.agreement.state not in (AgreementState.HELD, AgreementState.FROZEN):
            raise CannotReport()
        if not store.is_open:
            raise StoreClosed()
        made, is_new = ShutReport.objects.get_or_create(
            holder=holder,
            store=store,
            day=beijing_date(at),
            defaults={
                "merchant_id": card.issuer_id,
                "card": card,
                "counts": _counts(holder, card),
                "words": words,
                "reported_at": at,
            },
        )
        if is_new:
            audit.record(
                actor=holder.actor,
                action="warnings.report_shut",
                target=f"merchant:{card.issuer_id}",
                at=at,
                after={"store": store.pk, "counts": made.counts},
            )
    return made


def _counts(holder: User, card: Card) -> bool:
    """Somebody whose word weighs: a customer that was served there, and nobody of its people."""
    if StaffMember.objects.filter(user=holder, merchant=card.issuer_id).exists():
        return False
    used = Redemption.objects.filter(card__holder=holder, card__issuer=card.issuer_id, undone_at=None)
    return used.exists()

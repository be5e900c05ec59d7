"""A lost card: its code stops at once; the card is found again, or gets another number and another code (SPC 24)."""

from datetime import datetime

from escrow import audit
from escrow.errors import NotFound
from escrow.transactions import transaction
from prepaid.cards import codes, queries
from prepaid.cards.errors import CardNotInUse, CardNotLost, CardPassedOn, CardReplaced, LossDay
from prepaid.cards.models import Card, CardLoss, CardTransfer, LossOutcome
from prepaid.cards.models.card import new_number
from prepaid.cards.operations import letters
from prepaid.cards.operations.transfers import take_back
from prepaid.cards.states import TransferState


def report_loss(*, holder_id: int, number: str, since: datetime | None = None, at: datetime, actor: str) -> CardLoss:
    """From now on the code charges nothing, and an offer of the card to somebody else is withdrawn. ``since``: when it went
    missing, now if nobody can say. Reporting what is reported changes nothing.

    Raises:
        NotFound: no card of theirs. CardNotInUse: nothing is on it. LossDay: before it was bought, or in the future.
    """
    with transaction():
        card = _owned(holder_id, number)
        reported = card.losses.filter(ended_at=None).first()
        if reported is not None:
            return reported
        if not queries.is_in_use(card=card):
            raise CardNotInUse()
        since = since or at
        if not (card.held_since or card.bought_at) <= since <= at:
            raise LossDay()
        loss = CardLoss.objects.create(card=card, old_number=card.number, since=since, reported_at=at)
        card.lost_at = at
        card.save(update_fields=["lost_at"])
        after = {"loss": loss.pk, "number": card.number, "since": since.isoformat()}
        audit.record(actor=actor, action="cards.report_loss", target=f"card:{card.pk}", after=after, at=at)
        take_back(card, at=at, actor=actor)
        letters.card_lost(card, at=at)
    return loss


def card_found(*, holder_id: int, number: str, at: datetime, actor: str) -> CardLoss:
    """It was not lost after all: the same code works again. Raises ``NotFound``, ``CardNotLost``."""
    with transaction():
        card, loss = _lost(holder_id, number)
        _end(card, loss, LossOutcome.FOUND, at=at, actor=actor)
        letters.card_found(card, at=at)
    return loss


def reissue_card(*, holder_id: int, number: str, at: datetime, actor: str) -> Card:
    """Another number and another code for the same card: agreement, contract, statement and charges stay, and no money moves.
    Free of charge. Raises ``NotFound``, ``CardNotLost``."""
    with transaction():
        card, loss = _lost(holder_id, number)
        loss.old_secret = card.code_secret
        card.number, card.code_secret = new_number(), codes.new_secret()
        # An SMS on its way to a phone that may be gone, too, is good for nothing.
        card.sms_codes.filter(redemption=None, replaced_at=None).update(replaced_at=at)
        _end(card, loss, LossOutcome.REISSUED, at=at, actor=actor)
        letters.card_reissued(card, loss, at=at)
    return card


def check_replaced(*, number: str, digits: str, at_real: datetime) -> None:
    """Of a number that is no card's: who shows the right code of a card that was replaced or passed on is told so; anybody else
    learns nothing. Raises ``CardReplaced``, ``CardPassedOn``, ``WrongCode``, ``CodeExpired``."""
    replaced = CardLoss.objects.filter(old_number=number, outcome=LossOutcome.REISSUED).first()
    if replaced is not None:
        codes.accepted_step(replaced.old_secret, digits, at_real)
        raise CardReplaced()
    passed_on = CardTransfer.objects.filter(old_number=number, state=TransferState.ACCEPTED).first()
    if passed_on is not None:
        codes.accepted_step(passed_on.old_secret, digits, at_real)
        raise CardPassedOn()


def _owned(holder_id: int, number: str) -> Card:
    """Under a row lock, which charges take too. A top-up is lost with the card whose code serves it."""
    card = (
        Card.objects.select_for_update(of=("self",), no_key=True)
        .select_related("holder", "issuer", "version__product")
        .filter(holder_id=holder_id, number=number, tops_up=None)
        .first()
    )
    if card is None:
        raise NotFound()
    return card


def _lost(holder_id: int, number: str) -> tuple[Card, CardLoss]:
    card = _owned(holder_id, number)
    loss = card.losses.filter(ended_at=None).first()
    if loss is None:
        raise CardNotLost()
    return card, loss


def _end(card: Card, loss: CardLoss, outcome: LossOutcome, *, at: datetime, actor: str) -> None:
    loss.outcome, loss.ended_at, card.lost_at = outcome, at, None
    loss.save(update_fields=["outcome", "ended_at", "old_secret"])
    card.save(update_fields=["number", "code_secret", "lost_at"])
    after = {"loss": loss.pk, "outcome": outcome, "number": card.number}
    audit.record(
        actor=actor,
        action="cards.end_loss",
        target=f"card:{card.pk}",
        before={"number": loss.old_number},
        after=after,
        at=at,
    )

"""A card passes to another person: offered by its holder, taken over by whoever signs in with the number it was offered to.

From the row locks on the card and its top-ups on, in the order of their ids, everything that changes the card waits its turn:
charges, refund requests, loss reports, another offer. Exactly one person has it afterwards.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import NotFound
from escrow.models import blind_index
from escrow.operations.instructions import Payee
from escrow.states import COUNTED_PLANS, check_transition
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards import codes, queries
from prepaid.cards.errors import (
    ContractNotAccepted,
    TooManyTransfers,
    TransferChanged,
    TransferOpen,
    TransferOver,
    TransferToSelf,
)
from prepaid.cards.models import Card, CardRule, CardTransfer, Learner
from prepaid.cards.models.card import new_number
from prepaid.cards.operations import letters
from prepaid.cards.operations.persons import forget_people
from prepaid.cards.operations.purchase import check_caps, holding_turn, take_turns
from prepaid.cards.queries import CardFace, Parcel
from prepaid.cards.states import TRANSFER_TRANSITIONS, TransferState
from prepaid.merchants.bank_accounts import checked
from prepaid.notices.phones import e164
from prepaid.people.models import User

CONSTRAINT_ERRORS["card_transfer_one_open"] = TransferOpen
#: In 24 hours so many offers by one person, and so many to one number [A]: each sends an SMS to somebody who did not ask for it.
MOST_BY_ONE, MOST_TO_ONE = 5, 3
A_DAY = timedelta(days=1)


def offer_card(*, holder: User, number: str, phone: str, at: datetime, actor: str) -> CardTransfer:
    """Offer the card with its top-ups to whoever signs in with that number, for ``CardRule.transfer_days``. Nothing else changes:
    the card goes on working until it is taken over. The answer does not tell whether anybody has registered the number. Offering
    it to the same number again changes nothing.

    Raises:
        NotFound: no card of theirs. InvalidPhone, TransferToSelf. TransferRefused: what stands against it, by name
        (``queries.against_transfer``). TransferOpen: offered to another number. TooManyTransfers.
        SmsUnavailable: the other person could not be told.
    """
    phone = e164(phone)
    index = blind_index(phone)
    with transaction():
        card = _owned(holder.pk, number)
        if index == holder.phone_index:
            raise TransferToSelf()
        before = queries.open_transfer(card=card)
        if before is not None and not before.waits(at):
            _end(before, TransferState.LAPSED, at=at, actor=actor)
        elif before is not None:
            if before.phone_index == index:
                return before
            raise TransferOpen()
        _check(queries.parcel_of(card=card, today=clock.beijing_date(at)), at)
        lately = CardTransfer.objects.filter(offered_at__gt=at - A_DAY)
        if (
            lately.filter(holder=holder).count() >= MOST_BY_ONE
            or lately.filter(phone_index=index).count() >= MOST_TO_ONE
        ):
            raise TooManyTransfers()
        days = CardRule.objects.current(clock.beijing_date(at)).transfer_days
        transfer = CardTransfer.objects.create(
            card=card,
            holder=holder,
            phone=phone,
            phone_index=index,
            offered_at=at,
            lapses_at=at + timedelta(days=days),
        )
        _audit("cards.offer_transfer", transfer, at=at, actor=actor, to=transfer.to_masked)
        letters.card_offered(transfer, known=User.objects.by_phone(phone), at=at)
    return transfer


def withdraw_transfer(*, holder_id: int, number: str, at: datetime, actor: str) -> CardTransfer:
    """The holder keeps the card. Withdrawing what is withdrawn changes nothing. Raises ``NotFound``, ``TransferOver``."""
    with transaction():
        card = _owned(holder_id, number)
        transfer = queries.open_transfer(card=card)
        if transfer is None:
            last = card.transfers.filter(holder_id=holder_id).first()
            if last is None or last.state != TransferState.WITHDRAWN:
                raise TransferOver()
            return last
        _end(transfer, TransferState.WITHDRAWN, at=at, actor=actor)
        letters.offer_withdrawn(transfer, known=_known(transfer), at=at)
    return transfer


def take_back(card: Card, *, at: datetime, actor: str) -> None:
    """The holder does something that goes before an offer: it is withdrawn. The caller holds the lock on the card or a top-up."""
    transfer = queries.open_transfer(card=card)
    if transfer is not None:
        _end(transfer, TransferState.WITHDRAWN, at=at, actor=actor)
        letters.offer_withdrawn(transfer, known=_known(transfer), at=at)


def refuse_transfer(*, taker: User, transfer_id: int, at: datetime, actor: str) -> CardTransfer:
    """The other person does not want it; again changes nothing. Raises ``NotFound``, ``TransferOver``."""
    with transaction():
        transfer, _cards = _offered(taker, transfer_id)
        if transfer.state == TransferState.REFUSED:
            return transfer
        if not transfer.waits(at):
            raise TransferOver()
        _end(transfer, TransferState.REFUSED, at=at, actor=actor, taker=taker)
        letters.offer_refused(transfer, at=at)
    return transfer


def lapse_transfer(*, transfer_id: int, at: datetime, actor: str) -> CardTransfer:
    """Nobody answered in time. Early, or again, it changes nothing. Raises ``NotFound``."""
    with transaction():
        transfer = CardTransfer.objects.select_related("holder").filter(pk=transfer_id).first()
        if transfer is None:
            raise NotFound()
        _lock(transfer.card_id)
        transfer = _transfer(transfer_id)
        if transfer.state == TransferState.OFFERED and transfer.lapses_at <= at:
            _end(transfer, TransferState.LAPSED, at=at, actor=actor)
            letters.offer_lapsed(transfer, at=at)
    return transfer


def accept_transfer(
    *,
    taker: User,
    transfer_id: int,
    account_no: str,
    account_name: str,
    contract_accepted: bool,
    shown_sha256: str,
    at: datetime,
    actor: str,
) -> CardTransfer:
    """The other person takes the card over, and that cannot be undone: the card with its top-ups is theirs, under another number
    and another code; agreement, contract, term and what is on it stay. Later refunds go to ``account_no``, an account in their own
    name, because the payment was another person's. Taking it over again changes nothing.

    ``shown_sha256``: the fingerprint of what the page showed (``Parcel.sha256``). The rolls of classes that the card is on go
    along; the merchant is told, which binds it (SPC 11).

    Raises:
        NotFound: not offered to the number they sign in with. TransferOver, ContractNotAccepted, TransferChanged.
        TransferRefused: what stands against it now. BadAccountNo, AccountChecksum, NameDiffers. PriceCapExceeded,
        SessionsCapExceeded, MonthsCapExceeded: of what they would then hold with this merchant.
    """
    with transaction():
        transfer = queries.transfer_to(user=taker, transfer_id=transfer_id)
        take_turns([holding_turn(taker.pk, transfer.card.issuer_id)])
        transfer, cards = _offered(taker, transfer_id)
        if transfer.state == TransferState.ACCEPTED:
            return transfer
        if not transfer.waits(at) or transfer.holder_id == taker.pk:
            raise TransferOver()
        if not contract_accepted:
            raise ContractNotAccepted()
        parcel = queries.parcel_of(card=transfer.card, today=clock.beijing_date(at))
        _check(parcel, at)
        if parcel.sha256 != shown_sha256:
            raise TransferChanged()
        payee = Payee(account_no=checked(account_no), name=account_name.strip())
        check_caps(holder=taker, merchant=transfer.card.issuer, at=at, **_adding(parcel.living, at))
        escrow.assign(
            agreement_ids=[face.card.agreement_id for face in parcel.living],
            payee=payee,
            person_name=taker.name,
            assigned_by=transfer.holder.actor,
            accepted_by=taker.actor,
            at=at,
            actor=actor,
        )
        before = transfer.card
        _hand_over(cards, transfer, parcel, taker, at=at, actor=actor)
        letters.card_taken_over(transfer, taker=taker, was=str(before), at=at)
    return transfer


def _hand_over(
    cards: list[Card], transfer: CardTransfer, parcel: Parcel, taker: User, *, at: datetime, actor: str
) -> None:
    first = next(card for card in cards if card.pk == transfer.card_id)
    transfer.old_number, transfer.old_secret, transfer.held_since = first.number, first.code_secret, first.held_since
    transfer.accepted = parcel.to_json()
    forget_people(card=first, at=at, actor=actor)
    handed = {face.card.pk for face in parcel.faces}
    for card in cards:
        if card.pk in handed:
            card.holder, card.held_since = taker, at
            card.save(update_fields=["holder", "held_since"])
    first.number, first.code_secret = new_number(), codes.new_secret()
    first.save(update_fields=["number", "code_secret"])
    _end(transfer, TransferState.ACCEPTED, at=at, actor=actor, taker=taker)
    _move_on_rolls(first, transfer.holder, at)


def _move_on_rolls(card: Card, before: User, at: datetime) -> None:
    """Whoever has the card now stands on its rolls; what was marked until now keeps the name of who was there."""
    on = clock.beijing_date(at)
    for learner in Learner.objects.filter(card=card, left_at=None).order_by("pk"):
        learner.name = learner.name or before.display_name[:20]
        learner.left_at = at
        learner.save(update_fields=["name", "left_at"])
        if learner.only_on is None or learner.only_on >= on:
            Learner.objects.create(
                taught_class_id=learner.taught_class_id,
                card=card,
                only_on=learner.only_on,
                added_at=at,
                added_by_id=learner.added_by_id,
            )


def _check(parcel: Parcel, at: datetime) -> None:
    against = queries.against_transfer(parcel=parcel, at=at)
    if against is not None:
        raise against


def _adding(faces: list[CardFace], at: datetime) -> dict[str, Any]:
    """What it adds to all that the other person holds with the merchant."""
    today = clock.beijing_date(at)
    last_days = [(face.last_day - today).days for face in faces if face.last_day is not None]
    counted = [face.holding.units_left for face in faces if face.holding.plan in COUNTED_PLANS]
    return {
        "adding_fen": sum(face.holding.unearned_fen for face in faces),
        "adding_sessions": sum(counted),
        "adding_days": sum(max(0, days) for days in last_days),
    }


def _lock(card_id: int) -> list[Card]:
    """The card and its top-ups, locked in one order; charges lock the first, refund requests the one they are about."""
    rows = Card.objects.select_for_update(no_key=True).filter(Q(pk=card_id) | Q(tops_up=card_id)).order_by("pk")
    locked = list(rows.values_list("pk", flat=True))
    # Read once they are locked: a join of before would lose a card that was taken over meanwhile.
    cards = Card.objects.filter(pk__in=locked).select_related("holder", "issuer", "agreement", "version__product")
    return list(cards.order_by("pk"))


def _owned(holder_id: int, number: str) -> Card:
    """The holder's card, locked with its top-ups. A top-up goes along with the card whose code serves it. Raises ``NotFound``."""
    mine = Card.objects.filter(holder_id=holder_id, number=number, tops_up=None).values_list("pk", flat=True).first()
    card = next((one for one in _lock(mine) if one.pk == mine), None) if mine else None
    if card is None or (card.holder_id, card.number) != (holder_id, number):  # taken over while this waited its turn
        raise NotFound()
    return card


def _transfer(transfer_id: int) -> CardTransfer:
    rows = CardTransfer.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("holder").get(pk=transfer_id)


def _offered(taker: User, transfer_id: int) -> tuple[CardTransfer, list[Card]]:
    """The offer to the number they sign in with and its card, both locked. Raises ``NotFound``."""
    seen = queries.transfer_to(user=taker, transfer_id=transfer_id)
    cards = _lock(seen.card_id)
    transfer = _transfer(transfer_id)
    if transfer.taker_id not in {None, taker.pk}:
        raise NotFound()
    transfer.card = next(card for card in cards if card.pk == transfer.card_id)
    return transfer, cards


def _known(transfer: CardTransfer) -> User | None:
    return User.objects.filter(phone_index=transfer.phone_index).first()


def _end(transfer: CardTransfer, new: TransferState, *, at: datetime, actor: str, taker: User | None = None) -> None:
    """The one place where an offer's state changes; the caller holds the lock on the card."""
    check_transition(TRANSFER_TRANSITIONS, transfer.state, new)
    transfer.state, transfer.ended_at, transfer.taker = new, at, taker
    transfer.save()
    _audit(f"cards.transfer_{new.value}", transfer, at=at, actor=actor, accepted=transfer.accepted or None)


def _audit(action: str, transfer: CardTransfer, *, at: datetime, actor: str, **facts: Any) -> None:
    after = {"transfer": transfer.pk, **{name: value for name, value in facts.items() if value is not None}}
    audit.record(actor=actor, action=action, target=f"card:{transfer.card_id}", after=after, at=at)

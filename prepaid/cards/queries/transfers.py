"""Cards that pass from one person to another: what goes along, what stands against it, who sees which part of the past."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from escrow import clock
from escrow.errors import NotFound
from escrow.models import Refund
from escrow.states import AgreementState, Plan
from prepaid.cards.errors import (
    ChargesBeforeTransfer,
    CoolingOffBeforeTransfer,
    LostNotPassedOn,
    NotPassedOn,
    OrderBeforeTransfer,
    RefundBeforeTransfer,
    TransferRefused,
)
from prepaid.cards.models import Card, CardPerson, CardTransfer, Contract, RefundRequest
from prepaid.cards.queries.refunds import UNSETTLED_STATES, cooling_off_until
from prepaid.cards.queries.wallet import CardFace, StatementLine, charges_seen, faces_of, statement
from prepaid.cards.states import PersonState, TransferState
from prepaid.merchants.models import ExistingCard
from prepaid.people.models import User


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A card with all its payments, as it would be handed over now. ``faces``: the card's own first, then its top-ups; orders that
    were given up are left out. ``contracts``: the SHA-256 of each payment's contract, by the id of its card."""

    faces: list[CardFace]
    contracts: dict[int, str]

    @property
    def card(self) -> Card:
        """The one whose code serves all of them."""
        return self.faces[0].card

    @property
    def living(self) -> list[CardFace]:
        """What is paid and not settled: that is what the other person gets."""
        return [face for face in self.faces if face.is_active]

    @property
    def unearned_fen(self) -> int:
        """Money that is not used yet (fen)."""
        return sum(face.holding.unearned_fen for face in self.living)

    @property
    def gift_fen(self) -> int:
        return sum(face.gift_fen for face in self.living)

    @property
    def units_left(self) -> int:
        """Sessions or lessons that are left."""
        return sum(face.holding.units_left for face in self.living)

    def to_json(self) -> list[dict[str, Any]]:
        """What is handed over, payment by payment."""
        return [
            {
                "card": face.card.pk,
                "contract_sha256": self.contracts[face.card.pk],
                "unearned_fen": face.holding.unearned_fen,
                "gift_fen": face.gift_fen,
                "units_left": face.holding.units_left,
                "last_day": face.last_day.isoformat() if face.last_day else None,
            }
            for face in self.living
        ]

    @property
    def sha256(self) -> str:
        """The fingerprint of all that: who takes it over says which state of it they saw."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()


def parcel_of(*, card: Card, today: date) -> Parcel:
    """The card with everything that goes along with it."""
    given_up = [AgreementState.CANCELLED, AgreementState.EXPIRED]
    rows = Card.objects.filter(Q(pk=card.pk) | Q(tops_up=card.pk)).exclude(agreement__state__in=given_up)
    # Cards sold before contracts were kept: of the frozen terms.
    rows = rows.annotate(contract_now=Coalesce("contract__sha256", "contract_sha256"))
    cards = list(rows.select_related("agreement", "issuer__sector", "version__product", "holder").order_by("pk"))
    faces = faces_of(cards=cards or [card], today=today)  # none: an order that was given up
    return Parcel(faces=faces, contracts={one.pk: one.contract_now for one in cards})


def against_transfer(*, parcel: Parcel, at: datetime) -> TransferRefused | None:
    """What stands against passing it on now; None when nothing does. What is open stays with who has it: a charge that waits with
    who was there, a refund with who asked, the right to cool off, whose money returns to the payer, with the payer."""
    faces, living = parcel.faces, parcel.living
    cards = [face.card for face in faces]
    if parcel.card.lost_at is not None:
        return LostNotPassedOn()
    unsettled = RefundRequest.objects.filter(card__in=cards, state__in=UNSETTLED_STATES)
    settled = [face.card.agreement_id for face in faces if face.is_settled]
    if unsettled.exists() or (settled and Refund.objects.filter(agreement__in=settled, paid_at=None).exists()):
        return RefundBeforeTransfer()
    if any(face.is_unpaid for face in faces[1:]):
        return OrderBeforeTransfer()
    given = parcel.card.version.after_use
    if given or not any(_worth_having(face) for face in living) or any(face.is_frozen for face in faces):
        return NotPassedOn()
    if any(face.holding.units_reserved for face in living if face.holding.plan != Plan.PERIOD):
        return ChargesBeforeTransfer()
    youngest = max(living, key=lambda face: face.card.agreement.funded_at or face.card.bought_at)
    until = cooling_off_until(card=youngest.card, today=clock.beijing_date(at))
    return CoolingOffBeforeTransfer(day=f"{until:%Y-%m-%d}") if until else None


def _worth_having(face: CardFace) -> bool:
    return not face.has_expired and not face.is_used_up


def _transfers() -> QuerySet[CardTransfer]:
    return CardTransfer.objects.select_related("card__issuer", "card__version__product", "card__agreement", "holder")


def open_transfer(*, card: Card) -> CardTransfer | None:
    """The offer of the card that waits for an answer, whatever the hour; None when there is none."""
    return CardTransfer.objects.filter(card_id=card.tops_up_id or card.pk, state=TransferState.OFFERED).first()


def transfer_to(*, user: User, transfer_id: int) -> CardTransfer:
    """An offer to the number that the user signs in with. Raises ``NotFound``, also for every other one."""
    transfer = _transfers().filter(pk=transfer_id, phone_index=user.phone_index).first()
    if transfer is None or (transfer.taker_id is not None and transfer.taker_id != user.pk):
        raise NotFound()
    return transfer


def given_transfer(*, user: User, transfer_id: int) -> CardTransfer:
    """A card that the user had until another person took it over. Raises ``NotFound``."""
    transfer = _transfers().filter(pk=transfer_id, holder=user, state=TransferState.ACCEPTED).first()
    if transfer is None:
        raise NotFound()
    return transfer


def given_as(*, user: User, number: str) -> CardTransfer | None:
    """The same by the number that the card had then, or that a card of it topped up; the newest."""
    called = Q(old_number=number) | Q(card__top_ups__number=number)
    return _transfers().filter(called, holder=user, state=TransferState.ACCEPTED).first()


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a wallet has to ask for besides its cards: the newest charge's id, and whether there are offers, invitations, and cards
    from before their merchants joined."""

    last_charge: int
    has_transfers: bool
    has_invitations: bool
    has_earlier: bool


def around_wallet(*, user: User, at: datetime) -> Around:
    """In one query, so that a wallet asks for no list that is empty."""
    last = charges_seen(user).filter(at__lt=at).order_by("-pk").values("pk")[:1]
    invited = CardPerson.objects.filter(state=PersonState.INVITED, phone_index=user.phone_index, lapses_at__gt=at)
    earlier = ExistingCard.objects.held_by(user).living()
    there = [Exists(_around(user, at)), Exists(invited), Exists(earlier)]
    newest, transfers, invitations, before = User.objects.filter(pk=user.pk).values_list(Subquery(last), *there).get()
    return Around(last_charge=newest or 0, has_transfers=transfers, has_invitations=invitations, has_earlier=before)


def transfers_around(*, user: User, at: datetime) -> list[CardTransfer]:
    """For the wallet: cards that are offered to the user now, and cards that were theirs."""
    return list(_around(user, at))


def _around(user: User, at: datetime) -> QuerySet[CardTransfer]:
    to_me = Q(state=TransferState.OFFERED, phone_index=user.phone_index, lapses_at__gt=at)
    return _transfers().filter(to_me | Q(holder=user, state=TransferState.ACCEPTED))


def in_time_of(user: User, at: str) -> Q:
    """Of charges or refund requests (``at``: their moment) those of the time in which the card was the user's, also when it has passed
    to somebody else since."""
    now = Q(card__holder=user) & (Q(card__held_since=None) | Q(**{f"{at}__gte": F("card__held_since")}))
    then = CardTransfer.objects.filter(
        Q(card=OuterRef("card")) | Q(card=OuterRef("card__tops_up")),
        Q(held_since=None) | Q(held_since__lte=OuterRef(at)),
        holder=user,
        state=TransferState.ACCEPTED,
        ended_at__gt=OuterRef(at),
    )
    return now | Q(Exists(then))


def history_of(*, transfer: CardTransfer) -> list[tuple[Card, list[StatementLine]]]:
    """What moved on each payment of the card while it was the first holder's, newest first; nothing of what came after."""
    those = [part["card"] for part in transfer.accepted]
    cards = Card.objects.filter(pk__in=those).select_related("agreement", "version__product", "issuer").order_by("pk")
    return [(card, statement(card=card, since=transfer.held_since, until=transfer.ended_at)) for card in cards]


def contract_handed_over(*, transfer: CardTransfer, card_id: int) -> Contract:
    """The contract of one payment of the card. Raises ``NotFound``, also where cards were sold before contracts were kept."""
    found = Contract.objects.select_related("card__issuer", "card__version__product", "card__agreement")
    mine = found.filter(Q(card=transfer.card_id) | Q(card__tops_up=transfer.card_id), card=card_id).first()
    if mine is None:
        raise NotFound()
    return mine


def transfers_over(*, at: datetime) -> list[int]:
    """Ids of offers that nobody answered in time."""
    over = CardTransfer.objects.filter(state=TransferState.OFFERED, lapses_at__lte=at).order_by("lapses_at")
    return list(over.values_list("pk", flat=True)[:500])

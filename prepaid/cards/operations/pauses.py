"""Resting a card that counts days: one side asks, the other answers, each is told what the other did."""

from datetime import date, datetime

from django.db.models import QuerySet

from escrow import clock
from escrow import operations as escrow
from escrow.errors import NotFound
from escrow.models import Pause
from escrow.states import Party
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.errors import PauseAfterTheEnd, PauseOutlastsLease
from prepaid.cards.models import Card
from prepaid.cards.operations import letters
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User
from prepaid.products import caps
from prepaid.products.queries import premises_now


def ask_pause(
    *, by: User | StaffMember, number: str, since: date, until: date, because: str, at: datetime, actor: str
) -> Pause:
    """The holder, or staff of the issuer who manage, ask the other side.

    Raises:
        NotFound: no card of theirs. NotYourRole. PauseAfterTheEnd. What ``escrow.ask_pause`` raises. PauseOutlastsLease: the
        days would move the card's last day past the lease of a store.
    """
    with transaction():
        card = _cards(by).filter(number=number).first()
        if card is None:
            raise NotFound()
        ends = queries.last_day_of(card=card, today=clock.beijing_date(at))
        if ends is not None and since > ends:
            raise PauseAfterTheEnd(day=ends.isoformat())
        pause = escrow.ask_pause(
            agreement_id=card.agreement_id,
            side=_side(by),
            since=since,
            until=until,
            because=because,
            at=at,
            actor=actor,
        )
        _check_leases(pause, card, at)
        letters.pause_asked(pause, card, at=at)
    return pause


def answer_pause(*, by: User | StaffMember, pause_id: int, agrees: bool, at: datetime, actor: str) -> Pause:
    """The other side says yes or no. Raises as ``ask_pause`` and ``escrow.agree_pause``."""
    with transaction():
        card = _card_of(by, pause_id)
        verb = escrow.agree_pause if agrees else escrow.refuse_pause
        pause = verb(pause_id=pause_id, side=_side(by), at=at, actor=actor)
        if agrees:
            _check_leases(pause, card, at)
        letters.pause_answered(pause, card, at=at)
    return pause


def end_pause(*, by: User | StaffMember, pause_id: int, at: datetime, actor: str) -> Pause:
    """Take the question back, call the pause off, or be back early. Raises as ``ask_pause`` and ``escrow.end_pause``."""
    with transaction():
        card = _card_of(by, pause_id)
        pause = escrow.end_pause(pause_id=pause_id, side=_side(by), at=at, actor=actor)
        letters.pause_ended(pause, card, by=_side(by), at=at)
    return pause


def _check_leases(pause: Pause, card: Card, at: datetime) -> None:
    """What both sides may agree on ends where the lease does, like what may be sold."""
    until = queries.last_day_with(pause, card=card, today=clock.beijing_date(at))
    store = caps.outlasted(until, premises_now(card.version))
    if store is not None and store.lease_ends_on is not None:
        raise PauseOutlastsLease(
            until=until.isoformat(), store=store.name, lease_ends_on=store.lease_ends_on.isoformat()
        )


def _side(by: User | StaffMember) -> Party:
    return Party.BENEFICIARY if isinstance(by, StaffMember) else Party.FUNDER


def _cards(by: User | StaffMember) -> QuerySet[Card]:
    cards = Card.objects.select_related("agreement", "issuer", "version__product", "holder")
    if isinstance(by, StaffMember):
        if not by.manages:
            raise NotYourRole()
        return cards.filter(issuer_id=by.merchant_id)
    return cards.filter(holder=by)


def _card_of(by: User | StaffMember, pause_id: int) -> Card:
    card = _cards(by).filter(agreement__pauses=pause_id).first()
    if card is None:
        raise NotFound()
    return card

"""Pauses of cards that count days: whose they are, and which wait for whom."""

from dataclasses import replace
from datetime import date

from django.db.models import Case, QuerySet, When

from escrow import queries as escrow
from escrow import terms
from escrow.errors import NotFound
from escrow.models import Pause
from escrow.states import Party, PauseState
from prepaid.cards.models import Card
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User


def _pauses() -> QuerySet[Pause]:
    return Pause.objects.select_related("agreement__card__holder", "agreement__card__version__product")


def pauses_of(*, card: Card) -> QuerySet[Pause]:
    """Of one card, newest first."""
    return Pause.objects.filter(agreement_id=card.agreement_id).order_by("-id")


def pause_of(*, user: User, pause_id: int) -> Pause:
    """Raises ``NotFound``, also for another person's card."""
    return _one(_pauses().filter(agreement__card__holder=user), pause_id)


def pauses_to(*, staff: StaffMember) -> QuerySet[Pause]:
    """Of the merchant's cards, those that wait for its answer first."""
    waits = Case(When(state=PauseState.ASKED, asked_side=Party.FUNDER, then=0), default=1)
    return _pauses().filter(agreement__card__issuer_id=staff.merchant_id).order_by(waits, "-id")


def pauses_to_answer(*, staff: StaffMember, today: date) -> QuerySet[Pause]:
    """Those that customers ask for and that are not over."""
    return pauses_to(staff=staff).filter(state=PauseState.ASKED, asked_side=Party.FUNDER, until__gte=today)


def pause_for(*, staff: StaffMember, pause_id: int) -> Pause:
    """Raises ``NotFound``, also for another merchant's card."""
    return _one(pauses_to(staff=staff), pause_id)


def pause_days_left(*, card: Card, today: date) -> tuple[int, int]:
    """How many days a card may rest in a year, and how many of them were not taken in the year that ends today."""
    return escrow.pause_days(card.agreement_id, until=today)


def last_day_with(pause: Pause, *, card: Card, today: date) -> date:
    """The last day of the card's term with the pause as it is asked for or agreed."""
    term = terms.terms([card.agreement_id], today=today)[card.agreement_id]
    if pause.state == PauseState.ASKED:
        asked = terms.Idle(since=pause.since, before=pause.until + terms.ONE_DAY)
        term = replace(term, paused=[*term.paused, asked])
    return term.last_day


def _one(pauses: QuerySet[Pause], pause_id: int) -> Pause:
    pause = pauses.filter(pk=pause_id).first()
    if pause is None:
        raise NotFound()
    return pause

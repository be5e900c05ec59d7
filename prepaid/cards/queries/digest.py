"""What the weekly digest tells: what was used of each card, what waits, and what becomes of that."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from escrow import clock
from escrow.states import OPEN_USES, UseState
from prepaid.cards.models import Card, Digest, Redemption
from prepaid.cards.queries.wallet import SINCE_TAKEN_OVER
from prepaid.people.models import User

#: People told in one go.
AT_ONCE = 500


def monday_of(day: date) -> date:
    """The Monday of that week."""
    return day - timedelta(days=day.weekday())


def _week_before(monday: date) -> tuple[datetime, datetime]:
    """From Monday to Monday, in Beijing."""
    until = datetime.combine(monday, time.min, clock.BEIJING)
    return until - timedelta(days=7), until


def _told_of(monday: date) -> QuerySet[Redemption]:
    """What was charged in the week before, and whatever waits; of a card that was taken over since then."""
    since, until = _week_before(monday)
    told = Redemption.objects.filter(Q(at__gte=since, at__lt=until) | Q(use__state__in=OPEN_USES, at__lt=until))
    return told.filter(SINCE_TAKEN_OVER)


def people_to_digest(*, monday: date, after: int = 0) -> list[int]:
    """Ids of holders who want it, have something in it and were not told yet; some of them, those after that id, in order."""
    something = _told_of(monday).filter(card__holder=OuterRef("pk"))
    told = Digest.objects.filter(user=OuterRef("pk"), monday=monday)
    people = User.objects.filter(Exists(something), ~Exists(told), is_active=True, weekly_digest=True, pk__gt=after)
    return list(people.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


@dataclass
class CardWeek:
    """One card's week: how many charges count, the money of them (fen), and those that wait."""

    card: Card
    charges: int = 0
    used_fen: int = 0
    waiting: list[Redemption] = field(default_factory=list)


def digest_of(*, user_id: int, monday: date) -> list[CardWeek]:
    """Each card of the holder with something in the week before ``monday``, in the order of its first charge."""
    since, _until = _week_before(monday)
    weeks: dict[int, CardWeek] = {}
    told = _told_of(monday).filter(card__holder_id=user_id)
    for charge in told.select_related("card__version__product", "use", "store").order_by("pk"):
        week = weeks.setdefault(charge.card_id, CardWeek(charge.card))
        if charge.is_waiting or charge.is_disputed:
            week.waiting.append(charge)
        elif charge.at >= since and charge.counts:
            week.charges += 1
            week.used_fen += charge.use.amount_fen if charge.use and charge.use.state == UseState.FINAL else 0
    return [week for week in weeks.values() if week.charges or week.waiting]

"""Cards whose last day comes: for their merchant to see, and for their holders to be told."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, DateField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate

from escrow import clock, terms
from escrow.models import Account, Pause, Stoppage
from escrow.states import AccountCode, AgreementState, PauseState, Plan
from prepaid.cards.models import Card, ExpiryNotice
from prepaid.merchants.models import StaffMember

#: Holders are told so many days before the last day, the earliest first.
TOLD_BEFORE = (30, 7)


def expiring(*, today: date, within: int, issuer_id: int | None = None) -> QuerySet[Any]:
    """Paid cards on which something is left and whose last day is today or at most ``within`` days off, the next first; each
    with ``ends_on``, the last day as the wallet shows it: pauses and days without service have moved it.

    The contract's own day is an index; only cards that count days and have rested are reckoned one by one.
    """
    until = today + timedelta(days=within)
    something = Account.objects.filter(
        agreement_id=OuterRef("agreement_id"), code=AccountCode.HELD, credits_posted__gt=F("debits_posted")
    )
    living = (AgreementState.HELD, AgreementState.FROZEN)
    cards = Card.objects.filter(Exists(something), agreement__state__in=living, expires_on__lte=until)
    if issuer_id is not None:
        cards = cards.filter(issuer_id=issuer_id)
    moved = _moved(cards, today)
    by_day = defaultdict(list)
    for agreement_id, day in moved.items():
        if today <= day <= until:
            by_day[day].append(agreement_id)
    unmoved = Q(expires_on__gte=today) & ~Q(agreement_id__in=moved)
    cards = cards.filter(unmoved | Q(agreement_id__in=[pk for ids in by_day.values() for pk in ids]))
    days = [When(agreement_id__in=ids, then=Value(day)) for day, ids in by_day.items()]
    ends_on = Case(*days, default=F("expires_on"), output_field=DateField())
    return cards.annotate(ends_on=ends_on).order_by("ends_on", "pk")


def _moved(cards: QuerySet[Card], today: date) -> dict[int, date]:
    """Of these cards those that count days and do not end on the contract's day, with the day they end on, by agreement."""
    rested = Pause.objects.filter(agreement_id=OuterRef("agreement_id"), state=PauseState.AGREED)
    stopped = Stoppage.objects.filter(beneficiary_id=OuterRef("agreement__beneficiary_id"))
    paid_on = TruncDate("agreement__funded_at", tzinfo=clock.BEIJING)
    later = ~Q(paid_on=TruncDate("bought_at", tzinfo=clock.BEIJING))
    asked = cards.filter(agreement__plan=Plan.PERIOD).annotate(paid_on=paid_on)
    ids = asked.filter(later | Exists(rested) | Exists(stopped)).values_list("agreement_id", flat=True)
    return {pk: term.last_day for pk, term in terms.terms(ids, today=today).items()}


def expiring_with(*, staff: StaffMember, today: date, within: int, words: str = "") -> QuerySet[Any]:
    """Of the merchant's own. ``words``: what a card number begins with, or a part of the product's name."""
    cards = expiring(today=today, within=within, issuer_id=staff.merchant_id)
    if number := "".join(filter(str.isdigit, words)):
        cards = cards.filter(Q(number__startswith=number) | Q(version__product__name__icontains=words))
    elif words:
        cards = cards.filter(version__product__name__icontains=words)
    return cards.select_related("agreement", "issuer__sector", "version__product", "holder", "tops_up")


def holders_to_tell(*, today: date) -> list[int]:
    """Ids of cards whose holder is to be told of the last day now. Of months of a membership see ``memberships``."""
    due, nearer = [], -1
    for days_before in sorted(TOLD_BEFORE):
        told = ExpiryNotice.objects.filter(card_id=OuterRef("pk"), days_before=days_before, last_day__gte=today)
        cards = expiring(today=today, within=days_before).filter(agreement__state=AgreementState.HELD)
        cards = cards.filter(ends_on__gt=today + timedelta(days=nearer), version__months=None).exclude(Exists(told))
        due += [card.pk for card in cards if notice_due(card=card, last_day=card.ends_on, today=today) == days_before]
        nearer = days_before
    return due


def notice_due(*, card: Card, last_day: date | None, today: date) -> int | None:
    """Which of the notices (``TOLD_BEFORE``) the holder of a card with that last day is to have by now; None: none yet. A term
    that was short from the beginning has only those that fall into its second half."""
    if last_day is None or last_day < today:
        return None
    term = (last_day - clock.beijing_date(card.bought_at)).days
    near = [days for days in TOLD_BEFORE if (last_day - today).days <= days]
    return min(near) if near and term >= 2 * min(near) else None


def was_told(*, card: Card, days_before: int, today: date) -> bool:
    """Whether that notice has named a day that is not over. A last day that moved is told again once the old one is over."""
    return card.expiry_notices.filter(days_before=days_before, last_day__gte=today).exists()

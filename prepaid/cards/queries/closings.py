"""What a merchant's announced closing or move means for its cards."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from escrow import queries as escrow
from escrow.states import AgreementState
from prepaid.cards.models import Card, CardRule, RefundRequest
from prepaid.cards.states import RefundState
from prepaid.merchants.models import Closing, ClosingKind, Handover, Merchant
from prepaid.merchants.queries import standing_closings

#: A card that is or may soon be somebody's money.
_LIVE = (AgreementState.OPEN, AgreementState.HELD, AgreementState.FROZEN)


def cards_at(closing: Closing) -> QuerySet[Card]:
    """The cards that can be used where it closes or moves, paid or about to be."""
    return _used_at(closing).filter(agreement__state__in=_LIVE)


def cards_to_tell(closing: Closing) -> QuerySet[Card]:
    """Those, and those that it has paid back."""
    paid_back = RefundRequest.objects.filter(closing=closing).order_by().values("card")
    return _used_at(closing).filter(Q(agreement__state__in=_LIVE) | Q(pk__in=paid_back))


def _used_at(closing: Closing) -> QuerySet[Card]:
    cards = Card.objects.filter(issuer_id=closing.merchant_id)
    if closing.store_id is not None:
        cards = cards.filter(version__stores=closing.store_id)
    return cards.select_related("holder", "issuer", "version__product", "agreement", "cash_sale")


def cards_to_pay_back(closing: Closing) -> QuerySet[Card]:
    """Of those the ones that can be used nowhere else and that no regulator decides about, the oldest first."""
    before = RefundState.COMPLAINED, RefundState.GRANTED
    cards = cards_at(closing).exclude(agreement__state=AgreementState.OPEN).exclude(refund_requests__state__in=before)
    cards = cards.exclude(cash_sale__out_at__isnull=False)  # nothing of it is in custody
    if closing.store_id is not None:
        cards = cards.exclude(version__stores__is_open=True)
    free = Q(agreement__state=AgreementState.HELD) | Q(refund_requests__state__in=_ANSWERED_BY_CLOSING)
    return cards.filter(free).distinct().order_by("pk")


_ANSWERED_BY_CLOSING = (RefundState.REQUESTED, RefundState.OFFERED, RefundState.REFUSED, RefundState.SILENT)


def closing_offer(*, card: Card, today: date) -> Closing | None:
    """The closing or move whose refund the card's holder may take now: it names a place of the card, was not withdrawn, and
    not longer than ``CardRule.closing_offer_days`` over."""
    since = today - timedelta(days=CardRule.objects.current(today).closing_offer_days)
    for closing in standing_closings([card.issuer]):
        if closing.last_day >= since and _concerns(closing, card):
            return closing
    return None


def closings_for(*, card: Card) -> list[Closing]:
    """What is announced where the card can be used, the next first."""
    return [closing for closing in standing_closings([card.issuer]) if _concerns(closing, card)]


def _concerns(closing: Closing, card: Card) -> bool:
    if closing.waits_for_second:
        return False
    return closing.store_id is None or closing.store_id in {place.store_id for place in card.version.terms.stores}


def concerned(closing: Closing) -> tuple[int, int]:
    """How many cards a closing concerns, and what is not used on them (fen)."""
    ids = list(cards_at(closing).exclude(agreement__state=AgreementState.OPEN).values_list("agreement_id", flat=True))
    return len(ids), sum(holding.unearned_fen for holding in escrow.holdings(ids).values())


def closings_to_tell() -> Iterable[int]:
    """Ids of those whose holders are not all told."""
    untold = Closing.objects.filter(told_at=None).exclude(found_by__isnull=False, confirmed_at=None)
    return list(untold.order_by("pk").values_list("pk", flat=True))


def cards_sold_by(merchant_id: int) -> QuerySet[Card]:
    """The merchant's cards that are or may soon be somebody's money."""
    cards = Card.objects.filter(issuer_id=merchant_id, agreement__state__in=_LIVE)
    return cards.select_related("holder", "issuer", "version__product")


def handovers_to_tell() -> Iterable[int]:
    """Ids of changes of the operator whose holders are not all told."""
    return list(Handover.objects.filter(told_at=None).order_by("pk").values_list("pk", flat=True))


def closings_over(*, on: date) -> Iterable[int]:
    """Ids of those whose last day is past and that have not taken place."""
    due = Closing.objects.announced().filter(ended_at=None, last_day__lt=on)
    return list(due.order_by("pk").values_list("pk", flat=True))


def closings_to_refund() -> Iterable[int]:
    """Ids of closings that took place and whose cards are not all paid back: cash may come to custody afterwards."""
    # A day before, since what came while they were paid back may not have been seen.
    since = ExpressionWrapper(OuterRef("refunded_at") - timedelta(days=1), DateTimeField())
    came = Card.objects.filter(
        issuer=OuterRef("merchant"),
        cash_sale__in_custody_at__gt=since,
        cash_sale__out_at=None,
        agreement__state=AgreementState.HELD,
    ).exclude(version__stores__is_open=True)
    due = Closing.objects.announced().filter(kind=ClosingKind.CLOSE).exclude(ended_at=None)
    due = due.filter(Q(refunded_at=None) | Exists(came))
    return list(due.order_by("pk").values_list("pk", flat=True))


def closings_of(merchant: Merchant) -> QuerySet[Closing]:
    """All of a merchant's, the newest first."""
    return Closing.objects.filter(merchant=merchant).select_related("store").order_by("-pk")

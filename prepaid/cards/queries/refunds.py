"""What a refund would be, and which requests wait for whom."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When

from escrow import clock
from escrow import queries as escrow
from escrow.errors import NotFound
from escrow.models import Claim, Refund
from escrow.states import Plan, UseState
from escrow.terms import Term
from prepaid.cards.models import Card, CardRule, Redemption, RefundRequest
from prepaid.cards.queries.wallet import CardFace, face_of
from prepaid.cards.states import OPEN_REFUND_STATES, RefundCause, RefundState
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import sector_rule
from prepaid.people.models import User
from prepaid.products.refund_rules import RefundFacts, RefundQuote, kind_of, quote

#: Until the money is back (or the card is usable again) there is no second request.
UNSETTLED_STATES = (*OPEN_REFUND_STATES, RefundState.GRANTED)


def refund_quote(*, card: Card, cause: RefundCause, stopped_on: date | None = None, at: datetime) -> RefundQuote:
    """What the formulas give on that day, with every step. Charges that wait for a tap do not count as used.

    ``stopped_on``: the day the merchant stopped serving, if the consumer says so (period cards, SPC 22); it counts
    only for a cause of the merchant's. A stop that is known here counts whatever the cause.
    """
    face = face_of(card=card, today=clock.beijing_date(at))
    return quote(facts_of([face], cause=cause, stopped_on=stopped_on)[0])


def refund_quotes(*, card: Card, face: CardFace | None = None, at: datetime) -> dict[RefundCause, RefundQuote]:
    """The sum for each cause, to be shown before anybody asks. ``face``: when the caller has it already."""
    face = face or face_of(card=card, today=clock.beijing_date(at))
    [facts] = facts_of([face], cause=RefundCause.NEITHER)
    return {cause: quote(replace(facts, cause=cause.value)) for cause in RefundCause}


def least_refund_fen(request: RefundRequest, *, face: CardFace | None = None) -> int:
    """What is due even when the consumer gave up the contract: no offer goes below it (fen). ``face``: the card on the day of
    the request, when the caller has it."""
    return refund_quotes(card=request.card, face=face, at=request.requested_at)[RefundCause.CONSUMER].refund_fen


def facts_of(faces: Sequence[CardFace], *, cause: RefundCause, stopped_on: date | None = None) -> list[RefundFacts]:
    """The figures of each card on that day, in order; in the same number of queries whatever their number, but for the rules of
    the days on which they were bought."""
    plans: dict[str, list[int]] = {}
    for face in faces:
        plans.setdefault(face.card.version.plan, []).append(face.card.pk)
    list_fen, visited = _list_fen(plans.get(Plan.DISCOUNT)), _checked_in(plans.get(Plan.PERIOD))
    return [
        _facts(
            face,
            cause=cause,
            stopped_on=stopped_on,
            list_fen=list_fen.get(face.card.pk, 0),
            has_checked_in=face.card.pk in visited,
        )
        for face in faces
    ]


def _facts(
    face: CardFace, *, cause: RefundCause, stopped_on: date | None, list_fen: int, has_checked_in: bool
) -> RefundFacts:
    """Days run from payment, which is when the contract is made here."""
    card, holding, term, today = face.card, face.holding, face.term, face.today
    version = card.version
    bought_on = clock.beijing_date(card.agreement.funded_at or card.bought_at)
    cooling_off_days = sector_rule(card.issuer.sector_id, bought_on).cooling_off_days
    by_plan: dict[str, dict[str, Any]] = {
        Plan.SESSIONS: {"used_sessions": holding.units_used},
        Plan.COURSE: {"used_sessions": holding.units_used},
        Plan.STORED_VALUE: {"used_face_fen": holding.units_used},
        Plan.DISCOUNT: {"used_face_fen": holding.units_used, "used_list_fen": list_fen},
        Plan.PERIOD: _days(term, stopped_on if cause == RefundCause.OPERATOR else None) if term else {},
    }
    used = by_plan[version.plan]
    if version.plan == Plan.PERIOD and (today - bought_on).days <= cooling_off_days and not has_checked_in:
        used = {}  # BJ 16 asks whether anything was redeemed; days that passed were not
    return RefundFacts(
        kind=kind_of(version.plan),
        paid_fen=holding.price_fen,
        cause=cause.value,
        bought_on=bought_on,
        requested_on=today,
        gift_fen=holding.bonus_fen,
        sessions=version.sessions or 0,
        list_price_fen=version.list_price_fen or 0,
        days=version.days or 0,
        knew_service=card.knew_service,
        lowest_item_fen=version.lowest_item_fen,
        cooling_off_days=cooling_off_days,
        **used,
    )


def _days(term: Term, stopped_on: date | None) -> dict[str, Any]:
    """Days of service up to the day of the request, pauses and past stops taken off; and after how many of them the service
    stopped, by what the consumer says and by what is known, whichever is earlier (SPC 22)."""
    stops = []
    if term.stop:
        stops.append(term.served_through(term.today))
    if stopped_on is not None:
        stops.append(term.served_through(min(stopped_on, term.today)))
    passed = term.served_through(term.today, but=[term.stop] if term.stop else [])
    return {"used_days": passed, "stopped_after_days": min(stops, default=None)}


def _list_fen(discount_cards: list[int] | None) -> dict[int, int]:
    """The list price of all that each discount card was used for (SPC 19)."""
    found: dict[int, int] = {}
    if discount_cards:
        used = Redemption.objects.filter(card__in=discount_cards, use__state=UseState.FINAL).select_related("use")
        for charge in used:
            if charge.use:
                found[charge.card_id] = found.get(charge.card_id, 0) + charge.list_fen_of(charge.use.units)
    return found


def _checked_in(period_cards: list[int] | None) -> set[int]:
    """Those of the cards that were scanned at a door."""
    visits = Redemption.objects.filter(card__in=period_cards or [], undone_at=None)
    return set(visits.values_list("card", flat=True).order_by().distinct()) if period_cards else set()


def claim_of(refund: Refund | None) -> Claim | None:
    """What of a refund nobody could pay when it was settled. No query for those that were paid whole."""
    if refund is None or refund.total_fen <= refund.amount_fen:
        return None
    return getattr(refund, "claim", None)


def answer_due_on(*, card: Card, at: datetime) -> date:
    """The merchant's last day to answer a request made now. In a sector where silence is consent it is the sector's."""
    today = clock.beijing_date(at)
    days = sector_rule(card.issuer.sector_id, today).refund_silence_agrees_working_days
    return escrow.add_working_days(today, days or CardRule.objects.current(today).answer_working_days)


def cooling_off_until(*, card: Card, today: date) -> date | None:
    """The last day of the cooling-off right while it runs, the day of purchase not counted (Civil Code 201)."""
    if card.agreement.funded_at is None:
        return None
    bought_on = clock.beijing_date(card.agreement.funded_at)
    last = bought_on + timedelta(days=sector_rule(card.issuer.sector_id, bought_on).cooling_off_days)
    return last if today <= last else None


def sold_by(*, merchant_id: int) -> QuerySet[Card]:
    """Every card the merchant issued."""
    return Card.objects.filter(issuer_id=merchant_id)


def _requests() -> QuerySet[RefundRequest]:
    return RefundRequest.objects.select_related(
        "card__holder",
        "card__agreement__refund__instruction",
        "card__agreement__refund__interest_instruction",
        "card__issuer__sector",
        "card__version__product",
        "answered_by",
    )


def requests_of(*, user: User) -> QuerySet[RefundRequest]:
    """The user's own requests, newest first."""
    since = Q(card__held_since=None) | Q(requested_at__gte=F("card__held_since"))  # what was before is another person's
    return _requests().filter(since, card__holder=user).order_by("-id")


def request_of(*, user: User, request_id: int) -> RefundRequest:
    """Raises ``NotFound``, also for another person's request."""
    return _one(requests_of(user=user), request_id)


def requests_to(*, staff: StaffMember) -> QuerySet[RefundRequest]:
    """Requests this merchant has, those to answer first, the most urgent on top."""
    answered = Case(When(state=RefundState.REQUESTED, then=0), default=1)
    return _requests().filter(card__issuer_id=staff.merchant_id).order_by(answered, "answer_due_on", "-id")


def requests_to_answer(*, staff: StaffMember) -> QuerySet[RefundRequest]:
    """Requests that wait for this merchant's answer, the most urgent first."""
    return requests_to(staff=staff).filter(state=RefundState.REQUESTED)


def request_for(*, staff: StaffMember, request_id: int) -> RefundRequest:
    """Raises ``NotFound``, also for another merchant's request."""
    return _one(requests_to(staff=staff), request_id)


def _one(requests: QuerySet[RefundRequest], request_id: int) -> RefundRequest:
    request = requests.filter(pk=request_id).first()
    if request is None:
        raise NotFound()
    return request


def requests_unanswered(*, on: date) -> Iterable[int]:
    """Ids of requests whose term ended before that day, some of them, in an order of chance: none stands before another."""
    return list(
        RefundRequest.objects.filter(state=RefundState.REQUESTED, answer_due_on__lt=on)
        .order_by("?")
        .values_list("id", flat=True)[:500]
    )


def requests_paid() -> Iterable[int]:
    """Ids of granted requests whose money has arrived, some of them, in an order of chance."""
    return list(
        RefundRequest.objects.filter(state=RefundState.GRANTED, card__agreement__refund__paid_at__isnull=False)
        .order_by("?")
        .values_list("id", flat=True)[:500]
    )

"""What a closing pays back without anybody asking: card by card, what it comes to before it is confirmed, and how far it is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum, TextChoices
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from escrow import clock
from escrow import queries as escrow
from escrow.models import Instruction, Refund
from escrow.once import one_page
from escrow.states import OPEN_ORDERS, AgreementState, InstructionState, RefundBasis
from prepaid.cards.models import Card, PayBackFault, RefundRequest
from prepaid.cards.queries.bases import closed_versions, parts_of
from prepaid.cards.queries.closings import cards_at, cards_to_pay_back
from prepaid.cards.queries.refunds import UNSETTLED_STATES, facts_of
from prepaid.cards.queries.wallet import CardFace, faces_of
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants.models import Closing
from prepaid.products.refund_rules import Interest, RefundQuote, quote

#: Cards that are judged, and paid back, in one go.
AT_ONCE = 1_000
Item = TypeVar("Item")


class Fate(TextChoices):
    """What becomes of a card whose place is found closed."""

    PAID_BACK = "paid_back", _("paid back")
    ELSEWHERE = "elsewhere", _("another place redeems them")
    REGULATOR = "regulator", _("a regulator decides about them")
    ON_ITS_WAY = "on_its_way", _("their refund is on its way already")
    NOT_IN_CUSTODY = "not_in_custody", _("paid in cash that is not in custody")
    NOTHING_LEFT = "nothing_left", _("nothing is left on them")


@dataclass(frozen=True, kw_only=True, slots=True)
class PayBack:
    """One card. ``amount_fen`` is the rest by the formula of the merchant's cause (SPC 13), with at least what was asked;
    ``interest`` comes on top; ``request``: the one that waits."""

    face: CardFace
    fate: Fate
    request: RefundRequest | None = None
    quote: RefundQuote | None = None
    amount_fen: int = 0
    interest: Interest | None = None

    @property
    def short_fen(self) -> int:
        """What custody does not hold of it."""
        return max(0, self.amount_fen - self.face.holding.held_fen)

    @property
    def rest_fen(self) -> int:
        """What custody holds above it: the merchant's."""
        return max(0, self.face.holding.held_fen - self.amount_fen)

    @property
    def draws(self) -> bool:
        """Whether more is owed than the card holds: paid after those that leave the merchant something."""
        return bool(self.short_fen or self.interest)


def cards_to_judge(card_ids: Iterable[int]) -> list[Card]:
    """The cards with all that ``pay_backs`` asks of them, by id."""
    cards = Card.objects.filter(pk__in=card_ids).select_related("agreement", "holder", "cash_sale")
    return list(cards.prefetch_related("issuer", "version__product").defer("code_secret").order_by("pk"))


def waiting_requests(card_ids: Iterable[int]) -> QuerySet[RefundRequest]:
    """Requests of these cards that are not over, by id."""
    return RefundRequest.objects.filter(card__in=card_ids, state__in=UNSETTLED_STATES).order_by("pk")


def pay_backs(
    cards: Sequence[Card], requests: Iterable[RefundRequest], *, closing: Closing | None = None, at: datetime
) -> list[PayBack]:
    """What becomes of each card of one merchant, in order, now that its places are closed; or (``closing``) as if that closing had
    taken place. In a fixed number of queries, but for the rules of the days on which the cards were bought."""
    if not cards:
        return []
    today = clock.beijing_date(at)
    ahead = closing if closing is not None and closing.ended_at is None else None
    asked = {request.card_id: request for request in requests}
    with one_page():
        closed = closed_versions(cards, also=ahead)
        faces = faces_of(cards=cards, today=today)
        stopped_on = ahead.last_day if ahead else None
        facts = facts_of(faces, cause=RefundCause.OPERATOR, stopped_on=stopped_on)
        found = []
        for face, of_card in zip(faces, facts, strict=True):
            card, request = face.card, asked.get(face.card.pk)
            fate = _fate(face, request, is_closed=card.version_id in closed)
            if fate != Fate.PAID_BACK:
                found.append(PayBack(face=face, fate=fate, request=request))
                continue
            quoted = quote(of_card)
            amount_fen = min(max(quoted.refund_fen, request.asked_fen if request else 0), face.holding.price_fen)
            if amount_fen == 0:
                found.append(PayBack(face=face, fate=Fate.NOTHING_LEFT))
                continue
            interest = None
            if request is not None:
                request.card = card
                held_fen = face.holding.held_fen
                _owed_fen, interest = parts_of(request, amount_fen, RefundBasis.CLOSURE, held_fen=held_fen, today=today)
            found.append(
                PayBack(face=face, fate=fate, request=request, quote=quoted, amount_fen=amount_fen, interest=interest)
            )
    return found


def _fate(face: CardFace, request: RefundRequest | None, *, is_closed: bool) -> Fate:
    if not is_closed:
        return Fate.ELSEWHERE
    if request is not None and request.state == RefundState.COMPLAINED:
        return Fate.REGULATOR
    if face.is_settled or (request is not None and request.state == RefundState.GRANTED):
        return Fate.ON_ITS_WAY
    sale = getattr(face.card, "cash_sale", None)
    if sale is not None and sale.out_at is not None:
        return Fate.NOT_IN_CUSTODY
    if request is None and face.holding.state != AgreementState.HELD:
        return Fate.REGULATOR  # frozen, and not by a request of its holder's
    return Fate.PAID_BACK


@dataclass(kw_only=True)
class Heap:
    """So many cards, and what they come to (fen)."""

    cards: int = 0
    fen: int = 0

    def add(self, fen: int, cards: int = 1) -> None:
        self.cards += cards
        self.fen += fen


@dataclass(kw_only=True)
class Forecast:
    """What a closing comes to if it is confirmed now (fen)."""

    #: By fate: of those paid back what is owed, of the others what is not used on them.
    fates: dict[Fate, Heap] = field(default_factory=lambda: {fate: Heap() for fate in Fate})
    interest_fen: int = 0
    held_fen: int = 0
    #: Of those paid back: released early and not earned; who asked before; who cannot be paid the way they paid.
    early: Heap = field(default_factory=Heap)
    asked: Heap = field(default_factory=Heap)
    no_way_back: Heap = field(default_factory=Heap)
    #: What custody does not hold of the cards' own money, what of it the merchant's money here pays, and what becomes claims.
    made_good_fen: int = 0
    claimed_fen: int = 0

    @property
    def owed(self) -> Heap:
        """Those paid back."""
        return self.fates[Fate.PAID_BACK]

    @property
    def others(self) -> list[tuple[Fate, Heap]]:
        """Those that are not, where there are any."""
        return [(fate, heap) for fate, heap in self.fates.items() if fate != Fate.PAID_BACK and heap.cards]


def forecast(closing: Closing, *, at: datetime) -> Forecast:
    """By the engine that pays, over all cards that can be used there."""
    total, missing_fen, earned_fen, of_custody_fen = Forecast(), 0, 0, 0
    cards = cards_at(closing).exclude(agreement__state=AgreementState.OPEN).order_by("pk")
    for ids in slices(cards.values_list("pk", flat=True).iterator(), AT_ONCE):
        found = pay_backs(cards_to_judge(ids), waiting_requests(ids), closing=closing, at=at)
        paid = [one for one in found if one.fate == Fate.PAID_BACK]
        stuck = escrow.without_way_back([one.face.card.agreement_id for one in paid])
        for one in found:
            holding = one.face.holding
            if one.fate != Fate.PAID_BACK:
                total.fates[one.fate].add(holding.unearned_fen)
                continue
            total.owed.add(one.amount_fen)
            total.held_fen += one.amount_fen - one.short_fen
            earned_fen += one.rest_fen
            missing_fen += one.short_fen
            if one.interest:
                total.interest_fen += one.interest.interest_fen
                of_custody_fen += one.interest.custody_fen
            if holding.advanced_fen:
                total.early.add(holding.advanced_fen)
            if one.request:
                total.asked.add(one.amount_fen)
            if one.face.card.agreement_id in stuck:
                total.no_way_back.add(one.amount_fen)
    here = escrow.backing(closing.merchant.beneficiary_id)
    missing_fen += total.interest_fen - min(of_custody_fen, here.interest_fen)
    total.made_good_fen = min(missing_fen, earned_fen + here.payable_fen + here.reserve_fen)
    total.claimed_fen = missing_fen - total.made_good_fen
    return total


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a closing is with paying back: cards and fen, each a part of the one before it."""

    #: Not yet ordered, and what is not used on them.
    waiting: Heap
    #: Owed with interest; of it ordered now, given to the bank, and confirmed by the bank.
    granted: Heap
    ordered: Heap
    sent: Heap
    confirmed: Heap
    #: Orders that the bank returned and that are made again, those that wait for an account, and what it said.
    returned: list[tuple[str, int, int]]
    nowhere: Heap
    claims: Heap
    claims_open_fen: int
    faults: list[PayBackFault]
    faults_count: int

    @property
    def cards(self) -> int:
        """All that are paid back."""
        return self.waiting.cards + self.granted.cards

    @property
    def is_being_sent(self) -> bool:
        """Whether an order that has somewhere to go is not with the bank yet."""
        return self.sent.cards + self.nowhere.cards < self.ordered.cards


#: So many cards that could not be paid back are named.
MOST_FAULTS = 50


def progress(closing: Closing) -> Progress:
    """In a fixed number of queries, over the refunds that this closing has granted."""
    refunds = Refund.objects.filter(agreement__card__refund_requests__closing=closing)
    orders = Instruction.objects.filter(refund__in=refunds)
    all_fen = F("owed_fen") + F("interest_fen")
    left = cards_to_pay_back(closing) if closing.ended_at and not closing.moves else cards_at(closing).none()
    left = left.filter(Exists(escrow.unearned(OuterRef("agreement"))))
    faults = PayBackFault.objects.filter(closing=closing, card__in=left.order_by().values("pk"))
    claims = refunds.filter(claim__isnull=False).aggregate(
        cards=Count("pk"), fen=Coalesce(Sum("claim__amount_fen"), 0), paid=Coalesce(Sum("claim__paid_fen"), 0)
    )
    returned = Instruction.objects.filter(
        payment__agreement__card__refund_requests__closing=closing, state=InstructionState.FAILED
    )
    return Progress(
        waiting=Heap(cards=left.count(), fen=escrow.unearned_fen(left.order_by().values("agreement"))),
        granted=_heap(refunds, all_fen),
        ordered=_heap(orders, F("amount_fen")),
        sent=_heap(orders.exclude(state=InstructionState.DUE), F("amount_fen")),
        confirmed=_heap(orders.filter(state=InstructionState.SUCCEEDED), F("amount_fen")),
        returned=list(
            returned.values_list("answer").annotate(orders=Count("pk"), fen=Sum("amount_fen")).order_by("-orders")[:10]
        ),
        nowhere=_heap(orders.filter(pk__in=escrow.nowhere_to_go(), state__in=OPEN_ORDERS), F("amount_fen")),
        claims=Heap(cards=claims["cards"], fen=claims["fen"]),
        claims_open_fen=claims["fen"] - claims["paid"],
        faults=list(faults.select_related("card").order_by("pk")[:MOST_FAULTS]),
        faults_count=faults.count(),
    )


def _heap(rows: QuerySet[Refund] | QuerySet[Instruction], fen: F | object) -> Heap:
    found = rows.aggregate(cards=Count("pk"), fen=Coalesce(Sum(fen), 0))
    return Heap(cards=found["cards"], fen=found["fen"])


def slices(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    """The items, so many at a time."""
    while part := list(islice(items, size)):
        yield part

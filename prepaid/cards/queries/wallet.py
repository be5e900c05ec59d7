"""What a holder sees: their cards with what escrow holds for them, and every line of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext, ngettext

from escrow import queries as escrow
from escrow import terms
from escrow.errors import NotFound
from escrow.models import EarlyRelease, Payment
from escrow.money import yuan
from escrow.queries import Holding, StatementEntry
from escrow.states import DEPOSIT, OPEN_USES, AgreementState, Plan, StoppageKind, UseState
from prepaid.cards.errors import NoWayToPay
from prepaid.cards.models import Card, CardTransfer, Contract, Learner, LossOutcome, Redemption
from prepaid.cards.queries.persons import cards_with, role_of, with_rights
from prepaid.cards.states import Deed, TransferState
from prepaid.merchants.models import Closing, StaffMember
from prepaid.merchants.queries import Stopped, stopped_at
from prepaid.people.models import User
from prepaid.products.models import ProductVersion

#: While a place is found shut, or has just changed hands, no visit there can be paid afterwards.
NOBODY_SERVES = (StoppageKind.DARK, StoppageKind.CHANGED_HANDS)
#: So many of the latest charges are shown as they come.
MOST_NEWS = 3
#: Charges of the time of whoever has the card now.
SINCE_TAKEN_OVER = Q(card__held_since=None) | Q(at__gte=F("card__held_since"))


@dataclass(frozen=True, kw_only=True)
class CardFace:
    """A card and what is on it on ``today``. Principal and gift are never added up: only money is money.

    ``term``: of a paid card that counts days. ``lot``: of a membership the payment whose figures these are; of every other card
    the payment is the card.
    """

    card: Card
    holding: Holding
    today: date
    term: terms.Term | None = None
    lot: Card | None = None
    #: Of a membership: its code means nothing until the next month is paid.
    rests: bool = False

    @property
    def payment(self) -> Card:
        """The row whose statement, refund and pause these figures belong to."""
        return self.lot or self.card

    @property
    def principal_fen(self) -> int:
        """Money in custody still free on the card (fen); of a card that counts days also the days not final yet: they can return."""
        return self.holding.held_fen if self.holding.plan == Plan.PERIOD else self.holding.available_fen

    @property
    def spendable_fen(self) -> int:
        """Money free on the card (fen), whether in custody or released early."""
        return self.principal_fen + self.holding.advanced_fen - self.holding.early_reserved

    @property
    def waiting_fen(self) -> int:
        """What charges that wait keep of it (fen)."""
        return self.holding.reserved_fen + self.holding.early_reserved

    @property
    def gift_fen(self) -> int:
        return self.holding.bonus_held - self.holding.bonus_reserved

    @property
    def left(self) -> str:
        """What is left on the card, in words: visits, lessons or days with their money, else the money; gift money beside it."""
        sums = f"¥{yuan(self.spendable_fen)}"
        if self.gift_fen:
            sums = gettext("%(sum)s and ¥%(gift)s gift") % {"sum": sums, "gift": yuan(self.gift_fen)}
        match self.holding.plan:
            case Plan.SESSIONS:
                units = ngettext("%(count)s session", "%(count)s sessions", self.holding.units_left)
            case Plan.COURSE:
                units = ngettext("%(count)s lesson", "%(count)s lessons", self.holding.units_left)
            case Plan.PERIOD:
                return ngettext("%(count)s day", "%(count)s days", self.days_left or 0) % {"count": self.days_left or 0}
            case _:
                return sums
        return gettext("%(units)s, %(sum)s") % {"units": units % {"count": self.holding.units_left}, "sum": sums}

    @property
    def is_active(self) -> bool:
        return self.holding.state == AgreementState.HELD

    @property
    def is_unpaid(self) -> bool:
        return self.holding.state == AgreementState.OPEN

    @property
    def is_frozen(self) -> bool:
        return self.holding.state == AgreementState.FROZEN

    @property
    def is_settled(self) -> bool:
        return self.holding.state == AgreementState.CLOSED

    @property
    def last_day(self) -> date | None:
        """The last day of validity; pauses and days without service move it. None: no expiry."""
        return self.term.last_day if self.term else self.payment.expires_on

    @property
    def has_expired(self) -> bool:
        return self.last_day is not None and self.today > self.last_day

    @property
    def is_paused(self) -> bool:
        return self.term is not None and any(span.covers(self.today) for span in self.term.paused)

    @property
    def is_used_up(self) -> bool:
        return self.is_active and self.holding.plan != Plan.PERIOD and self.holding.units_left == 0

    @property
    def is_usable(self) -> bool:
        """Whether its code means something at a counter."""
        usable = self.is_active and not self.has_expired and not self.is_used_up and not self.is_paused
        return usable and self.card.lost_at is None

    @property
    def days_left(self) -> int | None:
        """Days of service still to come, today among them; None for a card without an end."""
        if self.term:
            return self.term.left
        if self.card.expires_on is None:
            return None
        return max(0, (self.card.expires_on - self.today).days + 1)


def _cards() -> QuerySet[Card]:
    return Card.objects.select_related("agreement", "issuer__sector", "version__product", "holder", "cash_sale")


def cards_of(*, user: User, today: date) -> list[CardFace]:
    """The cards that the user may see, newest first, other people's last; orders given up unpaid are left out."""
    cards = list(
        _cards()
        .filter(pk__in=cards_with(user_id=user.pk, deed=Deed.SEE))
        .exclude(agreement__state__in=[AgreementState.CANCELLED, AgreementState.EXPIRED])
        .annotate(my_role=role_of(user))
        .order_by("-id")
    )
    for card in cards:
        with_rights(card, user=user, role=getattr(card, "my_role", None))
    return faces_of(cards=sorted(cards, key=lambda card: card.holder_id != user.pk), today=today)


def faces_of(*, cards: Iterable[Card], today: date) -> list[CardFace]:
    """The cards, in order, each with what is on it."""
    found = list(cards)
    holdings = escrow.holdings([card.agreement_id for card in found])
    running = terms.terms([pk for pk, held in holdings.items() if held.plan == Plan.PERIOD], today=today)
    return [
        CardFace(card=card, holding=holdings[card.agreement_id], today=today, term=running.get(card.agreement_id))
        for card in found
    ]


def card_of(*, user: User, number: str, deed: Deed = Deed.OWN) -> Card:
    """With ``has_contract``, ``has_top_ups``, ``is_on_roll``, ``is_offered``, ``has_closings`` and ``rights``. A number that was
    replaced leads to the card too. Raises ``NotFound``, also for a card with which the user may not do that."""
    kept = Exists(Contract.objects.filter(card=OuterRef("pk")))  # cards sold before contracts were kept have none
    topped_up = Exists(Card.objects.filter(tops_up=OuterRef("pk")))
    on_roll = Exists(Learner.objects.filter(card=OuterRef("pk"), left_at=None))
    cards = _cards().select_related("beneficiary", "tops_up__beneficiary")
    offered = Exists(CardTransfer.objects.filter(card=OuterRef("pk"), state=TransferState.OFFERED))
    closings = Exists(Closing.objects.standing().filter(merchant_id=OuterRef("issuer")))
    facts = {"has_contract": kept, "has_top_ups": topped_up, "is_on_roll": on_roll, "is_offered": offered}
    facts["has_closings"] = closings
    cards = cards.annotate(**facts, my_role=role_of(user))
    cards = cards.filter(pk__in=cards_with(user_id=user.pk, deed=deed))
    replaced = cards.filter(losses__old_number=number, losses__outcome=LossOutcome.REISSUED)
    card = cards.filter(number=number).first() or replaced.first()
    if card is None:
        raise NotFound()
    with_rights(card, user=user, role=getattr(card, "my_role", None))
    return card


def face_of(*, card: Card, today: date) -> CardFace:
    """One card with what is on it."""
    [face] = faces_of(cards=[card], today=today)
    return face


def early_release_of(*, card: Card) -> EarlyRelease | None:
    """The last time that something of the card was released early, with its rule."""
    return escrow.last_early_release(card.agreement_id)


def last_day_of(*, card: Card, today: date) -> date | None:
    """``CardFace.last_day`` alone."""
    term = terms.terms([card.agreement_id], today=today).get(card.agreement_id)
    return term.last_day if term else card.expires_on


def order_of(*, user: User, order_no: str) -> tuple[Card, Payment]:
    """The card a payment order is for. Raises ``NotFound``, also for another person's order."""
    payment = Payment.objects.filter(order_no=order_no, agreement__card__holder=user).first()
    if payment is None:
        raise NotFound()
    return _cards().get(agreement_id=payment.agreement_id), payment


def order_by_token(*, user: User, token: UUID) -> Card:
    """The order that this form made. Raises ``NotFound``."""
    card = _cards().filter(holder=user, order_token=token).first()
    if card is None:
        raise NotFound()
    return card


def channel_of(*, card: Card) -> str:
    """The channel the order's payment was started at; the first one when that failed, or when it was paid in cash. Raises
    ``NoWayToPay``."""
    payment = escrow.payment_of(card.agreement_id)
    if payment is not None and payment.channel != DEPOSIT:
        return payment.channel
    if not settings.PAYMENT_CHANNELS:
        raise NoWayToPay()
    return str(settings.PAYMENT_CHANNELS[0])


def holding_of(*, card: Card) -> Holding:
    """What one payment holds now."""
    return escrow.holding(card.agreement_id)


def may_have_given(*, staff: StaffMember, version: ProductVersion) -> bool:
    """Whether this person can have given the visit: at an open store of the contract that serves, their own if they have one."""
    stores = version.stores.filter(is_open=True)
    stores = stores if staff.store_id is None else stores.filter(pk=staff.store_id)
    stopped = [one for one in stopped_at([version.product.merchant]) if one.stoppage.kind in NOBODY_SERVES]
    return any(not any(one.covers(store) for one in stopped) for store in stores)


def visits_to_charge(*, since: datetime) -> list[int]:
    """Ids of visits that were paid after they were given, since then, and are not charged."""
    paid = Card.objects.filter(version__after_use=True, agreement__state=AgreementState.HELD, redemptions=None)
    return list(paid.filter(agreement__funded_at__gte=since).order_by("pk").values_list("pk", flat=True)[:500])


def charges_of(user: User) -> QuerySet[Redemption]:
    """The charges to the user's own cards, of a card that was taken over those since then."""
    return Redemption.objects.filter(SINCE_TAKEN_OVER, card__holder=user)


def charges_waiting(*, user: User, card: Card | None = None, stopped: list[Stopped] | None = None) -> list[Redemption]:
    """Charges that wait for an answer, of cards that the user may see or of one of them, the most urgent first, then those
    that are disputed; each with what is stopped at its store, and its card with ``rights``. ``stopped``: of that card, where it
    is known (``stopped_for``)."""
    seen = charges_seen(user)
    charges: list[Redemption] = list(
        (seen if card is None else seen.filter(card=card))
        .filter(use__state__in=OPEN_USES)
        .select_related("use", "store", "card__version__product", "card__issuer", "card__holder")
        .annotate(my_role=role_of(user, card="card"))
        .order_by("-use__state", "use__confirm_until", "pk")
    )
    for charge in charges:
        with_rights(charge.card, user=user, role=getattr(charge, "my_role", None))
    return with_stoppages(charges, stopped)


def charges_seen(user: User, deed: Deed = Deed.SEE) -> QuerySet[Redemption]:
    """Charges to cards with which the user may do that. Of a card that was taken over those since then, also
    for who is on it."""
    return Redemption.objects.filter(SINCE_TAKEN_OVER, card__in=cards_with(user_id=user.pk, deed=deed))


def charge_news(*, user: User, after: int, number: str = "") -> list[Redemption]:
    """The newest charges to cards that the user may see that came after the one with that id, newest first. ``number``: of one
    card alone, and then those that wait for an answer too, however old."""
    charges, news = charges_seen(user), Q(pk__gt=after)
    if number:
        of_card = Q(card__number=number) | Q(card__tops_up__number=number)
        charges, news = charges.filter(of_card), news | Q(use__state=UseState.RESERVED)
    charges = charges.filter(news).select_related("use", "store", "card__version__product")
    return list(charges.order_by("-pk")[:MOST_NEWS])


def last_charge_id(*, user: User, before: datetime) -> int:
    """The id of the newest charge made before that time to a card that the user may see; 0 when there is none."""
    charges = charges_seen(user).filter(at__lt=before)
    return charges.order_by("-pk").values_list("pk", flat=True).first() or 0


def with_stoppages(charges: list[Redemption], stopped: list[Stopped] | None = None) -> list[Redemption]:
    """The same charges; those that silence would confirm know what keeps it from doing so, asked for unless it is known."""
    silent = [charge for charge in charges if charge.silence_confirms]
    if stopped is None:
        stopped = stopped_at(charge.card.issuer for charge in silent) if silent else []
    for charge in silent:
        charge.stopped = [one for one in stopped if one.covers(charge.store)]
    return charges


def stopped_for(*, card: Card) -> list[Stopped]:
    """What does not serve now of where the card can be used."""
    stores = {premises.store_id for premises in card.version.terms.stores}
    return [one for one in stopped_at([card.issuer]) if one.store is None or one.store.pk in stores]


def redemption_of(*, user: User, redemption_id: int, deed: Deed = Deed.OWN) -> Redemption:
    """Its card with ``rights``. Raises ``NotFound``, also for a charge to a card with which the user may not do that."""
    redemption = (
        charges_seen(user, deed)
        .filter(pk=redemption_id)
        .select_related("use", "store", "card__version__product", "card__issuer", "card__holder")
        .annotate(my_role=role_of(user, card="card"))
        .first()
    )
    if redemption is None:
        raise NotFound()
    with_rights(redemption.card, user=user, role=getattr(redemption, "my_role", None))
    return with_stoppages([redemption])[0]


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One movement of the card's money, with the visit it belongs to."""

    entry: StatementEntry
    redemption: Redemption | None

    @property
    def days(self) -> int:
        """How many days the line is for, of a card that counts days."""
        return abs(self.entry.units)

    @property
    def list_fen(self) -> int:
        """The list price (fen) of what the line is for, of a discount card."""
        return self.redemption.list_fen_of(abs(self.entry.amount_fen)) if self.redemption else 0


def statement(*, card: Card, since: datetime | None = None, until: datetime | None = None) -> list[StatementLine]:
    """Every movement of its holder's time, newest first, with the balance after it and where it happened; or of another's,
    ``until`` the card was taken over."""
    if until is None:
        since = card.held_since
    visits = {
        redemption.use_id: redemption
        for redemption in card.redemptions.select_related("store", "use").exclude(use=None)
    }
    return [
        StatementLine(entry=entry, redemption=visits.get(entry.use_id))
        for entry in reversed(escrow.statement_of(card.agreement_id))
        if (since is None or entry.at >= since) and (until is None or entry.at < until)
    ]

"""All a refund depends on, and what makes the figures contradict each other."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from escrow.states import Plan
from prepaid.products.errors import BadFacts

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: Not a limit on money: beyond it the figures of a step could no longer be written down in decimals.
MOST_BITS = 4096


class CardKind(StrEnum):
    """``discount`` is a card whose price falls by a rate at every use. A course is reckoned like sessions."""

    STORED_VALUE = "stored_value"
    SESSIONS = "sessions"
    DISCOUNT = "discount"
    PERIOD = "period"


#: What a card of the kind is used up in, and what it holds of that.
_USED = {
    CardKind.STORED_VALUE: "used_face_fen",
    CardKind.SESSIONS: "used_sessions",
    CardKind.DISCOUNT: "used_face_fen",
    CardKind.PERIOD: "used_days",
}
_TOTAL = {
    CardKind.STORED_VALUE: "paid_fen",
    CardKind.SESSIONS: "sessions",
    CardKind.DISCOUNT: "paid_fen",
    CardKind.PERIOD: "days",
}


def kind_of(plan: str) -> CardKind:
    """How a card of that plan is reckoned."""
    return CardKind.SESSIONS if plan == Plan.COURSE else CardKind(plan)


class Cause(StrEnum):
    """Whose cause the refund has. ``neither`` counts like the operator's."""

    OPERATOR = "operator"
    CONSUMER = "consumer"
    NEITHER = "neither"


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One payment into a stored-value card (fen); lots are drawn oldest first. ``paid_on`` None: with the card.
    ``knew_service``: the service had been used before this payment (SPC 14)."""

    paid_fen: int
    gift_fen: int = 0
    paid_on: date | None = None
    knew_service: bool = False

    def __post_init__(self) -> None:
        """Raises BadFacts for what is no lot."""
        check_types(self)
        if self.face_fen == 0:
            raise BadFacts(why=_("a top-up is empty"))

    @property
    def face_fen(self) -> int:
        """What can be drawn of it."""
        return self.paid_fen + self.gift_fen


@dataclass(frozen=True, kw_only=True)
class RefundFacts:
    """Amounts in fen. ``used_face_fen``: face value drawn of a stored-value card, discounted price drawn of a discount
    card; ``used_list_fen``: the list price of the latter. ``used_days``: days of a period card that have passed;
    ``stopped_after_days``: after how many of them the service stopped, if it did. Anything used counts as redeemed.
    Without both dates no cooling-off is known. ``lots``: a stored-value card's payments when it was topped up, together
    ``paid_fen`` and ``gift_fen``. ``lowest_item_fen``: the operator's lowest-priced item (BJ 17). ``contract_fen``:
    what the contract's own terms would give back."""

    kind: str
    paid_fen: int
    cause: str
    bought_on: date | None = None
    requested_on: date | None = None
    gift_fen: int = 0
    sessions: int = 0
    used_sessions: int = 0
    list_price_fen: int = 0
    used_face_fen: int = 0
    used_list_fen: int = 0
    days: int = 0
    used_days: int = 0
    stopped_after_days: int | None = None
    knew_service: bool = False
    lots: tuple[Lot, ...] = ()
    lowest_item_fen: int | None = None
    contract_fen: int | None = None
    cooling_off_days: int = 7

    def __post_init__(self) -> None:
        """Raises BadFacts when the figures contradict each other."""
        check_types(self)
        if self.kind not in list(CardKind):
            raise BadFacts(why=format_lazy(_("unknown kind of card: {kind}"), kind=_written(self.kind)), field="kind")
        if self.cause not in list(Cause):
            raise BadFacts(why=format_lazy(_("unknown cause: {cause}"), cause=_written(self.cause)), field="cause")
        if self.lots:
            self._check_lots()
        if self._is_before(self.bought_on):
            raise BadFacts(why=_("the refund was requested before the card was bought"), field="requested_on")
        used, total = self.used_of_total
        if total == 0 and self.kind != CardKind.DISCOUNT:
            raise BadFacts(
                why=_("there is nothing to share the price by (sessions, days, or money paid and gift)"),
                field=_TOTAL[CardKind(self.kind)],
            )
        if used > total:
            raise BadFacts(why=_("more was used than the card held"), field=_USED[CardKind(self.kind)])

    def _check_lots(self) -> None:
        if self.kind != CardKind.STORED_VALUE:
            raise BadFacts(why=_("only a stored-value card has top-ups"))
        paid, gift = sum(lot.paid_fen for lot in self.lots), sum(lot.gift_fen for lot in self.lots)
        if (paid, gift) != (self.paid_fen, self.gift_fen):
            raise BadFacts(why=_("the top-ups do not add up to what was paid and given"))
        if any(self._is_before(lot.paid_on) for lot in self.lots):
            raise BadFacts(why=_("a top-up was paid after the refund was requested"))

    def _is_before(self, day: date | None) -> bool:
        return self.requested_on is not None and day is not None and self.requested_on < day

    @property
    def used_of_total(self) -> tuple[int, int]:
        """Units used and units in all, in the unit of the kind."""
        match CardKind(self.kind):
            case CardKind.STORED_VALUE:
                return self.used_face_fen, self.paid_fen + self.gift_fen
            case CardKind.SESSIONS:
                return self.used_sessions, self.sessions
            case CardKind.DISCOUNT:
                return self.used_face_fen, self.paid_fen
            case CardKind.PERIOD:
                return self.used_days, self.days

    @property
    def days_served(self) -> int:
        """Of a period card: the days that passed while the operator served (SPC 22)."""
        return self.used_days if self.stopped_after_days is None else min(self.used_days, self.stopped_after_days)

    @property
    def is_unused(self) -> bool:
        """Nothing at all was redeemed."""
        return not (self.used_sessions or self.used_face_fen or self.used_list_fen or self.used_days)

    @property
    def is_cooling_off(self) -> bool:
        """Within the cooling-off period; the day of purchase does not count (Civil Code 201)."""
        if self.bought_on is None or self.requested_on is None:
            return False
        return (self.requested_on - self.bought_on).days <= self.cooling_off_days

    @property
    def balance_that_buys_nothing(self) -> int | None:
        """The face value left, when it is above nothing and below the lowest-priced item (BJ 17)."""
        if self.kind != CardKind.STORED_VALUE or self.lowest_item_fen is None:
            return None
        used, total = self.used_of_total
        return total - used if 0 < total - used < self.lowest_item_fen else None

    def per_lot(self) -> "list[RefundFacts]":
        """The same card lot by lot, oldest first, each with what was drawn of it."""
        left = self.used_face_fen
        cards = []
        for lot in sorted(self.lots, key=lambda lot: lot.paid_on or self.bought_on or date.min):
            drawn = min(left, lot.face_fen)
            left -= drawn
            changes: dict[str, Any] = {
                "paid_fen": lot.paid_fen,
                "gift_fen": lot.gift_fen,
                "used_face_fen": drawn,
                "bought_on": lot.paid_on or self.bought_on,
                "knew_service": self.knew_service or lot.knew_service,
            }
            cards.append(replace(self, lots=(), contract_fen=None, **changes))
        return cards


def check_types(record: Any) -> None:
    """Raises BadFacts for what is no whole number from 0, no yes or no, or no date: the figures come from anywhere."""
    for field in fields(record):
        value, wanted = getattr(record, field.name), field.type
        why: _StrPromise | None = None
        if wanted in (int | None, date | None) and value is None:
            continue
        if wanted in (int, int | None):
            if type(value) is not int or value < 0:
                why = _("{name} must be a whole number of at least 0")
            elif value.bit_length() > MOST_BITS:
                why = _("{name} is too large")
        elif wanted is bool and not isinstance(value, bool):
            why = _("{name} must be true or false")
        elif wanted == date | None and (not isinstance(value, date) or isinstance(value, datetime)):
            why = _("{name} must be a date, like 2026-03-02")
        if why is not None:
            raise BadFacts(why=format_lazy(why, name=field.name), field=field.name)


def _written(value: object) -> str:
    """What was sent, short enough to be read in one sentence."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"

"""What is owed back for a card at a moment, and why (rules.md section 2). Pure, exact, whole fen; no interest.

P money paid · G gift money · F face value drawn · n of N sessions used · L list price of one visit. The merchant's
earned share is rounded down, so the odd fen is the consumer's: a refund for a cause of the merchant is to the fen what
escrow still holds. Sources: BJ = Beijing regulations on single-purpose prepaid cards, SPC = Interpretation 4/2025.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.money import share, yuan
from escrow.states import Plan
from prepaid.products.errors import BadFacts
from prepaid.products.terms import Terms


class CardKind(StrEnum):
    """``discount`` is a card whose price falls by a rate at every use; it is quoted here, sold later."""

    STORED_VALUE = "stored_value"
    SESSIONS = "sessions"
    DISCOUNT = "discount"
    PERIOD = "period"


class Cause(StrEnum):
    """Whose cause the refund has. ``neither`` counts like the operator's."""

    OPERATOR = "operator"
    CONSUMER = "consumer"
    NEITHER = "neither"


class RefundRule(StrEnum):
    """Which rule gave the sum; in a tie the first named here."""

    COOLING_OFF_UNUSED = "cooling_off_unused"
    COOLING_OFF = "cooling_off"
    BELOW_LOWEST_ITEM = "below_lowest_item"
    SOLD_PRICE = "sold_price"
    LIST_PRICE = "list_price"
    REMAINING_DAYS = "remaining_days"


@dataclass(frozen=True, kw_only=True)
class RefundFacts:
    """All a refund depends on; amounts in fen. ``used_face_fen``: face value drawn of a stored-value card, discounted
    price drawn of a discount card; ``used_list_fen``: the list price of the latter. ``used_days``: days of a period
    card that have passed; ``stopped_after_days``: after how many of them the service stopped, if it did. Anything used
    counts as redeemed. ``lowest_item_fen``: the operator's lowest-priced item (BJ 17)."""

    kind: str
    paid_fen: int
    cause: str
    bought_on: date
    requested_on: date
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
    lowest_item_fen: int | None = None
    cooling_off_days: int = 7

    def __post_init__(self) -> None:
        """Raises BadFacts when the figures contradict each other."""
        for field in fields(self):
            value = getattr(self, field.name)
            counts = field.type is int or (
                field.name in {"stopped_after_days", "lowest_item_fen"} and value is not None
            )
            if counts and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise BadFacts(why=_("%(name)s must be a whole number of at least 0") % {"name": field.name})
        if self.kind not in set(CardKind):
            raise BadFacts(why=_("unknown kind of card: %(kind)s") % {"kind": self.kind})
        if self.cause not in set(Cause):
            raise BadFacts(why=_("unknown cause: %(cause)s") % {"cause": self.cause})
        if self.requested_on < self.bought_on:
            raise BadFacts(why=_("the refund was requested before the card was bought"))
        used, total = self.used_of_total
        if total == 0 and self.kind != CardKind.DISCOUNT:
            raise BadFacts(why=_("there is nothing to share the price by (sessions, days, or money paid and gift)"))
        if used > total:
            raise BadFacts(why=_("more was used than the card held"))

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
    def is_unused(self) -> bool:
        """Nothing at all was redeemed."""
        return not (self.used_sessions or self.used_face_fen or self.used_list_fen or self.used_days)

    @property
    def is_cooling_off(self) -> bool:
        """Within the cooling-off period; the day of purchase does not count (Civil Code 201)."""
        return (self.requested_on - self.bought_on).days <= self.cooling_off_days


@dataclass(frozen=True)
class Step:
    """One line of the reckoning: what was looked at, with its numbers (fen and counts)."""

    code: str
    numbers: Mapping[str, int]

    @property
    def text(self) -> str:
        """The sentence in the reader's language."""
        return str(STEPS[self.code][0]) % self._written

    @property
    def formula(self) -> str:
        """The same in figures (yuan), empty where nothing is reckoned."""
        return STEPS[self.code][1] % self._written

    @property
    def article(self) -> str:
        """Where it is written, in the reader's language."""
        return str(STEPS[self.code][2])

    @property
    def _written(self) -> dict[str, str]:
        return {name: yuan(n) if name.endswith("_fen") else str(n) for name, n in self.numbers.items()}

    def to_json(self) -> dict[str, Any]:
        """JSON data for programs and for keeping."""
        return {
            "code": self.code,
            "numbers": dict(self.numbers),
            "text": self.text,
            "formula": self.formula,
            "article": self.article,
        }


@dataclass(frozen=True)
class RefundQuote:
    """The sum owed, the rule that gave it, and the steps to it in order."""

    refund_fen: int
    rule: RefundRule
    steps: tuple[Step, ...]

    @property
    def is_cooling_off(self) -> bool:
        """A cooling-off refund is granted at once, nobody has to agree."""
        return self.rule in {RefundRule.COOLING_OFF_UNUSED, RefundRule.COOLING_OFF}

    def to_json(self) -> dict[str, Any]:
        """JSON data; ``from_json`` gives the quote back, in whatever language is then read."""
        return {
            "refund_fen": self.refund_fen,
            "rule": str(self.rule),
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """A kept quote."""
        steps = tuple(Step(step["code"], step["numbers"]) for step in data["steps"])
        return cls(data["refund_fen"], RefundRule(data["rule"]), steps)


#: code → sentence, formula in yuan, article.
STEPS: dict[str, tuple[Promise, str, Promise]] = {
    "cooling_off_unused": (
        _("Asked within the cooling-off period and nothing was used: the whole price is returned."),
        "%(paid_fen)s",
        _("Beijing prepaid card regulations, art. 16"),
    ),
    "cooling_off": (
        _("Asked within the cooling-off period: the price less what was used, at the price paid."),
        "%(paid_fen)s − %(earned_fen)s = %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 14"),
    ),
    "knew_service": (
        _("The buyer already knew this service: the right to cool off does not apply to what was used."),
        "",
        _("Fa Shi [2025] No. 4, art. 14"),
    ),
    "stored_value_sold_price": (
        _("What was drawn is shared between the money paid and the gift money in proportion."),
        "%(paid_fen)s − %(face_fen)s × %(paid_fen)s ÷ (%(paid_fen)s + %(gift_fen)s) = %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 18"),
    ),
    "stored_value_list_price": (
        _("For a cause on the holder's side, what was drawn counts in full against the money paid."),
        "%(paid_fen)s − %(face_fen)s → %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 19 and 20"),
    ),
    "sessions_sold_price": (
        _("%(used)s of %(total)s sessions used, counted at the price sold."),
        "%(paid_fen)s − %(used)s × %(paid_fen)s ÷ %(total)s = %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 18"),
    ),
    "sessions_list_price": (
        _("For a cause on the holder's side, the %(used)s sessions used are counted at the list price."),
        "%(paid_fen)s − %(used)s × %(list_fen)s → %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 19 and 20"),
    ),
    "discount_sold_price": (
        _("What was used is counted at the discounted price."),
        "%(paid_fen)s − %(face_fen)s = %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 18"),
    ),
    "discount_list_price": (
        _("For a cause on the holder's side, what was used is counted at the list price."),
        "%(paid_fen)s − %(list_fen)s → %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 19 and 20"),
    ),
    "period_remaining": (
        _("%(used)s of %(total)s days have passed; the price of the rest is returned, whatever the cause."),
        "%(paid_fen)s − %(used)s × %(paid_fen)s ÷ %(total)s = %(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 22"),
    ),
    "service_stopped": (
        _("The service stopped after %(stopped)s days: the days after that do not count."),
        "",
        _("Fa Shi [2025] No. 4, art. 22"),
    ),
    "below_lowest_item": (
        _(
            "The balance of ¥%(balance_fen)s is below the lowest-priced item (¥%(lowest_fen)s): the balance is "
            "returned, less the gift part."
        ),
        "%(refund_fen)s",
        _("Beijing prepaid card regulations, art. 17"),
    ),
    "highest": (
        _("Several rules apply: the highest sum is owed."),
        "%(refund_fen)s",
        _("Fa Shi [2025] No. 4, art. 14, 17 to 19"),
    ),
}


def quote(facts: RefundFacts) -> RefundQuote:
    """The highest sum among the rules that apply, between 0 and the price paid."""
    at_sold_price = facts.paid_fen - _earned_fen(facts)
    by_cause, steps = _by_cause(facts, at_sold_price)
    candidates: dict[RefundRule, int] = {}
    if facts.is_cooling_off:
        paid = {"paid_fen": facts.paid_fen}
        if facts.is_unused:
            candidates[RefundRule.COOLING_OFF_UNUSED] = facts.paid_fen
            steps.append(Step("cooling_off_unused", paid))
        if not facts.knew_service:
            candidates[RefundRule.COOLING_OFF] = at_sold_price
            earned = {"earned_fen": facts.paid_fen - at_sold_price, "refund_fen": at_sold_price}
            steps.append(Step("cooling_off", {**paid, **earned}))
        elif not facts.is_unused:
            steps.append(Step("knew_service", {}))
    if (balance := _below_lowest_item(facts)) is not None:
        candidates[RefundRule.BELOW_LOWEST_ITEM] = at_sold_price
        lowest = {"balance_fen": balance, "lowest_fen": facts.lowest_item_fen or 0, "refund_fen": at_sold_price}
        steps.append(Step("below_lowest_item", lowest))
    candidates[by_cause] = _sum_by_cause(facts, at_sold_price)
    rule = max(RefundRule, key=lambda rule: candidates.get(rule, -1))  # the first of equals
    if len(candidates) > 1:
        steps.append(Step("highest", {"refund_fen": candidates[rule]}))
    return RefundQuote(candidates[rule], rule, tuple(steps))


def _earned_fen(facts: RefundFacts) -> int:
    """The merchant's share at the price sold, rounded down."""
    if facts.kind == CardKind.DISCOUNT:
        return facts.used_face_fen
    used, total = facts.used_of_total
    if facts.kind == CardKind.PERIOD and facts.stopped_after_days is not None:
        used = min(used, facts.stopped_after_days)
    return share(facts.paid_fen, used, total)


def _sum_by_cause(facts: RefundFacts, at_sold_price: int) -> int:
    if facts.cause != Cause.CONSUMER:
        return at_sold_price
    match CardKind(facts.kind):
        case CardKind.STORED_VALUE:
            at_list_price = facts.used_face_fen
        case CardKind.SESSIONS:
            at_list_price = facts.used_sessions * facts.list_price_fen
        case CardKind.DISCOUNT:
            at_list_price = facts.used_list_fen
        case CardKind.PERIOD:
            return at_sold_price
    # A list price below the price sold is raised to it, and the operator never claims more than was paid (SPC 20).
    return max(0, min(at_sold_price, facts.paid_fen - at_list_price))


def _by_cause(facts: RefundFacts, at_sold_price: int) -> tuple[RefundRule, list[Step]]:
    used, total = facts.used_of_total
    numbers = {"paid_fen": facts.paid_fen, "refund_fen": _sum_by_cause(facts, at_sold_price)}
    if facts.kind == CardKind.PERIOD:
        stopped = facts.stopped_after_days
        steps = []
        if stopped is not None and stopped < used:
            steps.append(Step("service_stopped", {"stopped": stopped}))
            used = stopped
        steps.append(Step("period_remaining", {**numbers, "used": used, "total": total}))
        return RefundRule.REMAINING_DAYS, steps
    if facts.kind == CardKind.STORED_VALUE:
        numbers |= {"face_fen": facts.used_face_fen, "gift_fen": facts.gift_fen}
    elif facts.kind == CardKind.SESSIONS:
        list_fen = max(facts.list_price_fen, share(facts.paid_fen, 1, total))
        numbers |= {"used": used, "total": total, "list_fen": list_fen}
    else:
        numbers |= {"face_fen": used, "list_fen": max(facts.used_list_fen, used)}
    rule = RefundRule.LIST_PRICE if facts.cause == Cause.CONSUMER else RefundRule.SOLD_PRICE
    return rule, [Step(f"{facts.kind}_{rule}", numbers)]


def _below_lowest_item(facts: RefundFacts) -> int | None:
    """The balance, when it is above nothing and buys nothing."""
    if facts.kind != CardKind.STORED_VALUE or facts.lowest_item_fen is None:
        return None
    used, total = facts.used_of_total
    return total - used if 0 < total - used < facts.lowest_item_fen else None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would come back once a part of the card is used, after the cooling-off period: shown before buying (fen)."""

    used: str
    operator_fen: int
    consumer_fen: int


def previews(terms: Terms) -> list[Preview]:
    """The refund after nothing, a quarter, half and three quarters, for a cause on either side."""
    some_day = date(2026, 1, 1)
    common: dict[str, Any] = {
        "kind": terms.kind,
        "paid_fen": terms.price_fen,
        "gift_fen": terms.bonus_fen,
        "sessions": terms.sessions or 0,
        "list_price_fen": terms.list_price_fen or 0,
        "days": terms.days or 0,
        "bought_on": some_day,
        "requested_on": some_day + timedelta(days=1),
        "cooling_off_days": 0,
    }
    match Plan(terms.kind):
        case Plan.SESSIONS:
            total, name, used_text = terms.sessions or 1, "used_sessions", _("%(used)s sessions used")
        case Plan.STORED_VALUE:
            total, name, used_text = terms.price_fen + terms.bonus_fen, "used_face_fen", _("¥%(used)s used")
        case Plan.PERIOD:
            total, name, used_text = terms.days or 1, "used_days", _("%(used)s days passed")

    def owed(used: int, cause: Cause) -> int:
        return quote(RefundFacts(**{**common, "cause": cause, name: used})).refund_fen

    return [
        Preview(
            used=str(used_text) % {"used": yuan(used) if name == "used_face_fen" else used},
            operator_fen=owed(used, Cause.OPERATOR),
            consumer_fen=owed(used, Cause.CONSUMER),
        )
        for used in sorted({total * quarter // 4 for quarter in range(4)})
    ]

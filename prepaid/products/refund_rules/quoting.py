"""What is owed back for a card at a moment, and why (rules.md section 2). Pure, exact, whole fen; no interest.

P money paid · G gift money · F face value drawn · n of N sessions used · L list price of one visit. The merchant's
earned share is rounded down, so the odd fen is the consumer's: a refund for a cause of the merchant is to the fen what
escrow still holds. Sources: BJ = Beijing regulations on single-purpose prepaid cards, SPC = Interpretation 4/2025.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from escrow.money import share
from prepaid.products.refund_rules.facts import CardKind, Cause, RefundFacts
from prepaid.products.refund_rules.steps import Step


class RefundRule(StrEnum):
    """Which rule gave the sum; in a tie the first named here."""

    COOLING_OFF_UNUSED = "cooling_off_unused"
    COOLING_OFF = "cooling_off"
    BELOW_LOWEST_ITEM = "below_lowest_item"
    SOLD_PRICE = "sold_price"
    LIST_PRICE = "list_price"
    REMAINING_DAYS = "remaining_days"
    CONTRACT = "contract"


_COOLING_OFF = {RefundRule.COOLING_OFF_UNUSED, RefundRule.COOLING_OFF}


@dataclass(frozen=True)
class RefundQuote:
    """The sum owed, the rule that gave it, and the steps to it in order."""

    refund_fen: int
    rule: RefundRule
    steps: tuple[Step, ...]

    @property
    def is_cooling_off(self) -> bool:
        """A cooling-off refund is granted at once, nobody has to agree."""
        return self.rule in _COOLING_OFF

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


def quote(facts: RefundFacts) -> RefundQuote:
    """The highest sum among the rules that apply, between 0 and the price paid."""
    by_law = _lots_together(facts) if facts.lots else _by_law(facts, facts.balance_that_buys_nothing)
    if facts.contract_fen is None:
        return by_law
    contract_fen = min(facts.contract_fen, facts.paid_fen)
    steps = (*by_law.steps, Step("contract_terms", {"refund_fen": contract_fen}))
    if contract_fen > by_law.refund_fen:
        return RefundQuote(contract_fen, RefundRule.CONTRACT, steps)
    return RefundQuote(by_law.refund_fen, by_law.rule, steps)


def _lots_together(facts: RefundFacts) -> RefundQuote:
    """Each payment is a bargain of its own: its gift, its cooling-off, its refund to where it came from."""
    cards = facts.per_lot()
    quotes = [_by_law(card, facts.balance_that_buys_nothing) for card in cards]
    steps: list[Step] = []
    for number, (card, found) in enumerate(zip(cards, quotes, strict=True), start=1):
        numbers = {"paid_fen": card.paid_fen, "gift_fen": card.gift_fen, "face_fen": card.used_face_fen}
        steps += [Step("lot", {"number": number, "of": len(cards), **numbers}), *found.steps]
    refund_fen = sum(found.refund_fen for found in quotes)
    rules = {found.rule for found in quotes if found.refund_fen} or {quotes[-1].rule}
    if len(rules) == 1:
        (rule,) = rules
    elif rules <= _COOLING_OFF:
        rule = RefundRule.COOLING_OFF
    else:  # no single payment decides for all, so the merchant is asked as if none could be cooled off
        rule = _rule_by_cause(facts)
    return RefundQuote(refund_fen, rule, (*steps, Step("lots_together", {"refund_fen": refund_fen})))


def _by_law(facts: RefundFacts, balance_that_buys_nothing: int | None) -> RefundQuote:
    at_sold_price = facts.paid_fen - _earned_fen(facts)
    by_cause = _sum_by_cause(facts, at_sold_price)
    steps = _steps_by_cause(facts, at_sold_price, by_cause)
    candidates = {_rule_by_cause(facts): by_cause}
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
    if balance_that_buys_nothing is not None:
        candidates[RefundRule.BELOW_LOWEST_ITEM] = at_sold_price
        lowest = {"balance_fen": balance_that_buys_nothing, "lowest_fen": facts.lowest_item_fen or 0}
        steps.append(Step("below_lowest_item", {**lowest, "refund_fen": at_sold_price}))
    rule = max(RefundRule, key=lambda rule: candidates.get(rule, -1))  # the first of equals
    if len(candidates) > 1:
        steps.append(Step("highest", {"refund_fen": candidates[rule]}))
    return RefundQuote(candidates[rule], rule, tuple(steps))


def _earned_fen(facts: RefundFacts) -> int:
    """The merchant's share at the price sold, rounded down."""
    used, total = facts.used_of_total
    match CardKind(facts.kind):
        case CardKind.DISCOUNT:
            return used
        case CardKind.PERIOD:
            return share(facts.paid_fen, facts.days_served, total)
        case CardKind.STORED_VALUE | CardKind.SESSIONS:
            return share(facts.paid_fen, used, total)


def _rule_by_cause(facts: RefundFacts) -> RefundRule:
    if facts.kind == CardKind.PERIOD:
        return RefundRule.REMAINING_DAYS
    return RefundRule.LIST_PRICE if facts.cause == Cause.CONSUMER else RefundRule.SOLD_PRICE


def _sum_by_cause(facts: RefundFacts, at_sold_price: int) -> int:
    """A list price below the price sold is raised to it, exactly and not to a whole fen per visit: that is the lower of
    both sums. The operator never claims more than was paid (SPC 20)."""
    if _rule_by_cause(facts) != RefundRule.LIST_PRICE:
        return at_sold_price
    return max(0, min(at_sold_price, facts.paid_fen - _list_fen(facts)))


def _list_fen(facts: RefundFacts) -> int:
    """What was used at list price, as named."""
    match CardKind(facts.kind):
        case CardKind.SESSIONS:
            return facts.used_sessions * facts.list_price_fen
        case CardKind.DISCOUNT:
            return facts.used_list_fen
        case CardKind.STORED_VALUE | CardKind.PERIOD:
            return facts.used_face_fen


def _is_below_sold_price(facts: RefundFacts) -> bool:
    match CardKind(facts.kind):
        case CardKind.SESSIONS:
            return facts.list_price_fen * facts.sessions < facts.paid_fen
        case CardKind.DISCOUNT:
            return facts.used_list_fen < facts.used_face_fen
        case CardKind.STORED_VALUE | CardKind.PERIOD:
            return False


def _steps_by_cause(facts: RefundFacts, at_sold_price: int, by_cause: int) -> list[Step]:
    used, total = facts.used_of_total
    numbers = {"paid_fen": facts.paid_fen, "refund_fen": by_cause}
    rule = _rule_by_cause(facts)
    if rule == RefundRule.REMAINING_DAYS:
        served = facts.days_served
        stopped = [Step("service_stopped", {"stopped": served})] if served < used else []
        return [*stopped, Step("period_remaining", {**numbers, "used": served, "total": total})]
    raised = []
    if rule == RefundRule.LIST_PRICE and _is_below_sold_price(facts):
        rule, raised = RefundRule.SOLD_PRICE, [Step("list_price_raised", {})]
    match CardKind(facts.kind):
        case CardKind.SESSIONS:
            numbers |= {"used": used, "total": total, "list_fen": facts.list_price_fen}
        case CardKind.DISCOUNT:
            numbers |= {"face_fen": used, "list_fen": facts.used_list_fen}
        case CardKind.STORED_VALUE | CardKind.PERIOD:
            numbers |= {"face_fen": used, "gift_fen": facts.gift_fen}
    return [*raised, Step(f"{facts.kind}_{rule}", numbers)]

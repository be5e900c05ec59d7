"""The ledger against a model of a few lines: whatever the order of deeds, both say the same and ``prove`` finds nothing.

``make test`` plays hundreds of sequences, ``make soak`` thousands (docs/ledger.md, "What must always be true"), on every core.
The verbs are those of ``tests/escrow/deeds.py``, which eight threads play too.
"""

import multiprocessing
import os
import sys
from bisect import bisect_right
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import hypothesis.core
import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from escrow import invariants, queries
from escrow.clock import beijing_date
from escrow.errors import DomainError
from escrow.models import Beneficiary, Instruction, Payment, ReserveRule, WorkingDay
from escrow.states import InstructionKind, InstructionState, Plan, UseState
from tests.escrow.deeds import VERBS, Aim, SilentChannel
from tests.escrow.factories import AT, beneficiary, open_agreement, order, paid
from tests.soak import SOAK

#: Examples, all processes together, and steps of each: long lives, and many short ones.
SHAPES = [(2_000, 220)] if SOAK else [(70, 15), (25, 220)]
PROCESSES = os.cpu_count() or 1
#: Of every payout so much stays as the reserve, until it holds so much.
SHARE, UP_TO = 1_500, 120
#: After so many steps, and at the end, the questions that pages ask are asked too; the balances of all accounts always.
QUESTIONS_EVERY = 20
ALIVE = ("held", "frozen")
#: Cards that may still be used or paid for, at the most: what is there shall meet what happens.
CARDS = 10

REFUND, PAYOUT, RETURN = InstructionKind.REFUND, InstructionKind.PAYOUT, InstructionKind.RETURN
some = st.integers(0, 999)
#: Of what was paid, often all: more than is held, once something is used.
percents = st.sampled_from([0, 20, 50, 80, 100, 100, 110])

#: Prepared once: planning it for every partition of the transfers would cost more than the answer.
BALANCES = """
    PREPARE balances (bigint) AS
    SELECT coalesce(agreement_id, 0), code, asset, abs(sum(debits_posted - credits_posted))::bigint, sum(debits_pending)::bigint
    FROM escrow_account WHERE beneficiary_id = $1 AND (agreement_id IS NOT NULL OR asset = 'CNY') GROUP BY 1, 2, 3
    UNION ALL SELECT -1, code, asset, amount, 0 FROM escrow_unfolded WHERE beneficiary_id = $1 AND asset = 'CNY'"""


@dataclass(eq=False)
class Line:
    """What counts for or against the merchant from a day on, until a payout pays it."""

    day: date
    fen: int
    paid: bool = False


@dataclass(eq=False)
class Card:
    """What the model knows of one agreement; a top-up knows its ``first``."""

    pk: int
    plan: Plan
    price: int
    bonus: int
    units: int
    payment: Payment
    pay_until: datetime
    first: "Card | None" = None
    state: str = "open"
    expired: bool = False
    funded_at: datetime | None = None
    refunded: int = 0
    used: int = 0
    shown: bool = False
    waiting: "dict[int, Use]" = field(default_factory=dict)

    @property
    def released(self) -> int:
        return self.price * self.used // self.units

    @property
    def held(self) -> int:
        return self.price - self.released if self.state in ALIVE else 0

    @property
    def left(self) -> int:
        return self.units - self.used - sum(use.units for use in self.waiting.values())

    def balances(self) -> dict[tuple[int, str, str], tuple[int, int]]:
        """What its accounts hold and keep back."""
        waiting = [use.units for use in self.waiting.values()]
        alive = self.state in ALIVE
        found = {"CNY": (self.held, sum(self.price * units // self.units for units in waiting))}
        if self.plan == Plan.SESSIONS:
            found["VISIT"] = (self.units - self.used if alive else 0, sum(waiting))
        elif self.bonus:
            left = self.bonus - (self.used - self.released) if alive else 0
            found["BONUS"] = (left, sum(self.bonus * units // self.units for units in waiting))
        return {(self.pk, "held", asset): figures for asset, figures in found.items()}


@dataclass(eq=False)
class Use:
    pk: int
    card: Card
    units: int
    until: datetime
    state: str
    line: Line | None = None


class Charged(NamedTuple):
    """What a key stands for; ``whole``: charged to the card, over its lots."""

    key: str
    card: Card
    units: int
    final: bool
    whole: bool
    uses: list[Use]


@dataclass(eq=False)
class Order:
    """An order to the bank; ``receipt``: the line that it sends back."""

    number: str
    kind: str
    fen: int
    state: str = "due"
    shown: bool = False
    receipt: int = 0


class Ledger(RuleBasedStateMachine):
    def __init__(self, to: Beneficiary, working_days: list[date]) -> None:
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        self.to, self.working_days = to, working_days
        self.now = AT
        self.model: list[Card] = []
        self.uses: list[Use] = []
        self.charges: list[Charged] = []
        self.lines: list[Line] = []
        self.orders: list[Order] = []
        self.claims: list[list[int]] = []
        self.holds: dict[int, list[int]] = {}
        self.receipts: dict[int, int] = {}
        self.open_receipts: dict[int, int] = {}
        self.refunding = self.paying = self.reserve = 0
        self.clearing = self.custody = self.interest = self.fees = 0
        self.frozen = False
        self.keys = self.steps = self.last_order = 0

    def teardown(self) -> None:
        found = []
        try:
            if sys.exc_info()[0] is None:  # else the step that failed says more than what follows from it
                self.questions_are_answered()
                found = [finding.name for finding in invariants.prove() if not finding.ok]
        finally:
            transaction.set_rollback(True)
            self.rollback.__exit__(None, None, None)
        assert not found

    def attempt(self, allowed: bool, name: str, **facts: Any) -> Any:
        """The verb succeeds exactly when the model says it may."""
        aim = Aim(beneficiary=self.to.pk, custody_no=self.to.custody_no, **facts)
        with nullcontext() if allowed else pytest.raises(DomainError):
            return VERBS[name](aim, self.now)

    def key(self) -> str:
        self.keys += 1
        return f"{self.to.pk}-{self.keys}"

    @property
    def today(self) -> date:
        return beijing_date(self.now)

    @property
    def next_working_day(self) -> date:
        return self.working_days[bisect_right(self.working_days, self.today)]

    # What the merchant has earned

    @property
    def payable(self) -> int:
        return sum(line.fen for line in self.lines)

    @property
    def due(self) -> int:
        return sum(line.fen for line in self.lines if line.day <= self.today)

    def earn(self, fen: int, day: date) -> Line | None:
        if not fen:
            return None
        self.lines.append(Line(day, fen))
        return self.lines[-1]

    def ordered(self, *expected: tuple[str, int]) -> list[Order]:
        """The orders that the last deed has made are those the model expects."""
        made = Instruction.objects.filter(beneficiary=self.to, pk__gt=self.last_order).order_by("pk")
        rows = list(made.values_list("pk", "number", "kind", "amount_fen"))
        assert sorted(row[2:] for row in rows) == sorted(expected)
        self.last_order = max([self.last_order, *(row[0] for row in rows)])
        new = [Order(number, kind, fen) for _pk, number, kind, fen in rows]
        self.orders += new
        return new

    # What comes in

    def bought(self, agreement, at: datetime, first: Card | None = None) -> None:
        plan, figures = Plan(agreement.plan), (agreement.price_fen, agreement.bonus_fen, agreement.units_total)
        card = Card(agreement.pk, plan, *figures, order(agreement), at + timedelta(minutes=30), first)
        self.model.append(card)
        if card.price % 4:  # most of what happens needs money
            self.pay(card)

    @precondition(lambda self: sum(card.state in ("open", *ALIVE) for card in self.model) < CARDS)
    @rule(price=st.integers(1, 500), bonus=st.integers(0, 200), units=st.integers(1, 12), stored=st.booleans())
    def buy(self, price, bonus, units, stored):
        bonus = bonus if stored else 0
        plan, units = (Plan.STORED_VALUE, price + bonus) if stored else (Plan.SESSIONS, units)
        facts = {"price_fen": price, "bonus_fen": bonus, "units_total": units}
        self.bought(open_agreement(self.to, plan=plan, **facts), AT)

    @rule(nth=some, price=st.integers(1, 500), bonus=st.integers(0, 200), units=st.integers(1, 12))
    def top_up(self, nth, price, bonus, units):
        """A further payment for a card is a lot of its own; a lot has none."""
        card = prefer([card for card in self.model if card.state == "held" and not card.first], self.model, nth)
        stored = card.plan == Plan.STORED_VALUE
        bonus, units = (bonus, price + bonus) if stored else (0, units)
        may = card.state == "held" and card.first is None
        lot = self.attempt(may, "top_up", agreement=card.pk, fen=price, bonus=bonus, units=units)
        if lot is not None:
            self.bought(lot, self.now, card)

    @rule(nth=some)
    def pay_one(self, nth):
        """In time, late, or told again."""
        self.pay(
            prefer([card for card in self.model if card.state in ("open", "cancelled", "expired")], self.model, nth)
        )

    def pay(self, card: Card) -> None:
        self.attempt(True, "pay", answer=paid(card.payment))
        if card.state == "open" and (card.first is None or card.first.state in ALIVE):
            card.state, card.funded_at = "held", self.now
            self.clearing += card.price
        elif card.state in ("open", "cancelled", "expired"):
            card.state = "late"
            self.clearing += card.price
            self.refunding += card.price
            self.ordered((REFUND, card.price))

    @rule(nth=some, expire=st.booleans())
    def give_up(self, nth, expire):
        """Not wanted after all, or an order nobody paid in time."""
        card = prefer([card for card in self.model if card.state == "open"], self.model, nth)
        if expire:
            self.attempt(True, "give_up", agreement=card.pk)
            if card.state == "open" and self.now >= card.pay_until:
                card.state, card.expired = "expired", True
            return
        may = card.state in ("open", "cancelled") or (card.state == "late" and not card.expired)
        self.attempt(may, "cancel", agreement=card.pk)
        if card.state == "open":
            card.state = "cancelled"

    # Use

    def charge(self, card: Card, units: int, final: bool) -> None:
        key = self.key()
        may = card.state == "held" and units <= card.left
        use = self.attempt(may, "charge", agreement=card.pk, units=units, final=final, key=key)
        if use is not None:
            self.charged(Charged(key, card, units, final, False, [self.used(use.pk, card, units)]))

    def used(self, pk: int, card: Card, units: int) -> Use:
        use = Use(pk, card, units, self.now + timedelta(hours=24), "reserved")
        card.waiting[pk] = use
        self.uses.append(use)
        return use

    def charged(self, charged: Charged) -> None:
        self.charges.append(charged)
        for use in charged.uses if charged.final else ():
            self.release(use, use.units)

    def release(self, use: Use, units: int) -> None:
        del use.card.waiting[use.pk]
        before = use.card.released
        use.card.used += units
        use.units, use.state = units, "final"
        use.line = self.earn(use.card.released - before, self.next_working_day)

    def end(self, use: Use) -> None:
        del use.card.waiting[use.pk]
        use.state = "ended"

    @rule(nth=some, units=some, final=st.booleans())
    def use(self, nth, units, final):
        """A card that can be used is, mostly with what fits."""
        card = prefer([card for card in self.model if card.state == "held"], self.model, nth)
        self.charge(card, mostly_fits(units, card.left), final)

    def lots(self, card: Card) -> list[Card]:
        lots = [lot for lot in self.model if (lot is card or lot.first is card) and lot.funded_at]
        return sorted(lots, key=lambda lot: (lot.funded_at, lot.pk))

    @precondition(lambda self: any(lot.first and lot.state in ALIVE for lot in self.model))
    @rule(nth=some, units=some, final=st.booleans())
    def use_lots(self, nth, units, final):
        """What is charged to a card is drawn from its lots, the oldest first, all of it or nothing."""
        card = pick([lot.first for lot in self.model if lot.first and lot.state in ALIVE], nth)
        lots = self.lots(card)
        units = mostly_fits(units, sum(lot.left for lot in lots if lot.state == "held"))
        parts, missing = [], units
        for lot in lots:
            if lot.state == "held" and (part := min(missing, lot.left)):
                parts.append((lot, part))
                missing -= part
        may = not missing and all(lot.state != "frozen" for lot in lots)
        key = self.key()
        made = self.attempt(may, "charge_card", agreement=card.pk, units=units, final=final, key=key)
        if made is not None:
            assert [(use.agreement_id, use.units) for use in made] == [(lot.pk, part) for lot, part in parts]
            uses = [self.used(use.pk, lot, part) for use, (lot, part) in zip(made, parts, strict=True)]
            self.charged(Charged(key, card, units, final, True, uses))

    @precondition(lambda self: self.charges)
    @rule(nth=some, another=st.booleans())
    def replay(self, nth, another):
        """The same key gives the same uses, whatever became of them; with another body it is refused."""
        key, card, units, final, whole, uses = pick(self.charges, nth)
        facts = {"agreement": card.pk, "final": final, "key": key, "units": units + another}
        again = self.attempt(not another, "charge_card" if whole else "charge", **facts)
        assert another or [use.pk for use in (again if whole else [again])] == [use.pk for use in uses]

    @property
    def waiting(self) -> list[Use]:
        return [use for card in self.model for use in card.waiting.values()]

    @precondition(lambda self: self.waiting)
    @rule(
        nth=some,
        verb=st.sampled_from(["confirm", "part", "void", "dispute", "withdraw", "decide", "expire"]),
        units=some,
    )
    def resolve(self, nth, verb, units):
        """Mostly one that can still be confirmed."""
        self.decide(prefer([use for use in self.waiting if self.waits(use)], self.waiting, nth), verb, units)

    @precondition(lambda self: any(use.state == "reserved" and self.now >= use.until for use in self.waiting))
    @rule(nth=some)
    def expire(self, nth):
        self.decide(
            pick([use for use in self.waiting if use.state == "reserved" and self.now >= use.until], nth), "expire", 0
        )

    @precondition(lambda self: any(use.state == "disputed" for use in self.waiting))
    @rule(nth=some, verb=st.sampled_from(["withdraw", "decide"]), units=some)
    def end_dispute(self, nth, verb, units):
        self.decide(pick([use for use in self.waiting if use.state == "disputed"], nth), verb, units)

    def decide(self, use: Use, verb: str, units: int) -> None:
        disputed, waits = use.state == "disputed", self.waits(use)
        done = 0
        match verb:
            case "confirm" | "part":
                done = 1 + units % (use.units + 1) if verb == "part" else use.units
                may = waits and use.card.state == "held" and done <= use.units
                self.attempt(may, "confirm", use=use.pk, units=done if verb == "part" else None)
            case "decide":
                done = units % (use.units + 2)
                may = disputed and (done == 0 or (use.card.state == "held" and done <= use.units))
                self.attempt(may, "decide", use=use.pk, units=done)
            case _:
                may = {"withdraw": True, "expire": not disputed and self.now >= use.until}.get(verb, waits)
                self.attempt(may, verb, use=use.pk)
        if not may:
            return
        if verb == "dispute":
            use.state = "disputed"
        elif done:
            self.release(use, done)
        else:
            self.end(use)

    def waits(self, use: Use) -> bool:
        return use.state == "reserved" and self.now < use.until

    @precondition(lambda self: any(self.undecided()))
    @rule(
        nth=some,
        to=st.sampled_from([UseState.FINAL, UseState.VOIDED, UseState.DISPUTED]),
        units=some,
        part=st.booleans(),
    )
    def resolve_lots(self, nth, to, units, part):
        """The parts of one charge are decided together, all or none; of a part the oldest lot's first."""
        undecided = list(self.undecided())
        uses = prefer([one for one in undecided if all(map(self.waits, one.uses))], undecided, nth).uses
        total = sum(use.units for use in uses)
        part = part and to == UseState.FINAL
        left = units % (total + 2) if part else total
        facts = {"uses": tuple(use.pk for use in uses), "units": left if part else None, "state": to}
        decided = []
        for use in uses:
            decided.append((use, min(left, use.units) if to == UseState.FINAL else 0))
            left -= min(left, use.units)
        may = not left and all(self.waits(use) and (not done or use.card.state == "held") for use, done in decided)
        self.attempt(may, "resolve_card", **facts)
        for use, done in decided if may else ():
            if to == UseState.DISPUTED:
                use.state = "disputed"
            elif done:
                self.release(use, done)
            else:
                self.end(use)

    def undecided(self):
        return (one for one in self.charges if one.whole and any(use.pk in use.card.waiting for use in one.uses))

    @precondition(lambda self: any(use.state == "final" for use in self.uses))
    @rule(nth=some)
    def undo(self, nth):
        """Until a payout has it, and as long as the merchant's account has the money."""
        charged = [use for use in self.uses if use.state in ("final", "undone")]
        use = prefer(
            [use for use in charged if use.state == "final" and not (use.line and use.line.paid)], charged, nth
        )
        card = use.card
        back = card.released - card.price * (card.used - use.units) // card.units
        may = (
            card.state == "held" and use.state == "final" and not (use.line and use.line.paid) and back <= self.payable
        )
        if self.attempt(may, "undo", use=use.pk):
            use.state = "undone"
            card.used -= use.units
            self.earn(-back, use.line.day if use.line else self.today)

    @rule(nth=some, frozen=st.booleans())
    def freeze(self, nth, frozen):
        card = prefer([card for card in self.model if card.state == ("held" if frozen else "frozen")], self.model, nth)
        if self.attempt(card.state in ALIVE, "freeze" if frozen else "thaw", agreement=card.pk):
            card.state = "frozen" if frozen else "held"

    # What goes out

    @rule(nth=some, percent=percents, ends=st.integers(0, 2), another=st.booleans())
    def refund(self, nth, percent, ends, another):
        """One card ends, or (not every card shall end soon) what is settled is asked for again."""
        closed = [card for card in self.model if card.state == "closed"]
        if ends and closed:
            card = pick(closed, nth)
            self.attempt(not another, "refund", agreement=card.pk, fen=card.refunded + another)
        elif alive := [card for card in self.model if card.state in ALIVE]:
            card = pick(alive, nth)
            owed = card.price * percent // 100
            if self.attempt(owed <= card.price, "refund", agreement=card.pk, fen=owed):
                self.settle([(card, owed)])

    @precondition(lambda self: any(lot.first and lot.state in ALIVE for lot in self.model))
    @rule(nth=some, each=st.lists(percents, min_size=1, max_size=4))
    def refund_lots(self, nth, each):
        """A card ends with all its lots: each sum goes back to the payment it came from."""
        card = pick([lot.first for lot in self.model if lot.first and lot.state in ALIVE], nth)
        lots = [lot for lot in self.lots(card) if lot.state in ALIVE]
        owed = [(lot, lot.price * each[n % len(each)] // 100) for n, lot in enumerate(lots)]
        done = self.attempt(True, "refund_many", owed=tuple((lot.pk, fen) for lot, fen in owed))
        may = [fen <= lot.price for lot, fen in owed]
        assert [not isinstance(outcome, DomainError) for outcome in done] == may
        self.settle([one for one, can in zip(owed, may, strict=True) if can])

    def settle(self, owed: list[tuple[Card, int]]) -> None:
        """Owed is paid from what is held, then from what is earned, then from the reserve; the rest is a claim."""
        earned = self.payable + sum(max(card.held - fen, 0) for card, fen in owed)
        orders = []
        for card, fen in owed:
            from_held = min(fen, card.held)
            from_payable = min(fen - from_held, earned)
            from_reserve = min(fen - from_held - from_payable, self.reserve)
            claimed = fen - from_held - from_payable - from_reserve
            self.earn(card.held - from_held, self.next_working_day)
            self.earn(-from_payable, self.today)
            earned -= from_payable
            self.reserve -= from_reserve
            self.refunding += fen - claimed
            if claimed:
                self.claims.append([claimed])
            if fen > claimed:
                orders.append((REFUND, fen - claimed))
            card.state, card.refunded = "closed", fen
            for use in list(card.waiting.values()):
                self.end(use)
        self.ordered(*orders)

    @rule(days=st.integers(0, 3))
    def pay_out(self, days):
        """Claims first, then orders of courts, then the reserve's share, then the merchant; held, it gets nothing."""
        self.now += timedelta(days=days)
        due, orders = self.due, []
        while self.claims and due > 0:
            part = min(self.claims[0][0], due)
            self.claims[0][0] -= part
            if not self.claims[0][0]:
                self.claims.pop(0)
            orders.append((REFUND, part))
            self.refunding += part
            self.earn(-part, self.today)
            due -= part
        due -= self.fill(due)
        payout = self.attempt(True, "pay_out")
        if self.frozen or due <= 0:
            assert payout is None
        else:
            kept = min(due * SHARE // 10_000, UP_TO - self.reserve)
            assert payout.amount_fen == due - kept
            self.reserve += kept
            self.paying += due - kept
            orders.append((PAYOUT, due - kept))
            for line in self.lines:
                line.paid = line.day <= self.today
            self.lines = [line for line in self.lines if not line.paid]
        self.ordered(*orders)

    @precondition(lambda self: self.frozen or self.lines)
    @rule(held=st.booleans())
    def hold_payouts(self, held):
        if held or self.frozen:
            self.attempt(True, "hold_payouts" if held else "release_payouts")
            self.frozen = held

    @precondition(lambda self: self.holds or self.lines or self.paying)
    @rule(fen=st.integers(1, 300), lift=st.booleans(), nth=some)
    def court(self, fen, lift, nth):
        """An order blocks what is earned, and what has not left yet; lifted, it is earned again."""
        if self.holds and (lift or len(self.holds) > 2):
            pk = pick(list(self.holds), nth)
            self.attempt(True, "lift_hold", hold=pk)
            self.earn(self.holds.pop(pk)[1], self.next_working_day)
            return
        claimed = sum(left for [left] in self.claims)
        wanted = claimed + fen + sum(asked - blocked for asked, blocked in self.holds.values())
        hold = self.attempt(True, "order_hold", key=self.key(), fen=fen)
        for unsent in reversed([one for one in self.orders if one.kind == PAYOUT and one.state == "due"]):
            if self.payable < wanted:
                self.fail(unsent)
        self.holds[hold.pk] = [fen, 0]
        self.fill(self.payable - claimed)  # claims and earlier orders come first
        assert hold.blocked_fen == self.holds[hold.pk][1]

    def fill(self, fen: int) -> int:
        """Orders of courts take as much, the oldest first."""
        left = fen
        for hold in self.holds.values():
            part = max(min(hold[0] - hold[1], left), 0)
            hold[1] += part
            self.earn(-part, self.today)
            left -= part
        return fen - left

    # What the bank says

    def fail(self, payout: Order) -> None:
        payout.state = "failed"
        self.paying -= payout.fen
        self.earn(payout.fen, self.next_working_day)  # comes back

    @precondition(lambda self: self.orders)
    @rule(state=st.sampled_from(["accepted", "succeeded", "succeeded", "failed"]), nth=some)
    def answer(self, state, nth):
        """What fails comes back: a payout to what is earned, a receipt to suspense; a refund is ordered again."""
        sent = pick(self.orders, nth)
        self.attempt(True, "answer", number=sent.number, state=state)
        if sent.state in ("succeeded", "failed"):
            return
        sent.state = state
        if state == "failed" and sent.kind == PAYOUT:
            self.fail(sent)
            self.frozen = True
        elif state == "failed" and sent.kind == REFUND:
            self.ordered((REFUND, sent.fen))
        elif state == "failed":
            self.refunding -= sent.fen
            self.open_receipts[sent.receipt] = sent.fen

    def show(self, fen: int, number: str = "") -> Any:
        line = self.attempt(True, "line", key=self.key(), fen=fen, number=number)
        self.custody += fen
        self.receipts[line.pk] = fen
        if line.matched_at is None:
            self.open_receipts[line.pk] = fen
        return line

    @precondition(lambda self: any(card.funded_at or card.state == "late" for card in self.model))
    @rule(nth=some)
    def line_in(self, nth):
        """A line that names a payment; the second of one nobody can explain."""
        card = pick([card for card in self.model if card.funded_at or card.state == "late"], nth)
        line = self.show(card.price, card.payment.order_no)
        assert (line.matched_at is None) == card.shown
        if not card.shown:
            self.clearing -= card.price
            card.shown = True

    @precondition(lambda self: any(one.fen <= self.custody for one in self.orders))
    @rule(nth=some)
    def line_out(self, nth):
        """A line that names an order; one of an order that failed, or the second of one, nobody can explain."""
        sent = pick([one for one in self.orders if one.fen <= self.custody], nth)
        fits = not sent.shown and sent.state != InstructionState.FAILED
        line = self.show(-sent.fen, sent.number)
        assert (line.matched_at is not None) == fits
        if not fits:
            return
        sent.shown, sent.state = True, "succeeded"
        if sent.kind == PAYOUT:
            self.paying -= sent.fen
        else:
            self.refunding -= sent.fen

    @rule(fen=st.integers(1, 90), out=st.booleans())
    def nobodys_line(self, fen, out):
        if not out or fen <= self.custody:  # the bank has no more than came
            self.show(-fen if out else fen)

    @precondition(lambda self: self.open_receipts)
    @rule(nth=some)
    def assign(self, nth):
        """A person says that it is interest, or a fee; once."""
        pk = prefer(list(self.open_receipts), list(self.receipts), nth)
        fen = self.receipts[pk]
        if self.attempt(pk in self.open_receipts, "assign", line=pk, to="interest" if fen > 0 else "fee"):
            del self.open_receipts[pk]
            self.interest, self.fees = self.interest + max(fen, 0), self.fees + max(-fen, 0)

    @precondition(lambda self: any(fen > 0 for fen in self.open_receipts.values()))
    @rule(nth=some)
    def send_back(self, nth):
        """Two people send back what came and nobody can explain, as often as it fails."""
        pk = prefer([pk for pk in self.open_receipts if self.receipts[pk] > 0], list(self.receipts), nth)
        fen = self.receipts[pk]
        if self.attempt(pk in self.open_receipts and fen > 0, "send_back", line=pk):
            del self.open_receipts[pk]
            self.refunding += fen
            [sent] = self.ordered((RETURN, fen))
            sent.receipt = pk

    # Both say the same

    @property
    def suspense(self) -> int:
        return sum(fen for fen in self.open_receipts.values() if fen > 0)

    @property
    def unexplained(self) -> int:
        return sum(-fen for fen in self.open_receipts.values() if fen < 0)

    @property
    def blocked(self) -> int:
        return sum(blocked for _sum, blocked in self.holds.values())

    def stands(self) -> dict[str, int]:
        """The beneficiary's money by the name of its account."""
        names = ("payable", "reserve", "blocked", "clearing", "custody", "suspense", "unexplained", "interest", "fees")
        return {name: getattr(self, name) for name in names} | {"refund": self.refunding, "payout": self.paying}

    @invariant()
    def something_can_be_used(self):
        """Whichever rules an example leaves out (perhaps buying), the shop stays in business."""
        if not any(card.state in ALIVE for card in self.model):
            price = 1 + len(self.model) * 37 % 499
            facts = {"plan": Plan.STORED_VALUE, "bonus_fen": 50, "units_total": price + 50}
            for one in ({"units_total": 3}, facts):
                self.bought(open_agreement(self.to, price_fen=price, **one), AT)
                self.pay(self.model[-1])

    @invariant()
    def every_balance_is_the_model_s(self):
        with connection.cursor() as cursor:
            cursor.execute("EXECUTE balances (%s)", [self.to.pk])
            rows = cursor.fetchall()
        appended = {code: amount for of, code, _asset, amount, _pending in rows if of < 0}
        found = {
            (of, code, asset): (amount + (0 if of else appended.get(code, 0)), pending)
            for of, code, asset, amount, pending in rows
            if of >= 0
        }
        expected = {(0, name, "CNY"): (fen, 0) for name, fen in self.stands().items()}
        for card in self.model:
            expected |= card.balances()
        assert found == expected
        self.steps += 1
        if self.steps % QUESTIONS_EVERY == 0:
            self.questions_are_answered()

    def questions_are_answered(self) -> None:
        found = queries.holdings(card.pk for card in self.model)
        for card in self.model:
            holding = found[card.pk]
            assert holding.state == card.state or card.state == "late"
            assert holding.held_fen == card.held
            if card.state in ALIVE:
                assert holding.units_left == card.left
                assert 0 <= holding.reserved_fen <= holding.held_fen
        backing = queries.backing(self.to.pk)
        for name, fen in self.stands().items():
            assert getattr(backing, f"{name}_fen") == fen, name
        assert backing.owed_fen == backing.covered_fen
        assert not self.attempt(True, "match")  # what nobody could explain does not come to fit by itself


def pick(rows: list, nth: int) -> Any:
    return rows[nth % len(rows)]


def prefer(rows: list, others: list, nth: int) -> Any:
    """Mostly one of ``rows``, so that deeds are mostly allowed."""
    return pick(rows if rows and nth % 8 != 7 else others, nth // 8)


def mostly_fits(wish: int, left: int) -> int:
    """A third of what is left at the most, or (one wish in ten) more than that."""
    return left + 1 + wish % 7 if wish % 10 == 9 else max(1, wish % (left // 3 + 2))


def play(to: int, examples: int, steps: int, seed: int) -> None:
    """One process's share of the examples, with a beneficiary of its own; nothing of them is committed."""
    hypothesis.core.global_force_seed = seed  # as --hypothesis-seed sets it: no two processes play the same
    working_days = list(WorkingDay.objects.filter(is_working=True).order_by("day").values_list("day", flat=True))
    mine = Beneficiary.objects.get(pk=to)
    with connection.cursor() as cursor:
        cursor.execute(BALANCES)
    run_state_machine_as_test(
        lambda: Ledger(mine, working_days),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    connections.close_all()


@pytest.mark.slow
@pytest.mark.parametrize(("examples", "steps"), SHAPES)
def test_the_ledger_and_the_model_agree(committed_db, monkeypatch, examples, steps):
    monkeypatch.setattr("escrow.operations.payments.channel_of", lambda _code: SilentChannel())
    rule_ = {"basis_points": SHARE, "up_to_fen": UP_TO, "source": "test", "mark": "A"}
    ReserveRule.objects.create(valid_from=date(2026, 1, 1), **rule_)
    ours = [beneficiary().pk for _ in range(PROCESSES)]
    seed = hypothesis.core.global_force_seed or int.from_bytes(os.urandom(4))
    connections.close_all()
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
        parts = [pool.submit(play, to, examples // PROCESSES, steps, seed + n) for n, to in enumerate(ours)]
        for part in parts:
            part.result()

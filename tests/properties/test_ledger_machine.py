"""The ledger against a model of a few lines: whatever the order of deeds, both say the same and ``prove`` finds nothing.

``make test`` plays a few sequences, ``make soak`` many. The verbs are those of ``tests/escrow/deeds.py``, which eight
threads play too.
"""

import os
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from escrow import invariants, queries
from escrow.errors import DomainError
from escrow.models import Claim, Instruction, LegalHold, Payment, ReserveRule, StatementLine, Transfer
from escrow.states import InstructionKind, InstructionState, Plan, Reason
from tests.escrow.deeds import VERBS, Aim, SilentChannel
from tests.escrow.factories import AT, beneficiary, open_agreement, order, paid

pytestmark = pytest.mark.django_db
#: Examples and steps of each: many short lives and a few long ones.
SHAPES = [(2000, 250)] if os.environ.get("PREPAID_SOAK") == "1" else [(100, 15), (8, 220)]
#: Of every payout so much stays as the reserve, until it holds so much.
SHARE, UP_TO = 1_500, 120
DONE = (InstructionState.SUCCEEDED, InstructionState.FAILED)


@dataclass
class Card:
    """What the model knows of one agreement."""

    pk: int
    price: int
    bonus: int
    units: int
    payment: Payment
    state: str = "open"
    expired: bool = False
    used: int = 0
    reserved: dict[int, int] = field(default_factory=dict)
    until: dict[int, datetime] = field(default_factory=dict)
    disputed: set[int] = field(default_factory=set)
    final: dict[int, int] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    paid_out: set[int] = field(default_factory=set)
    #: key → units, final or not, the use
    charged: dict[str, tuple[int, bool, int]] = field(default_factory=dict)

    @property
    def released(self) -> int:
        return self.price * self.used // self.units

    @property
    def held(self) -> int:
        return self.price - self.released if self.state in ("held", "frozen") else 0


class Ledger(RuleBasedStateMachine):
    cards = Bundle("cards")

    def __init__(self) -> None:
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        rule_ = {"basis_points": SHARE, "up_to_fen": UP_TO, "source": "test", "mark": "A"}
        ReserveRule.objects.create(valid_from=date(2026, 1, 1), **rule_)
        self.beneficiary = beneficiary()
        self.now = AT
        self.model: list[Card] = []
        self.payable = self.refunding = self.paying = self.reserve = self.blocked = self.claimed = 0
        self.clearing = self.custody = self.suspense = self.unexplained = self.interest = self.fees = 0
        self.frozen = False
        self.keys = 0

    def teardown(self) -> None:
        found = [finding.name for finding in invariants.prove() if not finding.ok]
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)
        assert not found

    def attempt(self, allowed: bool, name: str, **facts: Any) -> Any:
        """The verb succeeds exactly when the model says it may."""
        aim = Aim(beneficiary=self.beneficiary.pk, custody_no=self.beneficiary.custody_no, **facts)
        with nullcontext() if allowed else pytest.raises(DomainError):
            return VERBS[name](aim, self.now)

    def key(self) -> str:
        self.keys += 1
        return f"{self.beneficiary.pk}-{self.keys}"

    # What comes in

    @rule(
        target=cards,
        price=st.integers(1, 500),
        bonus=st.integers(0, 200),
        units=st.integers(1, 12),
        stored=st.booleans(),
    )
    def buy(self, price, bonus, units, stored):
        agreement = open_agreement(
            self.beneficiary,
            plan=Plan.STORED_VALUE if stored else Plan.SESSIONS,
            price_fen=price,
            bonus_fen=bonus if stored else 0,
            units_total=price + bonus if stored else units,
        )
        card = Card(agreement.pk, price, bonus if stored else 0, agreement.units_total, order(agreement))
        self.model.append(card)
        if price % 4:  # most of what happens needs money
            self.pay(card)
        return card

    @rule(card=cards)
    def pay(self, card):
        self.attempt(True, "pay", answer=paid(card.payment))
        if card.state == "open":
            card.state = "held"
            self.clearing += card.price
        elif card.state in ("cancelled", "expired"):
            card.state = "late"
            self.clearing += card.price
            self.refunding += card.price

    @rule(card=cards)
    def cancel(self, card):
        may = card.state in ("open", "cancelled") or (card.state == "late" and not card.expired)
        self.attempt(may, "cancel", agreement=card.pk)
        if card.state == "open":
            card.state = "cancelled"

    @rule(card=cards)
    def give_up(self, card):
        """An order nobody paid in time."""
        self.attempt(True, "give_up", agreement=card.pk)
        if card.state == "open" and self.now >= AT + timedelta(minutes=30):
            card.state, card.expired = "expired", True

    # Use

    @rule(card=cards, units=st.integers(1, 400), some=st.booleans(), final=st.booleans())
    def charge(self, card, units, some, final):
        left = card.units - card.used - sum(card.reserved.values())
        units = max(1, units % max(1, left // 3 + 1)) if some else units  # mostly what fits
        key = self.key()
        may = card.state == "held" and units <= left
        use = self.attempt(may, "charge", agreement=card.pk, units=units, final=final, key=key)
        if use is None:
            return
        card.charged[key] = (units, final, use.pk)
        if final:
            self.released(card, use.pk, units)
        else:
            card.reserved[use.pk], card.until[use.pk] = units, self.now + timedelta(hours=24)

    def released(self, card, use_id, units):
        before = card.released
        card.used += units
        card.final[use_id] = units
        self.payable += card.released - before

    @precondition(lambda self: any(card.state == "held" for card in self.model))
    @rule(data=st.data(), units=st.integers(1, 400), final=st.booleans())
    def use(self, data, units, final):
        """A card that can be used is."""
        card = data.draw(st.sampled_from([card for card in self.model if card.state == "held"]))
        self.charge(card, units, True, final)

    @precondition(lambda self: any(card.charged for card in self.model))
    @rule(data=st.data(), another=st.booleans())
    def replay(self, data, another):
        """The same key gives the same use, whatever became of it; with another body it is refused."""
        card = data.draw(st.sampled_from([card for card in self.model if card.charged]))
        key = data.draw(st.sampled_from(sorted(card.charged)))
        units, final, use_id = card.charged[key]
        facts = {"agreement": card.pk, "final": final, "key": key}
        again = self.attempt(not another, "charge", units=units + another, **facts)
        assert another or again.pk == use_id

    @precondition(lambda self: any(card.reserved for card in self.model))
    @rule(data=st.data(), verb=st.sampled_from(["confirm", "part", "void", "expire", "dispute", "withdraw", "decide"]))
    def resolve(self, data, verb):
        card = data.draw(st.sampled_from([card for card in self.model if card.reserved]))
        use_id = data.draw(st.sampled_from(sorted(card.reserved)))
        units, disputed = card.reserved[use_id], use_id in card.disputed
        waits = not disputed and self.now < card.until[use_id]
        match verb:
            case "confirm" | "part":
                done = data.draw(st.integers(1, units + 1)) if verb == "part" else units
                may = waits and card.state == "held" and done <= units
                self.attempt(may, "confirm", use=use_id, units=done if verb == "part" else None)
            case "decide":
                done = data.draw(st.integers(0, units + 1))
                may = disputed and (done == 0 or (card.state == "held" and done <= units))
                self.attempt(may, "decide", use=use_id, units=done)
            case _:
                done = 0
                may = {"withdraw": True, "expire": not disputed and not waits}.get(verb, waits)
                self.attempt(may, verb, use=use_id)
        if not may:
            return
        if verb == "dispute":
            card.disputed.add(use_id)
            return
        del card.reserved[use_id]
        card.disputed.discard(use_id)
        if done:
            self.released(card, use_id, done)

    @precondition(lambda self: any(card.final for card in self.model))
    @rule(data=st.data())
    def undo(self, data):
        card = data.draw(st.sampled_from([card for card in self.model if card.final]))
        use_id = data.draw(st.sampled_from(sorted(card.final)))
        before = card.released
        after = card.price * (card.used - card.final[use_id]) // card.units
        allowed = card.state == "held" and use_id not in card.undone and use_id not in card.paid_out
        if allowed and self.payable < before - after:
            return  # the guard of the payable account refuses too; which error comes is not this test's question
        if self.attempt(allowed, "undo", use=use_id):
            card.undone.add(use_id)
            card.used -= card.final[use_id]
            self.payable -= before - after

    @rule(card=cards, frozen=st.booleans())
    def freeze(self, card, frozen):
        if self.attempt(card.state in ("held", "frozen"), "freeze" if frozen else "thaw", agreement=card.pk):
            card.state = "frozen" if frozen else "held"

    # What goes out

    @rule(card=cards, amount=st.integers(0, 600))
    def refund(self, card, amount):
        """Owed is paid from what is held, then from what is earned, then from the reserve; the rest is a claim."""
        if card.state == "closed" or amount % 3:  # not every card shall end soon
            return
        allowed = card.state in ("held", "frozen") and amount <= card.price
        if self.attempt(allowed, "refund", agreement=card.pk, fen=amount):
            from_held = min(amount, card.held)
            self.payable += card.held - from_held
            from_payable = min(amount - from_held, self.payable)
            from_reserve = min(amount - from_held - from_payable, self.reserve)
            self.payable -= from_payable
            self.reserve -= from_reserve
            self.refunding += from_held + from_payable + from_reserve
            self.claimed += amount - from_held - from_payable - from_reserve
            card.state = "closed"
            card.reserved.clear()

    @rule(days=st.integers(0, 3))
    def pay_out(self, days):
        """Claims first, then orders of courts, then the reserve's share, then the merchant; held, it gets nothing."""
        self.now += timedelta(days=days)
        shares = Transfer.objects.filter(beneficiary=self.beneficiary, reason=Reason.RESERVED_SHARE)
        before = sum(shares.values_list("amount", flat=True))
        payout = self.attempt(True, "pay_out")
        claims = Claim.objects.filter(beneficiary=self.beneficiary).order_by("id")
        unpaid = [claim.amount_fen - claim.paid_fen for claim in claims]
        assert unpaid == sorted(unpaid, key=bool)  # an older claim is never left while a newer one is paid
        served, self.claimed = self.claimed - sum(unpaid), sum(unpaid)
        self.refunding += served
        holds = LegalHold.objects.filter(beneficiary=self.beneficiary, lifted_at=None).order_by("id")
        unfilled = [hold.sum_fen - hold.blocked_fen for hold in holds]
        assert unfilled == sorted(unfilled, key=bool)
        filled = sum(hold.blocked_fen for hold in holds) - self.blocked
        assert not (filled and any(unpaid))  # claims come first
        self.blocked += filled
        self.payable -= served + filled
        assert min(served, filled, self.payable) >= 0
        if payout is None:
            return
        assert not self.frozen
        assert not any(unpaid)
        assert not any(unfilled)
        kept = sum(shares.values_list("amount", flat=True)) - before
        assert kept == min((payout.amount_fen + kept) * SHARE // 10_000, UP_TO - self.reserve)
        self.reserve += kept
        self.payable -= kept + payout.amount_fen
        self.paying += payout.amount_fen
        assert payout.amount_fen == sum(payout.lines.values_list("amount_fen", flat=True))
        paid_uses = set(payout.lines.values_list("transfer__use_id", flat=True))
        for card in self.model:
            card.paid_out |= paid_uses & set(card.final)

    @rule(held=st.booleans())
    def hold_payouts(self, held):
        if held or self.frozen:
            self.attempt(True, "hold_payouts" if held else "release_payouts")
            self.frozen = held

    @rule(fen=st.integers(1, 300), lift=st.booleans(), data=st.data())
    def court(self, fen, lift, data):
        """An order blocks what is earned, and what has not left yet; lifted, it is earned again."""
        open_ = list(LegalHold.objects.filter(beneficiary=self.beneficiary, lifted_at=None).order_by("id"))
        if open_ and (lift or len(open_) > 2):
            hold = data.draw(st.sampled_from(open_))
            self.attempt(True, "lift_hold", hold=hold.pk)
            self.blocked -= hold.blocked_fen
            self.payable += hold.blocked_fen
            return
        waiting = [one.amount_fen for one in self.orders().filter(kind="payout", state="due").order_by("-id")]
        wanted = fen + sum(one.sum_fen - one.blocked_fen for one in open_)
        hold = self.attempt(True, "order_hold", key=self.key(), fen=fen)
        while waiting and self.payable < self.claimed + wanted:
            back = waiting.pop(0)
            self.paying -= back
            self.payable += back
        filled = min(wanted, max(0, self.payable - self.claimed))  # claims and earlier orders come first
        assert hold.blocked_fen == max(0, filled - wanted + fen)
        self.blocked += filled
        self.payable -= filled

    def orders(self):
        return Instruction.objects.filter(beneficiary=self.beneficiary)

    # What the bank says

    @rule(state=st.sampled_from(["accepted", "succeeded", "succeeded", "failed"]), data=st.data())
    def answer(self, state, data):
        waiting = list(self.orders().order_by("id"))
        if not waiting:
            return
        instruction = data.draw(st.sampled_from(waiting))
        self.attempt(True, "answer", number=instruction.number, state=state)
        if instruction.kind == InstructionKind.PAYOUT and state == "failed" and instruction.state not in DONE:
            self.paying -= instruction.amount_fen
            self.payable += instruction.amount_fen  # comes back
            self.frozen = True

    @rule(data=st.data(), arrives=st.booleans())
    def line(self, data, arrives):
        """A line that names an order; one of an order that failed, or the second of one, nobody can explain."""
        if arrives:
            numbers = {card.payment.order_no: card.price for card in self.model if card.state not in
                       ("open", "cancelled", "expired")}  # fmt: skip
        else:
            numbers = {
                one.number: -one.amount_fen for one in self.orders().order_by("id") if one.amount_fen <= self.custody
            }
        if not numbers:
            return
        number = data.draw(st.sampled_from(sorted(numbers, key=numbers.__getitem__)))
        fen = numbers[number]
        order_ = None if arrives else self.orders().get(number=number)
        taken = StatementLine.objects.filter(beneficiary=self.beneficiary, reference=number, matched_at__isnull=False)
        fits = not taken.exists() and not (order_ and order_.state == InstructionState.FAILED)
        self.attempt(True, "line", key=self.key(), fen=fen, number=number)
        self.custody += fen
        if not fits:
            self.suspense, self.unexplained = self.suspense + max(fen, 0), self.unexplained + max(-fen, 0)
        elif order_ is None:
            self.clearing -= fen
        elif order_.kind == InstructionKind.PAYOUT:
            self.paying += fen
        else:
            self.refunding += fen

    @rule(fen=st.integers(1, 90), out=st.booleans())
    def nobodys_line(self, fen, out):
        if out and fen > self.custody:
            return  # the bank has no more than came
        self.attempt(True, "line", key=self.key(), fen=-fen if out else fen)
        self.custody += -fen if out else fen
        self.suspense, self.unexplained = self.suspense + (0 if out else fen), self.unexplained + (fen if out else 0)

    @precondition(lambda self: self.suspense or self.unexplained)
    @rule(data=st.data())
    def assign(self, data):
        """A person says that it is interest, or a fee."""
        lines = StatementLine.objects.filter(beneficiary=self.beneficiary, matched_at=None).order_by("id")
        line = data.draw(st.sampled_from(list(lines)))
        incoming = line.direction == "in"
        self.attempt(True, "assign", line=line.pk, to="interest" if incoming else "fee")
        if incoming:
            self.suspense, self.interest = self.suspense - line.amount_fen, self.interest + line.amount_fen
        else:
            self.unexplained, self.fees = self.unexplained - line.amount_fen, self.fees + line.amount_fen

    @invariant()
    def both_say_the_same(self):
        found = queries.holdings(card.pk for card in self.model)
        for card in self.model:
            holding = found[card.pk]
            if card.state in ("held", "frozen"):
                left = card.units - card.used - sum(card.reserved.values())
                assert (holding.held_fen, holding.units_left) == (card.held, left)
                assert 0 <= holding.reserved_fen <= holding.held_fen
            else:
                assert holding.held_fen == 0
        backing = queries.backing(self.beneficiary.pk)
        for name in (
            "payable",
            "reserve",
            "blocked",
            "clearing",
            "custody",
            "suspense",
            "unexplained",
            "interest",
            "fees",
        ):
            assert getattr(backing, f"{name}_fen") == getattr(self, name), name
        assert (backing.refund_fen, backing.payout_fen) == (self.refunding, self.paying)
        assert backing.owed_fen == backing.covered_fen


@pytest.mark.parametrize(("examples", "steps"), SHAPES)
def test_the_ledger_and_the_model_agree(db, monkeypatch, examples, steps):
    monkeypatch.setattr("escrow.operations.payments.channel_of", lambda _code: SilentChannel())
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

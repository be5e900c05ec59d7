"""Top-ups: each payment keeps its own price, what is charged is drawn from the oldest, refunds go where they came from."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.errors import AgreementFrozen, CannotTopUp, InvalidUnits, KeyReused, LessonCharged, NotEnoughLeft
from escrow.models import Instruction, Use
from escrow.operations.payments import take_payment
from escrow.operations.refunds import Settlement
from escrow.states import Plan, RefundBasis, UseState
from tests.escrow.factories import ACTOR, AT, held_agreement, open_agreement, order, paid, topped_up

pytestmark = pytest.mark.django_db


def charge(card, units: int, *, key: str = "k", final: bool = True):
    return escrow.charge_card(
        card_id=card.pk,
        beneficiary_id=card.beneficiary_id,
        units=units,
        final=final,
        key=key,
        reference="r",
        confirm_until=None if final else AT + timedelta(hours=24),
        at=AT,
        actor=ACTOR,
    )


def held(card) -> list[int]:
    return [lot.held_fen for lot in queries.lots(card.pk)]


def proven() -> bool:
    return not [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_charge_empties_the_oldest_lot_before_it_touches_the_next():
    card = held_agreement(price_fen=10_000, units_total=3)
    lot = topped_up(card, price_fen=5_000, units_total=5)
    uses = charge(card, 5)
    assert [(use.agreement_id, use.units, use.amount_fen) for use in uses] == [(card.pk, 3, 10_000), (lot.pk, 2, 2_000)]
    assert held(card) == [0, 3_000]
    assert proven()


def test_a_lot_that_is_paid_while_the_card_is_read_is_read_the_next_time(monkeypatch):
    card = held_agreement(price_fen=10_000, units_total=3)
    holdings = queries.holdings

    def meanwhile(ids):
        """The top-up is paid between the two questions."""
        found = holdings(ids)
        monkeypatch.undo()
        topped_up(card, price_fen=5_000, units_total=5)
        return found

    monkeypatch.setattr(queries, "holdings", meanwhile)
    assert held(card) == [10_000]
    assert held(card) == [10_000, 5_000]


def test_the_same_key_gives_the_same_uses_and_another_body_is_refused():
    card = held_agreement(price_fen=10_000, units_total=3)
    topped_up(card, price_fen=5_000, units_total=5)
    first = charge(card, 4)
    assert [use.pk for use in charge(card, 4)] == [use.pk for use in first]
    with pytest.raises(KeyReused):
        charge(card, 5)
    assert Use.objects.count() == 2


def test_more_than_all_lots_have_changes_nothing():
    card = held_agreement(price_fen=10_000, units_total=3)
    topped_up(card, price_fen=5_000, units_total=5)
    charge(card, 6, key="waits", final=False)
    with pytest.raises(NotEnoughLeft):
        charge(card, 3)
    assert Use.objects.count() == 2
    assert held(card) == [10_000, 5_000]


def test_gift_money_of_each_lot_is_shared_by_its_own_ratio():
    card = held_agreement(plan=Plan.STORED_VALUE, price_fen=1_000, bonus_fen=200)
    topped_up(card, price_fen=1_000, bonus_fen=1_000, units_total=2_000)
    charge(card, 1_200 + 500)
    assert held(card) == [0, 750]
    assert proven()


@pytest.mark.parametrize(
    ("to", "units", "left"), [(UseState.FINAL, None, [0, 4_000]), (UseState.VOIDED, None, [10_000, 5_000])]
)
def test_the_parts_of_a_charge_are_decided_together(to, units, left):
    card = held_agreement(price_fen=10_000, units_total=3)
    topped_up(card, price_fen=5_000, units_total=5)
    uses = [use.pk for use in charge(card, 4, final=False)]
    escrow.resolve_card(use_ids=uses, to=to, because="holder", units=units, at=AT, actor=ACTOR)
    assert held(card) == left
    assert proven()


def test_a_part_is_confirmed_from_the_oldest_lot_and_the_rest_returns():
    card = held_agreement(price_fen=9_000, units_total=3)
    topped_up(card, price_fen=5_000, units_total=5)
    uses = [use.pk for use in charge(card, 5, final=False)]
    with pytest.raises(InvalidUnits):
        escrow.resolve_card(use_ids=uses, to=UseState.FINAL, because="holder", units=6, at=AT, actor=ACTOR)
    escrow.resolve_card(use_ids=uses, to=UseState.FINAL, because="holder", units=2, at=AT, actor=ACTOR)
    assert held(card) == [3_000, 5_000]
    assert proven()


def test_every_lot_goes_back_to_the_payment_it_came_from():
    card = held_agreement(price_fen=10_000, units_total=10)
    lot = topped_up(card, price_fen=5_000, units_total=5)
    charge(card, 4)
    wanted = [
        Settlement(agreement_id=card.pk, owed_fen=6_000, basis=RefundBasis.COOLING_OFF, reference="a"),
        Settlement(agreement_id=lot.pk, owed_fen=5_000, basis=RefundBasis.COOLING_OFF, reference="b"),
    ]
    escrow.refund_many(wanted, beneficiary_id=card.beneficiary_id, at=AT, actor=ACTOR)
    sent = Instruction.objects.order_by("amount_fen").values_list("payment__agreement", "amount_fen")
    assert list(sent) == [(lot.pk, 5_000), (card.pk, 6_000)]
    assert proven()


def test_what_cannot_be_topped_up():
    period = held_agreement(plan=Plan.PERIOD, price_fen=3_650, units_total=365)
    unpaid = open_agreement()
    card = held_agreement()
    lot = topped_up(card, price_fen=100, units_total=1)
    for agreement in (period, unpaid, lot):
        with pytest.raises(CannotTopUp):
            topped_up(agreement, price_fen=100, units_total=1)


def test_a_lesson_is_charged_once_whichever_lot_pays_for_it():
    card = held_agreement(plan=Plan.COURSE, price_fen=1_000, units_total=1)
    topped_up(card, price_fen=5_000, units_total=5)
    facts = {
        "card_id": card.pk,
        "beneficiary_id": card.beneficiary_id,
        "final": True,
        "reference": "r",
        "lesson": "mon",
    }
    with pytest.raises(InvalidUnits):
        escrow.charge_card(units=2, key="a", at=AT, actor=ACTOR, **facts)
    escrow.charge_card(units=1, key="b", at=AT, actor=ACTOR, **facts)
    with pytest.raises(LessonCharged):
        escrow.charge_card(units=1, key="c", at=AT, actor=ACTOR, **facts)
    assert held(card) == [0, 5_000]


def test_a_top_up_that_is_paid_when_its_card_has_ended_goes_back():
    card = held_agreement(price_fen=10_000, units_total=10)
    lot = escrow.open_top_up(
        card_id=card.pk, price_fen=100, units_total=1, pay_until=AT + timedelta(minutes=30), at=AT, actor=ACTOR
    )
    waiting = order(lot)
    escrow.refund(
        agreement_id=card.pk, amount_fen=10_000, basis=RefundBasis.COOLING_OFF, reference="a", at=AT, actor=ACTOR
    )
    payment = take_payment(channel="sandbox", answer=paid(waiting), at=AT)
    lot.refresh_from_db()
    assert (payment.state, lot.state) == ("late", "cancelled")
    assert Instruction.objects.get(payment=payment).amount_fen == 100
    assert proven()


def test_one_frozen_lot_stops_the_card():
    card = held_agreement(price_fen=10_000, units_total=10)
    lot = topped_up(card, price_fen=5_000, units_total=5)
    escrow.freeze_agreement(agreement_id=lot.pk, because="complaint", at=AT, actor=ACTOR)
    with pytest.raises(AgreementFrozen):
        charge(card, 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lots=st.lists(st.tuples(st.integers(1, 500), st.integers(1, 9)), min_size=1, max_size=4),
    uses=st.lists(st.integers(1, 12), max_size=8),
)
def test_whatever_is_charged_each_lot_gives_its_exact_share(lots, uses):
    (price, units), *more = lots
    card = held_agreement(price_fen=price, units_total=units)
    for fen, visits in more:
        topped_up(card, price_fen=fen, units_total=visits)
    total, used = sum(visits for _fen, visits in lots), 0
    for n, wanted in enumerate(uses):
        if used + wanted > total:
            with pytest.raises(NotEnoughLeft):
                charge(card, wanted, key=f"{n}")
        else:
            charge(card, wanted, key=f"{n}")
            used += wanted
    expected, left = [], used
    for fen, visits in lots:
        drawn = min(left, visits)
        expected.append(fen - fen * drawn // visits)
        left -= drawn
    assert held(card) == expected
    assert proven()

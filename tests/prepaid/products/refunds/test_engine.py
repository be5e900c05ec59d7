"""The figures checked by hand in the rules, and what must hold for every card."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow.money import share
from prepaid.products.errors import BadFacts
from prepaid.products.refund_rules import CardKind, Cause, RefundFacts, RefundQuote, RefundRule, quote

BOUGHT = date(2026, 3, 2)
LATER = date(2026, 5, 4)  # past any cooling-off


def facts(
    kind: str, paid_yuan: int, cause: str = "operator", requested_on: date = LATER, **rest: object
) -> RefundFacts:
    return RefundFacts(
        kind=kind, paid_fen=paid_yuan * 100, cause=cause, bought_on=BOUGHT, requested_on=requested_on, **rest
    )


STORED = {"kind": "stored_value", "paid_yuan": 1000, "gift_fen": 20000}
SESSIONS = {"kind": "sessions", "paid_yuan": 2000, "sessions": 10, "list_price_fen": 30000}
YEAR = {"kind": "period", "paid_yuan": 3650, "days": 365}


@pytest.mark.parametrize(
    ("card", "used", "operator_fen", "consumer_fen"),
    [
        (STORED, {"used_face_fen": 60000}, 50000, 40000),
        (STORED, {"used_face_fen": 110000}, 8334, 0),
        (SESSIONS, {"used_sessions": 3}, 140000, 110000),
        (SESSIONS, {"used_sessions": 8}, 40000, 0),
        (YEAR, {"used_days": 130, "stopped_after_days": 100}, 265000, 265000),
        (YEAR, {"used_days": 130}, 235000, 235000),
        (YEAR, {"used_days": 90, "stopped_after_days": 100}, 275000, 275000),
        ({"kind": "discount", "paid_yuan": 500}, {"used_face_fen": 16000, "used_list_fen": 20000}, 34000, 30000),
        ({"kind": "discount", "paid_yuan": 500}, {"used_face_fen": 48000, "used_list_fen": 60000}, 2000, 0),
        # A list price below the price sold is raised to it.
        ({**SESSIONS, "list_price_fen": 100}, {"used_sessions": 3}, 140000, 140000),
        # Three visits of 100 yuan: the odd fen is the consumer's at every step.
        ({"kind": "sessions", "paid_yuan": 100, "sessions": 3}, {"used_sessions": 1}, 6667, 6667),
        ({"kind": "sessions", "paid_yuan": 100, "sessions": 3}, {"used_sessions": 2}, 3334, 3334),
        ({"kind": "sessions", "paid_yuan": 100, "sessions": 3}, {"used_sessions": 3}, 0, 0),
    ],
)
def test_hand_checked_figures(card, used, operator_fen, consumer_fen) -> None:
    assert quote(facts(**card, **used)).refund_fen == operator_fen
    assert quote(facts(**card, **used, cause="neither")).refund_fen == operator_fen
    assert quote(facts(**card, **used, cause="consumer")).refund_fen == consumer_fen


def test_seven_days_run_through_the_eighth_day() -> None:
    unused = facts(**SESSIONS, cause="consumer", requested_on=BOUGHT + timedelta(days=7))
    assert quote(unused).rule == RefundRule.COOLING_OFF_UNUSED
    assert quote(unused).refund_fen == 200000
    late = replace(unused, requested_on=BOUGHT + timedelta(days=8), used_sessions=1)
    assert quote(late).rule == RefundRule.LIST_PRICE
    assert quote(late).refund_fen == 170000


def test_cooling_off_after_use_takes_the_price_paid_unless_the_service_was_known() -> None:
    used = facts(**SESSIONS, cause="consumer", requested_on=BOUGHT + timedelta(days=3), used_sessions=1)
    assert (quote(used).rule, quote(used).refund_fen) == (RefundRule.COOLING_OFF, 180000)
    known = replace(used, knew_service=True)
    assert (quote(known).rule, quote(known).refund_fen) == (RefundRule.LIST_PRICE, 170000)
    assert any(step.code == "knew_service" for step in quote(known).steps)


def test_who_knew_the_service_still_gets_an_unused_card_back_whole() -> None:
    unused = facts(**SESSIONS, cause="consumer", requested_on=BOUGHT, knew_service=True)
    assert (quote(unused).rule, quote(unused).refund_fen) == (RefundRule.COOLING_OFF_UNUSED, 200000)


def test_a_balance_that_buys_nothing_comes_back_whatever_the_cause() -> None:
    little = facts(**STORED, used_face_fen=117000, cause="consumer", lowest_item_fen=3800)
    assert (quote(little).rule, quote(little).refund_fen) == (RefundRule.BELOW_LOWEST_ITEM, 2500)
    enough = replace(little, lowest_item_fen=3000)
    assert (quote(enough).rule, quote(enough).refund_fen) == (RefundRule.LIST_PRICE, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"cause": "nobody"},
        {"paid_fen": -1},
        {"paid_fen": 1.5},
        {"paid_fen": True},
        {"sessions": 0},
        {"used_sessions": 11},
        {"requested_on": BOUGHT - timedelta(days=1)},
        {"kind": "period", "days": 0},
        {"kind": "period", "days": 30, "stopped_after_days": -1},
        {"kind": "stored_value", "paid_fen": 0},
        {"kind": "discount", "used_face_fen": 200001},
    ],
)
def test_contradicting_facts_are_refused(wrong) -> None:
    with pytest.raises(BadFacts):
        replace(facts(**SESSIONS), **wrong)


@st.composite
def cards(draw: st.DrawFn) -> RefundFacts:
    kind = draw(st.sampled_from(CardKind))
    paid = draw(st.integers(1, 5_000_000))
    gift = draw(st.integers(0, 1_000_000)) if kind == CardKind.STORED_VALUE else 0
    total = draw(st.integers(1, 400))
    face_total = paid + gift
    used_face = draw(st.integers(0, face_total)) if kind in {CardKind.STORED_VALUE, CardKind.DISCOUNT} else 0
    used = draw(st.integers(0, total))
    return RefundFacts(
        kind=kind,
        paid_fen=paid,
        gift_fen=gift,
        cause=draw(st.sampled_from(Cause)),
        sessions=total if kind == CardKind.SESSIONS else 0,
        used_sessions=used if kind == CardKind.SESSIONS else 0,
        list_price_fen=draw(st.integers(0, 100_000)),
        days=total if kind == CardKind.PERIOD else 0,
        used_days=used if kind == CardKind.PERIOD else 0,
        stopped_after_days=draw(st.none() | st.integers(0, 400)),
        used_face_fen=used_face,
        used_list_fen=draw(st.integers(0, 6_000_000)) if kind == CardKind.DISCOUNT else 0,
        lowest_item_fen=draw(st.none() | st.integers(0, 20_000)),
        knew_service=draw(st.booleans()),
        bought_on=BOUGHT,
        requested_on=BOUGHT + timedelta(days=draw(st.integers(0, 30))),
    )


@given(cards())
def test_never_below_nothing_never_above_what_was_paid(card: RefundFacts) -> None:
    found = quote(card)
    assert isinstance(found.refund_fen, int)
    assert 0 <= found.refund_fen <= card.paid_fen


@given(cards())
def test_the_operators_cause_never_pays_less_than_the_consumers(card: RefundFacts) -> None:
    assert quote(replace(card, cause="operator")).refund_fen >= quote(replace(card, cause="consumer")).refund_fen
    assert quote(replace(card, cause="operator")) == quote(replace(card, cause="neither"))


@given(cards())
def test_refund_and_earned_share_are_the_price_to_the_fen(card: RefundFacts) -> None:
    card = replace(card, cause="operator", requested_on=LATER, stopped_after_days=None)
    used, total = card.used_of_total
    earned = used if card.kind == CardKind.DISCOUNT else share(card.paid_fen, used, total)
    assert quote(card).refund_fen + earned == card.paid_fen


@given(cards())
def test_a_quote_survives_being_kept_and_reads_in_full(card: RefundFacts) -> None:
    found = quote(card)
    assert RefundQuote.from_json(found.to_json()) == found
    for step in found.steps:
        assert step.text
        assert step.article
        assert "%(" not in step.text + step.formula

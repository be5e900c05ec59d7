"""What must hold for every card, and the engine beside a slow one written from the rules."""

import json
import random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escrow.money import share
from prepaid.products.refund_rules import Lot, RefundFacts
from prepaid.products.refund_rules.lines import answer
from tests.prepaid.products.refunds import slow
from tests.prepaid.products.refunds.lines import FEN, cards


def quoted(card: dict) -> dict[str, Any]:
    found = json.loads(answer(json.dumps(card).encode(), ()))
    assert "error" not in found, found
    return found


def owed(card: dict, **changes: object) -> int:
    return quoted({**card, **changes})["refund_fen"]


@given(cards())
def test_the_engine_and_the_slow_one_agree_to_the_fen(card: dict) -> None:
    assert owed(card) == slow.refund(card)


@given(cards())
def test_never_below_nothing_never_above_what_was_paid(card: dict) -> None:
    found = quoted(card)
    assert type(found["refund_fen"]) is int
    assert 0 <= found["refund_fen"] <= card["paid_fen"]


@given(cards())
def test_the_operators_cause_never_pays_less_than_the_consumers(card: dict) -> None:
    assert owed(card, cause="operator") >= owed(card, cause="consumer")
    assert quoted({**card, "cause": "operator"}) == quoted({**card, "cause": "neither"})


@given(cards())
def test_who_knew_the_service_never_gets_more(card: dict) -> None:
    assert owed(card, knew_service=True) <= owed(card, knew_service=False)


@given(cards())
def test_the_steps_end_at_the_sum_and_each_names_its_article(card: dict) -> None:
    found = quoted(card)
    assert found["refund_fen"] in [
        step["numbers"].get("refund_fen", step["numbers"].get("paid_fen")) for step in found["steps"]
    ]
    for step in found["steps"]:
        assert all(step[part] for part in ("code", "text", "text_zh", "article", "article_zh"))


UNITS = {
    "stored_value": "used_face_fen",
    "sessions": "used_sessions",
    "discount": "used_face_fen",
    "period": "used_days",
}


@given(cards(), st.data())
def test_more_used_is_never_more_owed(card: dict, data: st.DataObject) -> None:
    """But for BJ 17, which gives back a balance that buys nothing even where SPC 19 left nothing of a larger one."""
    card.pop("lowest_item_fen", None)
    unit = UNITS[card["kind"]]
    assume(card[unit])
    assert owed(card) <= owed(card, **{unit: data.draw(st.integers(0, card[unit]))})


@given(cards(kinds=["sessions"]), st.integers(0, 10**6))
def test_a_dearer_list_never_gives_more(card: dict, more: int) -> None:
    assert owed(card, list_price_fen=card["list_price_fen"] + more) <= owed(card)


@given(st.integers(0, 10**9), FEN, st.lists(st.integers(1, 10**6), max_size=12), st.randoms())
def test_the_order_of_uses_does_not_matter(paid: int, gift: int, uses: list[int], chance: random.Random) -> None:
    """Use by use the ledger releases cumulative shares; refund and releases are the price, in whatever order."""
    total = max(paid + gift, sum(uses), 1)
    gift = total - paid
    card = {"kind": "stored_value", "cause": "operator", "paid_fen": paid, "gift_fen": gift}
    refund = owed(card, used_face_fen=sum(uses))
    chance.shuffle(uses)
    drawn = released = 0
    for use in uses:
        released += share(paid, drawn + use, total) - share(paid, drawn, total)
        drawn += use
    assert released + refund == paid


@given(st.lists(st.tuples(FEN, st.integers(1, 10**6)), min_size=1, max_size=5), st.randoms(), st.data())
def test_lots_are_drawn_oldest_first_whatever_the_uses(pairs: list, chance: random.Random, data: st.DataObject) -> None:
    lots = tuple(Lot(paid_fen=paid, gift_fen=gift) for paid, gift in pairs)
    left = [lot.face_fen for lot in lots]
    uses = data.draw(st.lists(st.integers(1, 10**6), max_size=8))
    while sum(uses) > sum(left):
        uses.pop()
    chance.shuffle(uses)
    for use in uses:
        for number, rest in enumerate(left):
            taken = min(use, rest)
            left[number] -= taken
            use -= taken
    facts = RefundFacts(
        kind="stored_value",
        cause="operator",
        paid_fen=sum(lot.paid_fen for lot in lots),
        gift_fen=sum(lot.gift_fen for lot in lots),
        used_face_fen=sum(uses),
        lots=lots,
    )
    assert [lot.face_fen - card.used_face_fen for lot, card in zip(lots, facts.per_lot(), strict=True)] == left


@given(FEN, FEN, st.integers(1, 6), st.data())
def test_splitting_a_payment_evenly_changes_nothing_for_the_operators_cause(
    paid: int, gift: int, parts: int, data: st.DataObject
) -> None:
    """Every part keeps the ratio of money to gift, so each fen drawn costs the same; for the consumer's cause the gift
    of a part that is drawn wholly is not taken from the money of the next, so the sum can only be more."""
    assume(paid + gift)
    whole = {
        "kind": "stored_value",
        "paid_fen": paid * parts,
        "gift_fen": gift * parts,
        "used_face_fen": data.draw(st.integers(0, (paid + gift) * parts)),
    }
    split = {**whole, "lots": [{"paid_fen": paid, "gift_fen": gift}] * parts}
    assert owed(split, cause="operator") == owed(whole, cause="operator")
    assert owed(split, cause="consumer") >= owed(whole, cause="consumer")
    if gift == 0:
        assert owed(split, cause="consumer") == owed(whole, cause="consumer")


@given(cards(), st.integers(0, 10**16))
def test_better_terms_of_the_contract_win_and_worse_ones_do_nothing(card: dict, contract_fen: int) -> None:
    card.pop("contract_fen", None)
    law = owed(card)
    assert owed(card, contract_fen=contract_fen) == max(law, min(contract_fen, card["paid_fen"]))


@pytest.mark.parametrize("kind", list(UNITS))
def test_the_properties_see_what_they_should(kind: str) -> None:
    """A control: a fen more for the merchant is noticed by the slow one."""
    card = {
        "kind": kind,
        "cause": "operator",
        "paid_fen": 100,
        "gift_fen": 50,
        "sessions": 3,
        "days": 3,
        UNITS[kind]: 1,
    }
    assert slow.refund(card) == owed(card) != slow.refund({**card, UNITS[kind]: 3})

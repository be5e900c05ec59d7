"""Cases written from the articles, each with its article; sums in fen, worked out by hand beside the law (rules.md 2)."""

import json

import pytest

from prepaid.products.refund_rules.interest import published_rates
from prepaid.products.refund_rules.lines import answer
from tests.prepaid.products.refunds import slow

OPERATOR, CONSUMER, NEITHER = ({"cause": cause} for cause in ("operator", "consumer", "neither"))
BOUGHT = {"bought_on": "2026-03-02"}
DAY_0, DAY_3, DAY_5, DAY_7, DAY_8 = ({**BOUGHT, "requested_on": f"2026-03-{2 + days:02d}"} for days in (0, 3, 5, 7, 8))
LATER = {**BOUGHT, "requested_on": "2026-05-04"}
KNEW = {"knew_service": True}

#: 1,000 yuan and 200 given on top; ten visits for 2,000 listed at 300; 500 on a discount card; 3,650 for a year.
STORED = {"kind": "stored_value", "paid_fen": 100_000, "gift_fen": 20_000}
VISITS = {"kind": "sessions", "paid_fen": 200_000, "sessions": 10, "list_price_fen": 30_000}
THIRDS = {"kind": "sessions", "paid_fen": 10_000, "sessions": 3}
DISCOUNT = {"kind": "discount", "paid_fen": 50_000}
YEAR = {"kind": "period", "paid_fen": 365_000, "days": 365}
ODD_YEAR = {**YEAR, "paid_fen": 100_000}


def drawn(fen: int) -> dict:
    return {"used_face_fen": fen}


def visits(number: int) -> dict:
    return {"used_sessions": number}


def at_discount(face_fen: int, list_fen: int) -> dict:
    return {"used_face_fen": face_fen, "used_list_fen": list_fen}


def days(used: int, stopped: int | None = None) -> dict:
    return {"used_days": used, "stopped_after_days": stopped}


def topped_up(second: dict) -> dict:
    first = {"paid_fen": 100_000, "gift_fen": 20_000, "paid_on": "2026-03-02"}
    lots = [first, {"paid_fen": 50_000, **second}]
    return {
        "kind": "stored_value",
        "lots": lots,
        "paid_fen": 150_000,
        "gift_fen": sum(lot.get("gift_fen", 0) for lot in lots),
    }


TOPPED_UP = topped_up({"paid_on": "2026-05-01"})
WITH_GIFT = topped_up({"paid_on": "2026-05-01", "gift_fen": 10_000})

CASES = [
    # Stored value: what was drawn is shared between money and gift.
    ("SPC 18", [STORED, OPERATOR, LATER], 100_000),
    ("SPC 18", [STORED, OPERATOR, LATER, drawn(60_000)], 50_000),
    ("SPC 18", [STORED, NEITHER, LATER, drawn(60_000)], 50_000),
    ("SPC 18", [STORED, OPERATOR, LATER, drawn(110_000)], 8_334),
    ("SPC 18", [STORED, OPERATOR, LATER, drawn(120_000)], 0),
    ("SPC 18", [STORED, OPERATOR, LATER, drawn(1)], 100_000),
    ("SPC 18", [STORED, OPERATOR, LATER, drawn(2)], 99_999),
    ("SPC 18", [{**STORED, "paid_fen": 50_000, "gift_fen": 0}, OPERATOR, LATER, drawn(12_345)], 37_655),
    ("SPC 18", [{**STORED, "paid_fen": 0}, OPERATOR, LATER, drawn(10_000)], 0),
    ("SPC 18", [{**STORED, "paid_fen": 10_000, "gift_fen": 30_000}, OPERATOR, LATER, drawn(20_000)], 5_000),
    # The same for a cause of the consumer's: the gift is not earned.
    ("SPC 19", [STORED, CONSUMER, LATER], 100_000),
    ("SPC 19", [STORED, CONSUMER, LATER, drawn(60_000)], 40_000),
    ("SPC 19", [STORED, CONSUMER, LATER, drawn(99_999)], 1),
    ("SPC 19", [STORED, CONSUMER, LATER, drawn(100_000)], 0),
    ("SPC 20", [STORED, CONSUMER, LATER, drawn(110_000)], 0),
    ("SPC 19", [{**STORED, "paid_fen": 50_000, "gift_fen": 0}, CONSUMER, LATER, drawn(12_345)], 37_655),
    ("SPC 20", [{**STORED, "paid_fen": 10_000, "gift_fen": 30_000}, CONSUMER, LATER, drawn(20_000)], 0),
    # Cooling off: bought on the 2nd, through the 9th.
    ("BJ 16", [STORED, CONSUMER, DAY_0], 100_000),
    ("BJ 16", [STORED, CONSUMER, DAY_7], 100_000),
    ("BJ 16", [STORED, CONSUMER, DAY_3, KNEW], 100_000),
    ("SPC 14", [STORED, CONSUMER, DAY_7, drawn(60_000)], 50_000),
    ("SPC 19", [STORED, CONSUMER, DAY_8, drawn(60_000)], 40_000),
    ("SPC 14", [STORED, CONSUMER, DAY_3, drawn(60_000), KNEW], 40_000),
    ("SPC 18", [STORED, OPERATOR, DAY_3, drawn(60_000), KNEW], 50_000),
    ("Civil Code 201", [STORED, CONSUMER, drawn(60_000), {"bought_on": "2026-02-25", "requested_on": "2026-03-04"}], 50_000),
    ("Civil Code 201", [STORED, CONSUMER, drawn(60_000), {"bought_on": "2026-02-25", "requested_on": "2026-03-05"}], 40_000),
    ("Civil Code 201", [STORED, CONSUMER, drawn(60_000), {"bought_on": "2028-02-25", "requested_on": "2028-03-03"}], 50_000),
    ("Civil Code 201", [STORED, CONSUMER, drawn(60_000), {"bought_on": "2028-02-25", "requested_on": "2028-03-04"}], 40_000),
    # A balance that buys nothing.
    ("BJ 17", [STORED, CONSUMER, LATER, drawn(117_000), {"lowest_item_fen": 3_800}], 2_500),
    ("BJ 17", [STORED, CONSUMER, LATER, drawn(117_000), {"lowest_item_fen": 3_000}], 0),
    ("BJ 17", [STORED, CONSUMER, LATER, drawn(120_000), {"lowest_item_fen": 3_800}], 0),
    ("BJ 17", [STORED, OPERATOR, LATER, drawn(117_000), {"lowest_item_fen": 3_800}], 2_500),
    # Sessions.
    ("SPC 18", [VISITS, OPERATOR, LATER, visits(3)], 140_000),
    ("SPC 18", [VISITS, NEITHER, LATER, visits(8)], 40_000),
    ("SPC 18", [VISITS, OPERATOR, LATER, visits(10)], 0),
    ("SPC 18", [THIRDS, OPERATOR, LATER, visits(1)], 6_667),
    ("SPC 18", [THIRDS, OPERATOR, LATER, visits(2)], 3_334),
    ("SPC 18", [THIRDS, OPERATOR, LATER, visits(3)], 0),
    ("SPC 18", [{**THIRDS, "paid_fen": 1}, OPERATOR, LATER, visits(2)], 1),
    ("SPC 18", [{**THIRDS, "paid_fen": 1}, OPERATOR, LATER, visits(3)], 0),
    ("SPC 18", [{**THIRDS, "paid_fen": 0}, OPERATOR, LATER, visits(2)], 0),
    ("SPC 19", [VISITS, CONSUMER, LATER], 200_000),
    ("SPC 19", [VISITS, CONSUMER, LATER, visits(3)], 110_000),
    ("SPC 19", [VISITS, CONSUMER, LATER, visits(6)], 20_000),
    ("SPC 20", [VISITS, CONSUMER, LATER, visits(7)], 0),
    ("SPC 20", [VISITS, CONSUMER, LATER, visits(8)], 0),
    # A list price that is none: raised to the price sold, to the fraction of a fen.
    ("SPC 19", [{**VISITS, "list_price_fen": 0}, CONSUMER, LATER, visits(3)], 140_000),
    ("SPC 19", [{**VISITS, "list_price_fen": 15_000}, CONSUMER, LATER, visits(3)], 140_000),
    ("SPC 19", [{**VISITS, "list_price_fen": 20_000}, CONSUMER, LATER, visits(3)], 140_000),
    ("SPC 19", [{**VISITS, "list_price_fen": 20_001}, CONSUMER, LATER, visits(3)], 139_997),
    ("SPC 19", [{**THIRDS, "list_price_fen": 3_333}, CONSUMER, LATER, visits(2)], 3_334),
    ("SPC 19", [{**THIRDS, "list_price_fen": 3_334}, CONSUMER, LATER, visits(2)], 3_332),
    ("BJ 16", [VISITS, CONSUMER, DAY_7], 200_000),
    ("SPC 14", [VISITS, CONSUMER, DAY_5, visits(1)], 180_000),
    ("SPC 14", [VISITS, CONSUMER, DAY_5, visits(1), KNEW], 170_000),
    ("SPC 19", [VISITS, CONSUMER, DAY_8, visits(1)], 170_000),
    # Discount.
    ("SPC 18", [DISCOUNT, OPERATOR, LATER, at_discount(16_000, 20_000)], 34_000),
    ("SPC 18", [DISCOUNT, OPERATOR, LATER, at_discount(48_000, 60_000)], 2_000),
    ("SPC 18", [{**DISCOUNT, "paid_fen": 0}, OPERATOR, LATER], 0),
    ("SPC 19", [DISCOUNT, CONSUMER, LATER, at_discount(16_000, 20_000)], 30_000),
    ("SPC 20", [DISCOUNT, CONSUMER, LATER, at_discount(48_000, 60_000)], 0),
    ("SPC 19", [DISCOUNT, CONSUMER, LATER, at_discount(16_000, 15_000)], 34_000),
    ("SPC 19", [DISCOUNT, CONSUMER, LATER, at_discount(16_000, 0)], 34_000),
    ("SPC 14", [DISCOUNT, CONSUMER, DAY_5, at_discount(16_000, 20_000)], 34_000),
    ("SPC 14", [DISCOUNT, CONSUMER, DAY_5, at_discount(16_000, 20_000), KNEW], 30_000),
    ("BJ 16", [DISCOUNT, CONSUMER, DAY_5, at_discount(0, 20_000), KNEW], 30_000),
    # Period: whatever the cause, and not for the days on which nobody served.
    ("SPC 22", [YEAR, OPERATOR, LATER, days(130, stopped=100)], 265_000),
    ("SPC 22", [YEAR, CONSUMER, LATER, days(130, stopped=100)], 265_000),
    ("SPC 22", [YEAR, OPERATOR, LATER, days(130)], 235_000),
    ("SPC 22", [YEAR, CONSUMER, LATER, days(130)], 235_000),
    ("SPC 22", [YEAR, OPERATOR, LATER, days(130, stopped=130)], 235_000),
    ("SPC 22", [YEAR, OPERATOR, LATER, days(130, stopped=200)], 235_000),
    ("SPC 22", [YEAR, OPERATOR, LATER, days(130, stopped=0)], 365_000),
    ("SPC 22", [YEAR, CONSUMER, LATER, days(365)], 0),
    ("SPC 22", [YEAR, CONSUMER, LATER, days(0)], 365_000),
    ("SPC 22", [ODD_YEAR, OPERATOR, LATER, days(1)], 99_727),
    ("SPC 22", [ODD_YEAR, OPERATOR, LATER, days(364)], 274),
    ("SPC 14", [YEAR, CONSUMER, DAY_5, days(5)], 360_000),
    ("BJ 16", [YEAR, CONSUMER, DAY_5, days(5), KNEW], 360_000),
    # Top-ups: the oldest drawn first, each a bargain of its own.
    ("SPC 18", [TOPPED_UP, OPERATOR, LATER, drawn(130_000)], 40_000),
    ("SPC 18", [TOPPED_UP, OPERATOR, LATER, drawn(60_000)], 100_000),
    ("SPC 19", [TOPPED_UP, CONSUMER, LATER, drawn(60_000)], 90_000),
    ("SPC 20", [TOPPED_UP, CONSUMER, LATER, drawn(110_000)], 50_000),
    ("SPC 14", [WITH_GIFT, CONSUMER, LATER, drawn(130_000)], 41_667),
    ("SPC 14", [WITH_GIFT, CONSUMER, LATER, drawn(130_000), KNEW], 40_000),
    ("BJ 17", [WITH_GIFT, CONSUMER, LATER, drawn(177_000), {"lowest_item_fen": 3_800}, KNEW], 2_500),
    # The contract's own terms where they are better.
    ("SPC 14, 17 to 19", [STORED, CONSUMER, LATER, drawn(60_000), {"contract_fen": 45_000}], 45_000),
    ("SPC 14, 17 to 19", [STORED, CONSUMER, LATER, drawn(60_000), {"contract_fen": 30_000}], 40_000),
    ("SPC 20", [STORED, CONSUMER, LATER, drawn(60_000), {"contract_fen": 9_999_999}], 100_000),
    ("contract", [STORED, CONSUMER, DAY_8, drawn(60_000), {"cooling_off_days": 8}], 50_000),
]  # fmt: skip


@pytest.mark.parametrize(("article", "parts", "refund_fen"), CASES)
def test_the_article_gives(article: str, parts: list[dict], refund_fen: int) -> None:
    card = {name: value for part in parts for name, value in part.items()}
    found = json.loads(answer(json.dumps(card).encode(), published_rates()))
    assert found.get("refund_fen") == refund_fen, (article, found)
    assert slow.refund(card) == refund_fen, article


def test_they_are_many() -> None:
    assert len(CASES) >= 60 + 7

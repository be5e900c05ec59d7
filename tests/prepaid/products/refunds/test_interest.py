"""Interest from the end of the contract: whose rate, on what, for how many days."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaid.products.errors import BadFacts
from prepaid.products.refund_rules import InterestFacts, RateKind, interest_owed, rate_on
from prepaid.products.refund_rules.interest import published_rates

RATES = published_rates()
#: 1,000 yuan from a contract of 10 June 2024 that ended on 1 January 2026, back after 365 days.
YEAR = InterestFacts(
    refund_fen=100_000,
    cause="operator",
    contracted_on=date(2024, 6, 10),
    rescinded_on=date(2026, 1, 1),
    until=date(2027, 1, 1),
)


def owed(**changes: object) -> tuple[int, list[str]]:
    found = interest_owed(replace(YEAR, **changes), RATES)
    assert found is not None
    return found.interest_fen, [step.code for step in found.steps]


@pytest.mark.parametrize(
    ("changes", "interest_fen", "codes"),
    [
        ({}, 3_450, ["interest_operator"]),
        ({"cause": "neither"}, 3_450, ["interest_operator"]),
        ({"cause": "consumer"}, 1_500, ["interest_consumer"]),
        ({"contracted_on": date(2024, 7, 21)}, 3_450, ["interest_operator"]),
        ({"contracted_on": date(2024, 7, 22)}, 3_350, ["interest_operator"]),
        ({"contracted_on": date(2025, 5, 20)}, 3_000, ["interest_operator"]),
        ({"agreed_rate_bp": 500, "cause": "consumer"}, 5_000, ["interest_agreed"]),
        ({"agreed_rate_bp": 0}, 0, ["interest_agreed"]),
        ({"custody_fen": 100_000, "custody_rate_bp": 35}, 350, ["interest_custody"]),
        ({"custody_fen": 60_000, "custody_rate_bp": 35}, 210 + 1_380, ["interest_custody", "interest_operator"]),
        ({"custody_fen": 60_000, "custody_rate_bp": 0}, 1_380, ["interest_custody", "interest_operator"]),
        ({"custody_fen": 60_000}, 3_450, ["interest_operator"]),
        # The day of rescission does not count; one day bears 9.45 fen, and the odd fen is the consumer's.
        ({"until": date(2026, 1, 1)}, 0, ["interest_operator"]),
        ({"until": date(2026, 1, 2)}, 10, ["interest_operator"]),
    ],
)
def test_the_right_rate(changes: dict, interest_fen: int, codes: list[str]) -> None:
    assert owed(**changes) == (interest_fen, codes)


def test_where_no_rate_is_known_none_is_invented() -> None:
    assert interest_owed(replace(YEAR, contracted_on=date(2019, 1, 1)), RATES) is None
    assert interest_owed(YEAR, []) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": date(2025, 12, 31)},
        {"contracted_on": date(2026, 1, 2)},
        {"custody_fen": 100_001},
        {"refund_fen": -1},
        {"agreed_rate_bp": 1.5},
        {"agreed_rate_bp": -1},
    ],
)
def test_contradictions_are_refused(wrong: dict) -> None:
    with pytest.raises(BadFacts):
        replace(YEAR, **wrong)


@given(st.integers(0, 10**12), st.integers(0, 10_000), st.integers(0, 4_000))
def test_simple_interest_by_the_day_rounded_up_to_the_fen(fen: int, rate_bp: int, days: int) -> None:
    found = owed(refund_fen=fen, agreed_rate_bp=rate_bp, until=YEAR.rescinded_on + timedelta(days=days))
    assert found[0] == ceil(Fraction(fen * rate_bp, 10_000) * days / 365)


def test_every_published_rate_has_a_source_and_a_mark() -> None:
    assert {rate.kind for rate in RATES} == set(RateKind)
    assert all(rate.source and rate.mark in "TEA" for rate in RATES)
    assert len({(rate.kind, rate.valid_from) for rate in RATES}) == len(RATES)
    known = rate_on(RATES, RateKind.LPR_1Y, date(2025, 5, 19))
    assert known is not None
    assert known.rate_bp == 310

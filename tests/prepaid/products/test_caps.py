"""What one consumer may hold with one operator, and how long."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prepaid.products import caps, errors
from prepaid.products.terms import Premises


@dataclass(frozen=True)
class Rule:
    max_price_fen: int | None = None
    max_months: int | None = None
    max_sessions: int | None = None


TRAINING = Rule(500_000, 3, 60)


@pytest.mark.parametrize(
    ("already", "adding", "error"),
    [
        ({}, {"adding_fen": 500_000}, None),
        ({}, {"adding_fen": 500_001}, errors.PriceCapExceeded),
        ({"already_fen": 400_000}, {"adding_fen": 100_000}, None),
        ({"already_fen": 400_001}, {"adding_fen": 100_000}, errors.PriceCapExceeded),
        ({"already_sessions": 40}, {"adding_fen": 1, "adding_sessions": 20}, None),
        ({"already_sessions": 40}, {"adding_fen": 1, "adding_sessions": 21}, errors.SessionsCapExceeded),
        ({"already_days": 2}, {"adding_fen": 1, "adding_days": 90}, None),
        ({"already_days": 3}, {"adding_fen": 1, "adding_days": 90}, errors.MonthsCapExceeded),
    ],
)
def test_renewals_count_together(already: dict, adding: dict, error: type | None) -> None:
    if error is None:
        caps.check_holding(TRAINING, **already, **adding)
        return
    with pytest.raises(error) as refused:
        caps.check_holding(TRAINING, **already, **adding)
    assert isinstance(refused.value, errors.CapExceeded)
    assert set(refused.value.details) >= {"most", "would"}
    assert "%" not in str(refused.value)


@given(st.integers(0, 10**10), st.integers(0, 10**6), st.integers(0, 10**5))
def test_without_caps_everything_may_be_sold(fen: int, sessions: int, days: int) -> None:
    caps.check_holding(Rule(), adding_fen=fen, adding_sessions=sessions, adding_days=days)


@given(*(st.integers(0, 1_000_000) for _ in range(2)), *(st.integers(0, 100) for _ in range(4)))
def test_a_purchase_passes_exactly_within_every_cap(fen0, fen, sessions0, sessions, days0, days) -> None:
    fits = fen0 + fen <= 500_000 and sessions0 + sessions <= 60 and days0 + days <= 92
    try:
        caps.check_holding(
            TRAINING,
            already_fen=fen0,
            already_sessions=sessions0,
            already_days=days0,
            adding_fen=fen,
            adding_sessions=sessions,
            adding_days=days,
        )
    except errors.CapExceeded:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(("months", "days"), [(1, 31), (2, 62), (3, 92), (6, 184), (12, 366)])
def test_months_are_as_long_as_months_can_be(months: int, days: int) -> None:
    assert caps.longest_days(months) == days


def premises(lease_ends_on: date | None) -> Premises:
    return Premises(store_id=1, name="望京店", address="望京", lease_ends_on=lease_ends_on)


def test_the_last_day_does_not_count_the_first() -> None:
    assert caps.last_day(date(2026, 3, 1), 7) == date(2026, 3, 8)
    assert caps.last_day(date(2026, 3, 1), None) is None


def test_a_term_ends_with_the_lease_at_the_latest() -> None:
    until = date(2026, 12, 31)
    caps.check_leases(until, [premises(until), premises(None)])
    caps.check_leases(None, [premises(None)])
    with pytest.raises(errors.LeaseTooShort) as refused:
        caps.check_leases(until, [premises(None), premises(until - timedelta(days=1))])
    assert "望京店" in str(refused.value)


def test_a_term_without_an_end_outlasts_every_lease() -> None:
    with pytest.raises(errors.TermNeeded) as refused:
        caps.check_leases(None, [premises(None), premises(date(2036, 1, 1))])
    assert "2036-01-01" in str(refused.value)

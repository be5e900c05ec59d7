"""The sector's caps on what one consumer holds with one operator (rules.md section 1). Pure: figures in, refusal out."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

from escrow.money import yuan
from prepaid.products.errors import (
    LeaseTooShort,
    MonthsCapExceeded,
    PriceCapExceeded,
    SessionsCapExceeded,
    TermNeeded,
)
from prepaid.products.terms import Premises


class Caps(Protocol):
    """What a sector rule says; None: no such cap. Where the source says "months or sessions", neither may be
    exceeded, which is what checking each of them means."""

    @property
    def max_price_fen(self) -> int | None: ...
    @property
    def max_months(self) -> int | None: ...
    @property
    def max_sessions(self) -> int | None: ...


def longest_days(months: int) -> int:
    """The most days that so many calendar months in a row can have: 1 → 31, 3 → 92, 12 → 366."""
    lengths = [monthrange(year, month)[1] for year in (2023, 2024) for month in range(1, 13)] * (months // 12 + 1)
    return max(sum(lengths[start : start + months]) for start in range(12))


def check_holding(
    rule: Caps,
    *,
    already_fen: int = 0,
    already_sessions: int = 0,
    already_days: int = 0,
    adding_fen: int,
    adding_sessions: int = 0,
    adding_days: int = 0,
) -> None:
    """Refuse a purchase that takes the consumer over a cap: money still prepaid (fen), sessions left and days of
    validity left with this operator, together with what is being bought.

    Raises:
        PriceCapExceeded, SessionsCapExceeded, MonthsCapExceeded: each with the cap and what it would become.
    """
    fen, sessions, days = already_fen + adding_fen, already_sessions + adding_sessions, already_days + adding_days
    if rule.max_price_fen is not None and fen > rule.max_price_fen:
        raise PriceCapExceeded(most=yuan(rule.max_price_fen), would=yuan(fen))
    if rule.max_sessions is not None and sessions > rule.max_sessions:
        raise SessionsCapExceeded(most=rule.max_sessions, would=sessions)
    if rule.max_months is not None and days > longest_days(rule.max_months):
        raise MonthsCapExceeded(most=rule.max_months, most_days=longest_days(rule.max_months), would=days)


def last_day(bought_on: date, days: int | None) -> date | None:
    """The last day of validity; the day of purchase does not count (Civil Code 201). None: no expiry."""
    return bought_on + timedelta(days=days) if days is not None else None


def check_leases(until: date | None, stores: Iterable[Premises]) -> None:
    """Refuse a term that outlasts the lease of a store that is to redeem it; one without an end outlasts every lease.

    Raises:
        LeaseTooShort, TermNeeded: names the first such store.
    """
    store = outlasted(until, stores)
    if store is None or store.lease_ends_on is None:
        return
    lease = {"store": store.name, "lease_ends_on": store.lease_ends_on.isoformat()}
    if until is None:
        raise TermNeeded(**lease)
    raise LeaseTooShort(until=until.isoformat(), **lease)


def outlasted(until: date | None, stores: Iterable[Premises]) -> Premises | None:
    """The first store whose lease ends before the term does."""
    return next((store for store in stores if _ends_before(store.lease_ends_on, until)), None)


def _ends_before(lease_ends_on: date | None, until: date | None) -> bool:
    return lease_ends_on is not None and (until is None or until > lease_ends_on)

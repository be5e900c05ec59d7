"""How often one person at a counter may be wrong about a code.

Counted in the cache, per staff member. A code has 10^6 values and two windows are right, so ten tries in five minutes
find one after half a year of days and nights. When the cache is down codes are not checked at all: the counter waits a minute rather
than let codes be guessed without limit.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

from prepaid.cards.errors import CounterUnavailable, TooManyAttempts

WRONG_CODES = 10
WINDOW_SECONDS = 300
#: How long a day's refusals are counted; they are no record, and a lost cache loses them.
REFUSALS_SECONDS = 3 * 24 * 3600

T = TypeVar("T")


def check(staff_id: int) -> None:
    """Raises ``TooManyAttempts`` after ten wrong codes in five minutes, ``CounterUnavailable`` without a cache."""
    if _ask(lambda: cache.get(_key(staff_id), 0)) >= WRONG_CODES:
        raise TooManyAttempts()


def failed(staff_id: int) -> None:
    """Count one wrong code. Raises ``CounterUnavailable`` without a cache."""

    def count() -> None:
        if not cache.add(_key(staff_id), 1, WINDOW_SECONDS):
            try:
                cache.incr(_key(staff_id))
            except ValueError:  # it lapsed between the two calls
                cache.set(_key(staff_id), 1, WINDOW_SECONDS)

    _ask(count)


def refused(staff_id: int, store_id: int, day: date) -> None:
    """Count a charge that was refused, for the day's report. A refusal changes nothing in the database."""
    key = _refusals(staff_id, store_id, day)
    with suppress(CounterUnavailable):
        _ask(lambda: cache.add(key, 0, REFUSALS_SECONDS) and None)
        with suppress(ValueError):  # it lapsed between the two calls
            _ask(lambda: cache.incr(key))


def refusals(people: Iterable[tuple[int, int]], day: date) -> dict[tuple[int, int], int]:
    """How many were counted that day, by staff member and store; nothing without a cache."""
    keys = {_refusals(staff_id, store_id, day): (staff_id, store_id) for staff_id, store_id in people}
    with suppress(CounterUnavailable):
        return {keys[key]: count for key, count in _ask(lambda: cache.get_many(list(keys))).items()}
    return {}


def _refusals(staff_id: int, store_id: int, day: date) -> str:
    return f"refused:{staff_id}:{store_id}:{day.isoformat()}"


def _key(staff_id: int) -> str:
    return f"wrong-codes:{staff_id}"


def _ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except (OSError, RedisError) as error:
        raise CounterUnavailable() from error

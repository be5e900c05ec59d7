"""How often one person at a counter may be wrong about a code.

Counted in the cache, per staff member. A code has 10^6 values and two windows are right, so ten tries in five minutes
find one after half a year of days and nights. When the cache is down codes are not checked at all: the counter waits a minute rather
than let codes be guessed without limit.
"""

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

from prepaid.cards.errors import CounterUnavailable, TooManyAttempts

WRONG_CODES = 10
WINDOW_SECONDS = 300

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


def _key(staff_id: int) -> str:
    return f"wrong-codes:{staff_id}"


def _ask(call: Callable[[], T]) -> T:
    try:
        return call()
    except (OSError, RedisError) as error:
        raise CounterUnavailable() from error

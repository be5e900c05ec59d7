"""Callers before the bank's own errands: SQLite makes who waits to write ask again and again, and the dispatcher, who always has
something to write, would nearly always be quicker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: However many call, an errand waits no longer.
MOST_SECONDS = 1.0

_no_call = threading.Condition()
_calls = 0


@contextmanager
def call() -> Iterator[None]:
    """Somebody waits for an answer."""
    global _calls
    with _no_call:
        _calls += 1
    try:
        yield
    finally:
        with _no_call:
            _calls -= 1
            _no_call.notify_all()


def let_calls_pass() -> None:
    """Until nobody waits, for a while."""
    with _no_call:
        _no_call.wait_for(lambda: _calls == 0, MOST_SECONDS)

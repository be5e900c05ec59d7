"""Tells the dispatcher's loops, in the process that also serves, that there may be something new to do."""

import threading

_told = threading.Condition()
_times = 0


def tell() -> None:
    """Wakes every loop that waits."""
    global _times
    with _told:
        _times += 1
        _told.notify_all()


def told() -> int:
    """How often so far; for ``wait``."""
    return _times


def wait(*, since: int, seconds: float) -> None:
    """Until somebody told after ``since``, at most for so long."""
    with _told:
        _told.wait_for(lambda: _times != since, timeout=seconds)

"""The demo's clock moved by two at once: both count."""

from datetime import timedelta

from escrow import clock
from escrow.models import BusinessClock
from tests.concurrency.threads import at_once


def test_two_who_move_the_clock_at_once_both_count(committed_db, settings):
    settings.CLOCK_MAY_ADVANCE = True
    at_once(*[lambda: clock.advance(timedelta(days=1))] * 8)
    assert BusinessClock.objects.get().ahead == timedelta(days=8)

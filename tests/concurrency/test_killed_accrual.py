"""An accrual run that is killed at a random point: what is there is whole, and the next run ends as if it had never been
interrupted."""

import multiprocessing
import os
import random
import time
from datetime import timedelta

import pytest
from django.db import connections

from escrow import invariants
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import Accrual, Agreement, Use
from escrow.operations import accruals
from escrow.states import Plan
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

KILLS = 200 if os.environ.get("PREPAID_SOAK") == "1" else 10
CARDS = 12


def run(at) -> None:
    escrow.accrue(at=at, actor=ACTOR)


def run_killed_after(seconds: float | None, at) -> float:
    """A run in a process of its own, killed after ``seconds`` unless it has ended; how long it ran."""
    connections.close_all()
    accruing = multiprocessing.get_context("fork").Process(target=run, args=(at,))
    started = time.perf_counter()
    accruing.start()
    accruing.join(seconds)
    accruing.kill()
    accruing.join()
    return time.perf_counter() - started


@pytest.mark.slow
def test_kill_9_leaves_whole_days_and_the_next_run_ends_the_work(committed_db, monkeypatch):
    monkeypatch.setattr(accruals, "CHUNK", 1)  # a transaction a card: the kill falls between two, or within one
    to = beneficiary()
    facts = [(draw_price, 400) for draw_price in range(997, 997 + CARDS)]
    cards = [held_agreement(to, plan=Plan.PERIOD, price_fen=price, units_total=total) for price, total in facts]
    draw = random.Random(os.urandom(8))
    today = interrupted = 0
    takes = 0.0
    for turn in range(KILLS + 1):
        today += draw.randint(1, 2)
        at = AT + timedelta(days=today)
        if turn:
            run_killed_after(draw.uniform(0, takes), at)
            interrupted += _behind(today) > 0
            assert not _found(), "what is there is whole, whatever is missing"
        until = time.monotonic() + 30
        while _behind(today):
            takes = max(takes, run_killed_after(None, at))
            assert time.monotonic() < until, "the next run does not end the work"
    assert not _found()
    assert interrupted, "every run had ended before it was killed"
    for card, (price, total) in zip(cards, facts, strict=True):
        assert _accrued(card) == _unbroken(price, total, today)


def _behind(today: int) -> int:
    """Cards that the last run has not come to."""
    yesterday = beijing_date(AT) + timedelta(days=today - 1)
    return CARDS - Accrual.objects.filter(accrued_to__gte=yesterday).count()


def _found() -> list[str]:
    return [f.name for f in invariants.prove() if not f.ok]


def _accrued(card: Agreement) -> list[tuple[int, str, int]]:
    uses = Use.objects.filter(agreement=card).order_by("day")
    return [((use.day - beijing_date(AT)).days, use.state, use.amount_fen) for use in uses]


def _unbroken(price: int, total: int, today: int) -> list[tuple[int, str, int]]:
    """What daily runs that nobody kills leave behind."""
    return [
        (day, "final", price * day // total - price * (day - 1) // total)
        if day + 7 < today
        else (day, "reserved", price // total)
        for day in range(1, min(total, today - 1) + 1)
    ]

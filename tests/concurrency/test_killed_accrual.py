"""An accrual run that is killed at a random point: what is there is whole, and the next run ends as if it had never been
interrupted."""

import os
import random
from datetime import timedelta

import pytest

from escrow import invariants
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import Accrual, Agreement, Use
from escrow.operations import accruals
from escrow.states import Plan
from tests.concurrency.killing import survives
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

CARDS = 12


@pytest.mark.slow
def test_kill_9_leaves_whole_days_and_the_next_run_ends_the_work(committed_db, monkeypatch):
    monkeypatch.setattr(accruals, "CHUNK", 1)  # a transaction a card: the kill falls between two, or within one
    to = beneficiary()
    facts = [(draw_price, 400) for draw_price in range(997, 997 + CARDS)]
    cards = [held_agreement(to, plan=Plan.PERIOD, price_fen=price, units_total=total) for price, total in facts]
    draw = random.Random(os.urandom(8))
    today = 0

    def days_pass(_turn: int) -> None:
        nonlocal today
        today += draw.randint(1, 2)

    survives(
        lambda: escrow.accrue(at=AT + timedelta(days=today), actor=ACTOR),
        prepare=days_pass,
        unfinished=lambda: _behind(today),
        found=_found,
    )
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

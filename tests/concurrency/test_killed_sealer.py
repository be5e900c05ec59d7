"""kill -9 at random moments of sealing and publishing: started again, it ends as if it had never been interrupted."""

import multiprocessing
import os
import random
import time
import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connections

from escrow import blocks, tasks, totals
from escrow import operations as escrow
from escrow.models import AuditEntry, Block, DailyRoot, Transfer
from escrow.operations import seals
from escrow.states import Plan
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_seals import found

KILLS = 200 if os.environ.get("PREPAID_SOAK") == "1" else 10
SIZE = 3


def run_killed_after(seconds: float | None) -> float:
    """A sealer in a process of its own, killed after ``seconds`` unless it has ended; how long it ran."""
    connections.close_all()
    sealer = multiprocessing.get_context("fork").Process(target=tasks.seal)
    started = time.perf_counter()
    sealer.start()
    sealer.join(seconds)
    sealer.kill()
    sealer.join()
    return time.perf_counter() - started


def unbroken(beneficiary_id: int, written: list[list[int]]) -> list[tuple[int, int, int]]:
    """First, last and count of the blocks that a sealer makes that nobody kills: SIZE at a time of each day's ids."""
    found = []
    for ids in written:
        mine = [pk for pk in ids if Transfer.objects.filter(pk=pk, beneficiary_id=beneficiary_id).exists()]
        found += [(part[0], part[-1], len(part)) for i in range(0, len(mine), SIZE) if (part := mine[i : i + SIZE])]
    return found


@pytest.mark.slow
def test_kill_9_leaves_whole_blocks_and_the_next_run_ends_the_work(committed_db, monkeypatch):
    monkeypatch.setattr(seals, "BLOCK_TRANSFERS", SIZE)
    deals = [held_agreement(beneficiary(), plan=Plan.STORED_VALUE, price_fen=9_000_000) for _ in range(3)]
    now = [AT]
    monkeypatch.setattr("escrow.clock.now", lambda: now[0])
    written: list[list[int]] = []
    interrupted = 0
    takes = 0.0
    draw = random.Random(os.urandom(8))

    def a_day(end: datetime) -> None:
        after = Transfer.objects.order_by("-id").values_list("id", flat=True)[0] if written else 0
        for deal in deals:
            for _ in range(draw.randint(0, 8)):
                at = end - timedelta(hours=1)
                key = uuid.uuid4().hex
                escrow.charge(
                    beneficiary_id=deal.beneficiary_id,
                    agreement_id=deal.pk,
                    units=7,
                    final=True,
                    key=key,
                    reference="visit",
                    at=at,
                    actor=ACTOR,
                )
        written.append(list(Transfer.objects.filter(pk__gt=after).order_by("id").values_list("pk", flat=True)))
        now[0] = end + totals.SETTLES_IN

    for turn in range(KILLS + 1):
        day = AT.date() + timedelta(days=turn)
        a_day(totals.end_of(day))
        if turn:
            run_killed_after(draw.uniform(0, takes))
            interrupted += bool(blocks.unsealed()) or not DailyRoot.objects.filter(day=day).exists()
            assert not found(), "what is there is whole, whatever is missing"
        until = time.monotonic() + 30
        while blocks.unsealed() or not DailyRoot.objects.filter(day=day).exists():
            takes = max(takes, run_killed_after(None))
            assert time.monotonic() < until, "the next run does not end the work"
    assert not found()
    assert interrupted, "every run had ended before it was killed"
    for deal in deals:
        pk = deal.beneficiary_id
        chain = Block.objects.filter(beneficiary_id=pk).order_by("number").values_list("first_id", "last_id", "count")
        assert list(chain) == unbroken(pk, written)
    assert AuditEntry.objects.filter(action="escrow.seal").count() == Block.objects.count()
    assert DailyRoot.objects.count() == KILLS + 1

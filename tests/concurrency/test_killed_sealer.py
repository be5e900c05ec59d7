"""kill -9 at random moments of sealing and publishing: started again, it ends as if it had never been interrupted."""

import os
import random
import uuid
from datetime import timedelta

import pytest

from escrow import blocks, tasks, totals
from escrow import operations as escrow
from escrow.models import AuditEntry, Block, DailyRoot, Transfer
from escrow.operations import seals
from escrow.states import Plan
from tests.concurrency.killing import KILLS, survives
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_seals import found

SIZE = 3


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
    now = day = AT
    monkeypatch.setattr("escrow.clock.now", lambda: now)
    written: list[list[int]] = []
    draw = random.Random(os.urandom(8))

    def a_day(turn: int) -> None:
        nonlocal now, day
        day = AT.date() + timedelta(days=turn)
        end = totals.end_of(day)
        after = Transfer.objects.order_by("-id").values_list("id", flat=True)[0] if written else 0
        for deal in deals:
            for _ in range(draw.randint(0, 8)):
                escrow.charge(
                    beneficiary_id=deal.beneficiary_id,
                    agreement_id=deal.pk,
                    units=7,
                    final=True,
                    key=uuid.uuid4().hex,
                    reference="visit",
                    at=end - timedelta(hours=1),
                    actor=ACTOR,
                )
        written.append(list(Transfer.objects.filter(pk__gt=after).order_by("id").values_list("pk", flat=True)))
        now = end + totals.SETTLES_IN

    survives(
        tasks.seal,
        prepare=a_day,
        unfinished=lambda: blocks.unsealed() or not DailyRoot.objects.filter(day=day).exists(),
        found=found,
    )
    for deal in deals:
        pk = deal.beneficiary_id
        chain = Block.objects.filter(beneficiary_id=pk).order_by("number").values_list("first_id", "last_id", "count")
        assert list(chain) == unbroken(pk, written)
    assert AuditEntry.objects.filter(action="escrow.seal").count() == Block.objects.count()
    assert DailyRoot.objects.count() == KILLS + 1

"""One use where ten million transfers are, against ten thousand: time in alternating runs, and buffers touched."""

import json
import sys
import time
from contextlib import ExitStack
from datetime import date
from statistics import median
from typing import Any

from benchmarks.cards import CARDS, FIRST, fill, run_file
from benchmarks.crew import crew
from benchmarks.figures import Figure, load, say

SMALL, LARGE, QUICK = 10_000, 10_000_000, 1_000_000
RUNS = 7

#: Uses of a year before: the months' partitions, spread over every card, ids in the order of time.
HISTORY = """
INSERT INTO escrow_transfer (beneficiary_id, agreement_id, use_id, debit_account_id, credit_account_id, asset, kind, reason,
                             amount, reference, at, payable_on, debit_balance_after, debit_version)
SELECT g.beneficiary_id, g.id, 1000000000 + i, h.id, h.earned_id, 'CNY', 'posted', 'release', 10, 'history', at, at::date + 1,
       1000000, i
FROM (SELECT i, %(first)s + 1 + (i::bigint * 7919) %% %(cards)s AS card,
             timestamptz '2025-11-24 00:00Z' + i * (interval '364 days' / %(n)s) AS at
      FROM generate_series(%(since)s, %(until)s) i) AS past
JOIN escrow_agreement g ON g.id = past.card JOIN escrow_account h ON h.agreement_id = g.id AND h.asset = 'CNY'
ORDER BY i
"""


def measure(databases: Any, *, quick: bool, seconds: float) -> list[Figure]:
    """Ratio of times (median of alternating runs) and difference of buffers."""
    large = QUICK if quick else LARGE
    with ExitStack() as stack:
        names = {}
        for transfers in (SMALL, large):
            name = stack.enter_context(databases.clone(f"{databases.base}_{transfers}"))
            started = time.perf_counter()
            with databases.use(name, as_owner=True):
                fill()
                run_file("same.sql")
                _history(transfers)
            say(f"{transfers:,} transfers written in {time.perf_counter() - started:.0f} s")
            names[transfers] = name
        crews = {
            transfers: stack.enter_context(crew(sys.executable, "-m", "benchmarks.member", "spread", name, size=1))
            for transfers, name in names.items()
        }
        for members in crews.values():
            members.work(5 * seconds)  # the first touch of a page after a checkpoint writes the whole page
        ratios: list[float] = []
        costs: dict[int, list[float]] = {SMALL: [], large: []}
        for run in range(1, RUNS + 1):
            speed = {transfers: members.work(seconds) for transfers, members in crews.items()}
            for transfers, done in speed.items():
                costs[transfers].append(1000 / done)
            ratios.append(speed[SMALL] / speed[large])
            say(f"run {run} of {RUNS}, load {load():.1f}: {costs[SMALL][-1]:.2f} ms, {costs[large][-1]:.2f} ms")
        buffers = {}
        for transfers, name in names.items():
            with databases.use(name):
                buffers[transfers] = _buffers()
    return [
        Figure(
            name=f"a use among {large:,} transfers ÷ {SMALL:,}",
            value=median(ratios),
            unit="× time",
            limit=("≤", 1.25),
            note=f"{median(costs[large]):.2f} ms and {median(costs[SMALL]):.2f} ms, one client",
        ),
        Figure(
            name="its buffers, more",
            value=buffers[large] - buffers[SMALL],
            unit="buffers",
            limit=("≤", 3),
            note=f"{buffers[large]:.0f} and {buffers[SMALL]:.0f}, EXPLAIN (ANALYZE, BUFFERS)",
        ),
    ]


def _history(transfers: int) -> None:
    """Write the past, as the owner. The triggers that refuse changes let new rows in."""
    from django.db import connection

    step = 1_000_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT escrow_make_partitions(%s, %s)", [date(2025, 11, 1), date(2026, 12, 31)])
        for since in range(1, transfers + 1, step):
            until = min(since + step - 1, transfers)
            values = {"first": FIRST, "cards": CARDS, "n": transfers, "since": since, "until": until}
            cursor.execute(HISTORY, values)
        # What is history has been folded into the account rows long ago.
        cursor.execute(
            "UPDATE escrow_account SET folded_to = (SELECT last_value FROM escrow_transfer_id_seq) "
            "WHERE code IN ('payable', 'consumed')"
        )
        cursor.execute("VACUUM ANALYZE")


def _buffers(times: int = 41) -> float:
    """Median of the buffers that one use touches, everything within the function counted, in a connection that has planned."""
    from django.db import connection

    found = []
    with connection.cursor() as cursor:
        for n in range(times):
            card = 1 + (n * 7919) % CARDS
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT bench_use({card})")
            [[answer]] = cursor.fetchall()
            [plan] = json.loads(answer) if isinstance(answer, str) else answer
            found.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
    return median(found[10:])

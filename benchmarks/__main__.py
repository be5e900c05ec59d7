"""``python -m benchmarks [--json]``: how much a use of a card costs, as a ratio to a floor taken in the same run.

Floor and subject are run in turn, one process, spread over many agreements, in a database of its own that is dropped
afterwards; what is printed are medians over the rounds. The floor is ``floor.sql``.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS, CALLS = 5, 300


def main() -> None:
    """Make a database, measure, print, drop it."""
    root = Path(__file__).resolve().parent.parent
    os.environ.setdefault("PREPAID_VAR", str(root / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    from embedded.services import database_for_this_process

    with database_for_this_process():
        import django

        django.setup()
        from tests.databases import Databases

        databases = Databases()
        databases.build_template(reuse=True)
        with databases.clone(f"{databases.base}_bench") as name:
            with databases.use(name, as_owner=True):
                make_floor()
            results = measure()
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    print(f"{'':42}{'per second':>12}{'ratio to floor':>16}")
    for result in results:
        print(f"{result['name']:42}{result['per_second']:>12,.0f}{result['ratio']:>16.2f}")


def make_floor() -> None:
    """The floor's tables, readable and writable by the serving role."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "floor.sql").read_text())


def measure() -> list[dict[str, object]]:
    """Per subject: calls per second (median of the rounds) and the median of the rounds' ratios to the floor."""
    import random
    import uuid

    from django.db import connection

    from escrow import operations as escrow
    from escrow import queries
    from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

    draw = random.Random(1)
    agreements = [
        held_agreement(merchant, price_fen=10_000_000, units_total=1_000_000).pk
        for merchant in (beneficiary() for _ in range(20))
        for _ in range(10)
    ]

    def floor() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT floor_transfer_one(%s, %s, 1)", [draw.randrange(1, 1001), draw.randrange(1001, 2001)]
            )

    def use(*, final: bool) -> None:
        escrow.charge(
            agreement_id=draw.choice(agreements),
            units=1,
            final=final,
            key=uuid.uuid4().hex,
            reference="bench",
            confirm_until=AT,
            at=AT,
            actor=ACTOR,
        )

    subjects: dict[str, Callable[[], object]] = {
        "floor: one SQL function": floor,
        "a full use, final at once": lambda: use(final=True),
        "a use reserved": lambda: use(final=False),
        "what a card holds": lambda: queries.holding(draw.choice(agreements)),
    }
    rounds: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, subject in subjects.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                subject()
            rounds[name].append(CALLS / (time.perf_counter() - started))
    base = rounds["floor: one SQL function"]
    return [
        {
            "name": name,
            "per_second": statistics.median(speeds),
            "ratio": statistics.median(speed / floor for speed, floor in zip(speeds, base, strict=True)),
        }
        for name, speeds in rounds.items()
    ]


if __name__ == "__main__":
    main()

"""``python -m benchmarks.refunds DATABASE``: every card of one merchant paid back and closed in one deed, in this process."""

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

from benchmarks.cards import ACTOR, CARDS, PRICE_FEN, agreement_of, fill
from benchmarks.figures import Figure

SECONDS, MEGABYTES = 5, 200


def measure(databases: Any, *, rounds: int) -> list[Figure]:
    """Time and memory of a process that does nothing else: the median of a few, each in a fresh database."""
    from statistics import median

    from escrow import operations as escrow

    name = "10,000 of one merchant refunded and closed"
    if not hasattr(escrow, "refund_many"):
        note = "escrow.refund_many does not exist"
        return [Figure(name=name, value=None, unit="s", limit=("≤", SECONDS), note=note)]
    runs = []
    for _ in range(rounds):
        with databases.clone(f"{databases.base}_refunds") as database:
            with databases.use(database, as_owner=True):
                fill(merchants=1, each=CARDS)
            command = [sys.executable, "-m", "benchmarks.refunds", database]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            runs.append(json.loads(done.stdout))
    return [
        Figure(
            name=name,
            value=median(run["seconds"] for run in runs),
            unit="s",
            limit=("≤", SECONDS),
            note=f"{runs[0]['refunds']:,} refund rows, {runs[0]['instructions']:,} instructions",
        ),
        Figure(
            name="its memory in Python",
            value=max(run["megabytes"] for run in runs),
            unit="MB",
            limit=("≤", MEGABYTES),
        ),
    ]


def main() -> None:
    """Refund them all, say how long it took and what it left."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = sys.argv[1]
    from escrow import operations as escrow
    from escrow.models import Agreement, Instruction, Refund
    from escrow.operations.refunds import Settlement
    from escrow.states import AgreementState, RefundBasis
    from tests.escrow.factories import AT

    beneficiary_id = Agreement.objects.get(pk=agreement_of(1)).beneficiary_id
    started = time.perf_counter()
    done = escrow.refund_many(
        [
            Settlement(
                agreement_id=agreement_of(card),
                owed_fen=PRICE_FEN,
                basis=RefundBasis.CLOSURE,
                reference=f"bench{card}",
            )
            for card in range(1, CARDS + 1)
        ],
        beneficiary_id=beneficiary_id,
        at=AT,
        actor=ACTOR,
    )
    seconds = time.perf_counter() - started
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    refused = [outcome for outcome in done if isinstance(outcome, Exception)]
    assert not refused, refused[0]
    assert Agreement.objects.filter(beneficiary_id=beneficiary_id, state=AgreementState.CLOSED).count() == CARDS
    left = {"refunds": Refund.objects.count(), "instructions": Instruction.objects.count()}
    print(json.dumps({"seconds": seconds, "megabytes": megabytes, **left}))


if __name__ == "__main__":
    main()

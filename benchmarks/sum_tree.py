"""``python -m benchmarks.sum_tree [--json] [AGREEMENTS [MERCHANTS]]``: sealing, a day's sum tree, one proof out of it.

A million agreements of a thousand merchants, funded the day before, in a database of its own that is dropped
afterwards. Limits: the tree in 30 s with less than 1 GB of memory, a proof in 5 ms.
"""

import json
import os
import random
import resource
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

PROOFS = 300
#: Copies of one funded agreement, made through the kernel first: ``%(n)s`` of them spread over new merchants.
COPIES = """
ALTER TABLE escrow_account DISABLE TRIGGER USER;
CREATE TEMP TABLE one AS
SELECT g AS deal, b AS merchant, h AS held, c AS clearing, t AS fund
FROM escrow_agreement g JOIN escrow_beneficiary b ON b.id = g.beneficiary_id
JOIN escrow_transfer t ON t.agreement_id = g.id AND t.reason = 'fund' AND t.asset = 'CNY'
JOIN escrow_account c ON c.id = t.debit_account_id JOIN escrow_account h ON h.id = t.credit_account_id;
CREATE TEMP TABLE copy AS
SELECT i, 1000000 + i %% %(merchants)s AS merchant, 10000000 + i AS deal, 20000000 + i AS held,
       40000000 + i %% %(merchants)s AS clearing, 1 + floor(random() * 500000)::bigint AS fen
FROM generate_series(1, %(n)s) i;
INSERT INTO escrow_beneficiary SELECT (jsonb_populate_record(merchant, jsonb_build_object(
    'id', m, 'custody_no', 'bench' || m))).* FROM one, (SELECT DISTINCT merchant AS m FROM copy) c;
INSERT INTO escrow_agreement SELECT (jsonb_populate_record(one.deal, jsonb_build_object(
    'id', copy.deal, 'beneficiary_id', copy.merchant, 'funder', gen_random_uuid(), 'price_fen', fen))).* FROM one, copy;
INSERT INTO escrow_account SELECT (jsonb_populate_record(one.clearing, jsonb_build_object(
    'id', c.clearing, 'beneficiary_id', c.merchant, 'debits_posted', fen, 'version', n))).*
FROM one, (SELECT merchant, clearing, sum(fen) AS fen, count(*) AS n FROM copy GROUP BY merchant, clearing) c;
INSERT INTO escrow_account SELECT (jsonb_populate_record(one.held, jsonb_build_object(
    'id', copy.held, 'beneficiary_id', copy.merchant, 'agreement_id', copy.deal, 'credits_posted', fen,
    'earned_id', NULL))).* FROM one, copy;
INSERT INTO escrow_transfer SELECT (jsonb_populate_record(fund, jsonb_build_object(
    'id', 100000000 + i, 'beneficiary_id', copy.merchant, 'agreement_id', copy.deal, 'debit_account_id', copy.clearing,
    'credit_account_id', copy.held, 'amount', fen, 'credit_balance_after', fen))).* FROM one, copy ORDER BY i;
ALTER TABLE escrow_account ENABLE TRIGGER USER;
"""


def main() -> None:
    """Make a database, measure, print, drop it."""
    root = Path(__file__).resolve().parent.parent
    os.environ.setdefault("PREPAID_VAR", str(root / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    from embedded.services import database_for_this_process

    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    agreements, merchants = [*numbers, *(1_000_000, 1_000)[len(numbers) :]]
    with database_for_this_process():
        import django

        django.setup()
        from tests.databases import Databases

        databases = Databases()
        databases.build_template(reuse=True)
        with databases.clone(f"{databases.base}_sum_tree") as name:
            with databases.use(name, as_owner=True):
                fund(agreements, merchants)
            results = measure(agreements)
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    print(f"{'':46}{'measured':>12} {'':<12}{'limit':<12}")
    for result in results:
        limit = f"{result['limit']:,} {result['unit']}" if result["limit"] else ""
        verdict = "" if not limit else "met" if result["value"] <= result["limit"] else "MISSED"
        print(f"{result['name']:46}{result['value']:>12,.1f} {result['unit']:<12}{limit:<12}{verdict}")


def fund(agreements: int, merchants: int) -> None:
    """Fill the database, then let the planner look at it."""
    from django.db import connection

    from tests.escrow.factories import held_agreement

    held_agreement()
    with connection.cursor() as cursor:
        for statement in COPIES.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"n": agreements, "merchants": merchants})
        cursor.execute("VACUUM ANALYZE")


def measure(agreements: int) -> list[dict[str, Any]]:
    """Each figure with its unit and the limit it is held to."""
    from escrow import blocks, proof_checks, totals, verifier
    from escrow import operations as escrow
    from escrow.models import Agreement
    from tests.escrow.factories import AT

    day = AT.date()
    night = totals.end_of(day) + totals.SETTLES_IN
    started = time.perf_counter()
    for beneficiary_id in blocks.unsealed():
        escrow.seal(beneficiary_id=beneficiary_id, at=AT + timedelta(hours=1), actor="system:bench")
    sealing = time.perf_counter() - started

    started = time.perf_counter()
    root = escrow.publish_total(day=day, at=night, actor="system:bench")
    building = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    draw = random.Random(1)
    proving, checking = [], []
    for deal in Agreement.objects.filter(pk__in={10_000_000 + draw.randint(1, agreements) for _ in range(PROOFS)}):
        started = time.perf_counter()
        share = totals.share_of(deal)
        proving.append(time.perf_counter() - started)
        started = time.perf_counter()
        verifier.check_proof(share.proof if share else None)
        checking.append(time.perf_counter() - started)
    started = time.perf_counter()
    broken = sum(proof_checks.check().values())
    assert not broken, "what was built does not hold"
    proved = time.perf_counter() - started
    figures = [
        (f"sealing {agreements:,} transfers", agreements / sealing, "per second", None),
        (f"sum tree over {root.agreements if root else 0:,} agreements", building, "s", 30),
        ("memory at its peak", memory, "MB", 1000),
        ("one proof, median", statistics.median(proving) * 1000, "ms", 5),
        ("one proof, 99 of 100", statistics.quantiles(proving, n=100)[98] * 1000, "ms", None),
        ("checking a proof, median", statistics.median(checking) * 1000, "ms", None),
        ("prove: blocks and tree again", proved, "s", None),
    ]
    return [dict(zip(("name", "value", "unit", "limit"), figure, strict=True)) for figure in figures]


if __name__ == "__main__":
    main()

"""Questions about sealed blocks: what waits to be sealed, and a block as outsiders read it (docs/proof.md)."""

# ruff: noqa: S608 – the SQL is put together from the constants of this file alone

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from escrow.errors import NotFound
from escrow.models import Block
from escrow.verifier import BLOCK_FACTS, BLOCK_FORMAT, canonical

#: Below every id, also one that nobody should have written.
BEFORE_ALL = -(1 << 62)
_MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS {}"""
#: A transfer ``t`` as its canonical JSON (``verifier.canonical``): every column, in alphabetical order.
LINE = f"""(SELECT row_to_json(line)::text FROM (SELECT
    t.agreement_id, t.amount, t.asset, {_MOMENT.format("t.at", "at")}, t.beneficiary_id, t.corrects_id,
    {_MOMENT.format("t.created_at", "created_at")}, t.credit_account_id, t.credit_balance_after, t.credit_version,
    t.debit_account_id, t.debit_balance_after, t.debit_version, t.id, t.kind, t.payable_on, t.pending_id, t.reason,
    t.reference, t.use_id) AS line)"""


def moment(at: datetime) -> str:
    """A time as hashed: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def head_of(beneficiary_id: int) -> Block | None:
    """The last block of a beneficiary's chain."""
    return Block.objects.filter(beneficiary_id=beneficiary_id).order_by("-number").first()


def unsealed(*, before: datetime | None = None) -> list[int]:
    """Beneficiaries with transfers that no block holds yet; ``before``: counting those of an earlier business time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT b.id FROM escrow_beneficiary b
            LEFT JOIN LATERAL (SELECT last_id FROM escrow_block k WHERE k.beneficiary_id = b.id
                               ORDER BY number DESC LIMIT 1) head ON true
            WHERE EXISTS (SELECT 1 FROM escrow_transfer t WHERE t.beneficiary_id = b.id
                          AND t.id > coalesce(head.last_id, 0) AND (%(before)s IS NULL OR t.at < %(before)s))
            ORDER BY b.id""",
            {"before": before},
        )
        return [pk for (pk,) in cursor.fetchall()]


def lines(*, beneficiary_id: int, after: int, upto: int, limit: int) -> list[tuple[int, bytes]]:
    """Ids and canonical lines of the beneficiary's transfers with ``after`` < id ≤ ``upto``, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT t.id, {LINE} FROM escrow_transfer t
            WHERE t.beneficiary_id = %s AND t.id > %s AND t.id <= %s ORDER BY t.id LIMIT %s""",
            [beneficiary_id, after, upto, limit],
        )
        return [(pk, line.encode()) for pk, line in cursor.fetchall()]


def facts_of(block: Block) -> dict[str, Any]:
    """What a block's hash is of."""
    return {name: getattr(block, name) for name in BLOCK_FACTS} | {"sealed_at": moment(block.sealed_at)}


def export(*, beneficiary_id: int, first: int, last: int | None) -> Iterator[bytes]:
    """Blocks ``first`` to ``last`` (None: to the end) as lines: each block's header, then its transfers.

    Raises:
        NotFound: there is no such block.
    """
    blocks = Block.objects.filter(beneficiary_id=beneficiary_id, number__gte=first).order_by("number")
    if last is not None:
        blocks = blocks.filter(number__lte=last)
    before = Block.objects.filter(beneficiary_id=beneficiary_id, number=first - 1).first()
    after = before.last_id if before else BEFORE_ALL
    found = False
    for block in blocks.iterator():
        found = True
        yield canonical({"format": BLOCK_FORMAT, **facts_of(block), "hash": block.hash})
        sealed = lines(beneficiary_id=beneficiary_id, after=after, upto=block.last_id, limit=block.count + 1)
        yield from (line for _pk, line in sealed)
        after = block.last_id
    if not found:
        raise NotFound()

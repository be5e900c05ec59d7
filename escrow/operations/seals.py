"""Sealing: transfers into blocks, each with a Merkle root and the hash of the block before it (docs/proof.md).

Nothing waits for it: the sealer takes the beneficiary's lock for as long as it takes to read the newest id, and hashes
outside. A sealer that dies has written whole blocks or nothing; the next one goes on behind the last of them.
"""

from datetime import datetime

from django.db import connection

from escrow import audit, blocks
from escrow.errors import SealedMeanwhile
from escrow.models import Block
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from escrow.verifier import BLOCK, GENESIS, digest, merkle_leaf, merkle_root

#: The most transfers of one block: what is hashed in memory, and written or lost at once.
BLOCK_TRANSFERS = 1000

CONSTRAINT_ERRORS["block_once"] = SealedMeanwhile


def seal(*, beneficiary_id: int, at: datetime, actor: str) -> int:
    """Seal every transfer of the beneficiary that is committed now; how many blocks that made.

    Raises:
        SealedMeanwhile: another sealer was at the same blocks; they are sealed.
    """
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT escrow_watermark(%s)", [beneficiary_id])
        (watermark,) = cursor.fetchone()
    head, made = blocks.head_of(beneficiary_id), 0
    while sealed := blocks.lines(
        beneficiary_id=beneficiary_id, after=head.last_id if head else 0, upto=watermark, limit=BLOCK_TRANSFERS
    ):
        block = Block(
            beneficiary_id=beneficiary_id,
            number=head.number + 1 if head else 1,
            first_id=sealed[0][0],
            last_id=sealed[-1][0],
            count=len(sealed),
            merkle_root=merkle_root([merkle_leaf(line) for _id, line in sealed]).hex(),
            previous_hash=head.hash if head else GENESIS,
            sealed_at=at,
        )
        block.hash = digest(BLOCK, blocks.facts_of(block))
        with transaction():
            block.save(force_insert=True)
            audit.record(
                actor=actor,
                action="escrow.seal",
                target=f"beneficiary:{beneficiary_id}",
                after={"block": block.number, "hash": block.hash},
                at=at,
            )
        head, made = block, made + 1
    return made

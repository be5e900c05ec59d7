"""One idempotency key, one effect: the key, its body's hash and its result commit with the deed (invariant 6)."""

import hashlib
import json
from typing import Any

from escrow.errors import KeyReused
from escrow.models import Command


def begin(*, beneficiary_id: int, key: str, body: dict[str, Any]) -> Command:
    """Claim the key inside the deed's transaction. A ``result`` that is not None is the answer to replay.

    A second caller with the same key waits here until the first has committed or gone.

    Raises:
        KeyReused: the key came with another body before.
    """
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()
    Command.objects.bulk_create(
        [Command(beneficiary_id=beneficiary_id, key=key, body_sha256=digest)], ignore_conflicts=True
    )
    command = Command.objects.get(beneficiary_id=beneficiary_id, key=key)
    if command.body_sha256 != digest:
        raise KeyReused()
    return command


def finish(command: Command, result: dict[str, Any]) -> None:
    """Keep the answer beside its key."""
    command.result = result
    command.save(update_fields=["result"])

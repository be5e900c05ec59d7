"""Sessions at rest: JSON, encrypted."""

import json
from typing import Any

from escrow.models.encrypted import decrypt, encrypt


class EncryptedSerializer:
    """For ``SESSION_SERIALIZER``. A session that no key opens is an empty one: its owner signs in again."""

    def dumps(self, obj: Any) -> bytes:
        """JSON, encrypted."""
        return encrypt(json.dumps(obj, separators=(",", ":"))).encode()

    def loads(self, data: bytes) -> Any:
        """What was dumped."""
        return json.loads(decrypt(data.decode()))

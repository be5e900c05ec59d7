"""Ed25519 over what was sent: method, path, body, when, and a number used once.

The signed text is ``"{timestamp}\\n{nonce}\\n{METHOD}\\n{path?query}\\n{body}\\n"``; it travels in the headers
``X-Timestamp`` (Unix seconds), ``X-Nonce`` and ``X-Signature`` (base64). An answer is signed the same way with its
status code in place of the method and the nonce of the request it answers, so that an old answer cannot be replayed.
"""

import base64
import secrets
import time
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature as Forged
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from escrow.channels import InvalidSignature

PATIENCE_SECONDS = 300


def text(*, timestamp: str, nonce: str, method: str, path: str, body: bytes) -> bytes:
    """The bytes that are signed."""
    return f"{timestamp}\n{nonce}\n{method}\n{path}\n".encode() + body + b"\n"


def sign(private_key: str, *, method: str, path: str, body: bytes) -> dict[str, str]:
    """The three headers; ``private_key`` is a raw Ed25519 key in base64."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(private_key))
    signature = key.sign(text(timestamp=timestamp, nonce=nonce, method=method, path=path, body=body))
    return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": base64.b64encode(signature).decode()}


def verify(
    public_key: str, *, method: str, path: str, headers: Mapping[str, str], body: bytes, nonce: str | None = None
) -> None:
    """Raises ``InvalidSignature`` for anything but these bytes, signed by that key within the last five minutes.

    ``nonce`` is the one an answer must carry.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        timestamp, used = given["x-timestamp"], given["x-nonce"]
        signature = base64.b64decode(given["x-signature"], validate=True)
        age = abs(int(time.time()) - int(timestamp))
        signed = text(timestamp=timestamp, nonce=used, method=method, path=path, body=body)
    except KeyError as missing:
        raise InvalidSignature(f"header {missing} is missing") from None
    except ValueError:
        raise InvalidSignature("the signature headers cannot be read") from None
    if age > PATIENCE_SECONDS:
        raise InvalidSignature(f"signed {age} s away from now, at most {PATIENCE_SECONDS} s is accepted")
    if nonce is not None and used != nonce:
        raise InvalidSignature("this answers another request")
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(signature, signed)
    except Forged:
        raise InvalidSignature("the signature does not fit") from None

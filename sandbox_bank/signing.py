"""Ed25519 over ``"{timestamp}\\n{nonce}\\n{METHOD}\\n{path?query}\\n{body}\\n"``, as docs/sandbox-bank.md says."""

import base64
import secrets
import time
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PATIENCE_SECONDS = 300


class Unsigned(Exception):
    """Not these bytes, not that key, or not within five minutes."""


def _text(timestamp: str, nonce: str, method: str, path: str, body: bytes) -> bytes:
    return f"{timestamp}\n{nonce}\n{method}\n{path}\n".encode() + body + b"\n"


def sign(private_key: bytes, *, method: str, path: str, body: bytes, nonce: str = "") -> dict[str, str]:
    """The headers to send along. An answer has its status for a method and the request's nonce for its own."""
    timestamp, nonce = str(int(time.time())), nonce or secrets.token_hex(16)
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(_text(timestamp, nonce, method, path, body))
    return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": base64.b64encode(signature).decode()}


def verify(public_key: bytes, *, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
    """``headers`` finds names in any case, as Django's do."""
    try:
        timestamp, nonce = headers["X-Timestamp"], headers["X-Nonce"]
        signature = base64.b64decode(headers["X-Signature"], validate=True)
        if abs(int(time.time()) - int(timestamp)) > PATIENCE_SECONDS:
            raise Unsigned("the timestamp is more than five minutes from now")
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _text(timestamp, nonce, method, path, body))
    except KeyError:
        raise Unsigned("X-Timestamp, X-Nonce and X-Signature are all needed") from None
    except ValueError:
        raise Unsigned("the signature headers cannot be read") from None
    except InvalidSignature:
        raise Unsigned("the signature does not fit") from None

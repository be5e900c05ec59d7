"""Secrets of a machine that was given none: made on first use, kept in ``var/secrets`` for their owner only."""

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parent.parent


def var() -> Path:
    """The folder of everything this machine keeps for the project: ``PREPAID_VAR``, else ``var/`` beside the code."""
    return Path(os.environ.get("PREPAID_VAR") or ROOT / "var").absolute()


def secret(name: str) -> str:
    """The secret's text: 32 random bytes, or the public half of ``X-private-key`` (Ed25519), in base64."""
    stem, _, half = name.rpartition("-public-key")
    if stem and not half:
        private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret(f"{stem}-private-key")))
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return base64.b64encode(raw).decode()
    path = var() / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(base64.b64encode(os.urandom(32)).decode())
        try:
            os.link(draft, path)  # the first writer wins, whoever else is starting
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()

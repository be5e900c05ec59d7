"""Personal data at rest: AES-256-GCM in the column, an HMAC beside it to find it by (NIST SP 800-38D, FIPS 198-1)."""

import base64
import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


def encrypt(text: str) -> str:
    """Base64 of nonce + ciphertext + tag under the first of ``PERSONAL_DATA_KEYS``."""
    nonce = os.urandom(12)
    return base64.b64encode(nonce + AESGCM(settings.PERSONAL_DATA_KEYS[0]).encrypt(nonce, text.encode(), None)).decode()


def decrypt(token: str) -> str:
    """The text of ``encrypt``; every key is tried, so keys can be rotated.

    Raises:
        InvalidTag: no key fits, or the column was tampered with.
    """
    raw = base64.b64decode(token)
    for key in settings.PERSONAL_DATA_KEYS:
        try:
            return AESGCM(key).decrypt(raw[:12], raw[12:], None).decode()
        except InvalidTag:
            continue
    raise InvalidTag("no key decrypts this value")


def blind_index(text: str) -> str:
    """What an encrypted value is looked up by: 64 hex digits, the same for the same text under this installation's key."""
    return hmac.new(settings.BLIND_INDEX_KEY, text.encode(), hashlib.sha256).hexdigest()


if TYPE_CHECKING:
    _Text = models.TextField[str, str]
else:
    _Text = models.TextField


class EncryptedTextField(_Text):
    """Text that the database only ever sees encrypted. It cannot be searched; keep a ``blind_index`` column for that."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value)) if value else value

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        # Every encryption differs, so a comparison would silently find nothing.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

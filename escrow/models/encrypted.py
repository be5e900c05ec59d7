"""Personal data at rest: AES-256-GCM in the column, an HMAC beside it to find it by (NIST SP 800-38D, FIPS 198-1)."""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact


def encrypt(text: str) -> str:
    """``seal`` for a text column: base64."""
    return base64.b64encode(seal(text.encode())).decode()


def decrypt(token: str) -> str:
    """The text of ``encrypt``. Raises ``InvalidTag``."""
    return unseal(base64.b64decode(token)).decode()


def seal(plain: bytes) -> bytes:
    """Nonce + ciphertext + tag under the first of ``PERSONAL_DATA_KEYS``."""
    nonce = os.urandom(12)
    return nonce + AESGCM(settings.PERSONAL_DATA_KEYS[0]).encrypt(nonce, plain, None)


def unseal(sealed: bytes) -> bytes:
    """What ``seal`` was given; every key is tried, so keys can be rotated.

    Raises:
        InvalidTag: no key fits, or the column was tampered with.
    """
    for key in settings.PERSONAL_DATA_KEYS:
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)
        except InvalidTag:
            continue
    raise InvalidTag("no key decrypts this value")


def blind_index(text: str) -> str:
    """What an encrypted value is looked up by: 64 hex digits, the same for the same text under this installation's key."""
    return hmac.new(settings.BLIND_INDEX_KEY, text.encode(), hashlib.sha256).hexdigest()


if TYPE_CHECKING:
    _Text = models.TextField[str, str]
    _Binary = models.BinaryField[bytes | None, bytes | None]
else:
    _Text = models.TextField
    _Binary = models.BinaryField


class IsEmpty(Exact):
    """The one comparison that an encrypted text allows: an empty one is kept as it is."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        if rhs != "":
            raise FieldError("An encrypted text can only be compared with the empty one.")
        super().__init__(lhs, rhs)


class EncryptedTextField(_Text):
    """Text that the database only ever sees encrypted. It cannot be searched; keep a ``blind_index`` column for that."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(str(value)) if value else value

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        # Every encryption differs, so a comparison would silently find nothing.
        return {"isnull": super().get_lookup("isnull"), "exact": IsEmpty}.get(lookup_name)


class EncryptedBinaryField(_Binary):
    """Bytes that the database only ever sees encrypted."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value if value is None else seal(bytes(value)), connection, prepared)

    def from_db_value(self, value: Any, expression: object, connection: object) -> bytes | None:
        return None if value is None else unseal(bytes(value))


def encrypt_columns(table: str, *columns: str) -> Callable[[Any, Any], None]:
    """For ``RunPython``: encrypt what a text column held in clear until now."""
    return _rewritten(table, columns, encrypt)


def decrypt_columns(table: str, *columns: str) -> Callable[[Any, Any], None]:
    """For ``RunPython``: the way back."""
    return _rewritten(table, columns, decrypt)


def _rewritten(table: str, columns: tuple[str, ...], write: Callable[[str], str]) -> Callable[[Any, Any], None]:
    def run(apps: Any, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            for column in columns:
                cursor.execute(f'SELECT id, "{column}" FROM "{table}" WHERE "{column}" <> %s', [""])  # noqa: S608 – ours
                rows = [(write(text), pk) for pk, text in cursor.fetchall()]
                cursor.executemany(f'UPDATE "{table}" SET "{column}" = %s WHERE id = %s', rows)  # noqa: S608 – ours
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or the table's shape could not be changed any more
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    return run

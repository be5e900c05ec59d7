"""What a thief of the raw data would read: every column of every table, with what base64 and zlib hide in it."""

import base64
import re
import zlib
from collections.abc import Collection, Iterator

from stdnum.cn import ric

PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?86[ -]?)?1[3-9]\d{9}(?![0-9A-Za-z])")
IDENTITY = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
PACKED = re.compile(r"\.?[A-Za-z0-9_+/=-]{16,}")

COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2
"""
#: Types that say nothing of a person.
PLAIN = ("boolean", "date", "timestamp", "time", "interval", "smallint", "double", "uuid")


def columns(cursor) -> Iterator[tuple[str, str]]:
    """``table.column`` and each different value in it, as text. Bytes are read as the text they may be."""
    cursor.execute(COLUMNS)
    for table, column, kind in cursor.fetchall():
        if kind.startswith(PLAIN):
            continue
        read = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
        cursor.execute(f'SELECT DISTINCT {read} FROM "{table}" WHERE "{column}" IS NOT NULL')
        for (value,) in cursor.fetchall():
            yield f"{table}.{column}", value


def opened(text: str) -> Iterator[str]:
    """The text, and what its parts say when they are unpacked: sessions are signed, base64 and perhaps zlib."""
    yield text
    for part in PACKED.findall(text):
        stem = part.lstrip(".").rstrip("=").replace("+", "-").replace("/", "_")
        try:
            raw = base64.urlsafe_b64decode(stem + "=" * (-len(stem) % 4))
            yield (zlib.decompress(raw) if part.startswith(".") else raw).decode()
        except (ValueError, zlib.error):
            continue


def in_clear(text: str, known: Collection[str]) -> list[str]:
    """Telephone numbers, identity card numbers (GB 11643, with a right check digit) and whatever of ``known`` it holds."""
    found = []
    for said in opened(text):
        found += PHONE.findall(said)
        found += [number for number in IDENTITY.findall(said) if ric.is_valid(number)]
        found += [value for value in known if value in said]
    return found


def leaks(cursor, known: Collection[str]) -> list[str]:
    """``table.column: what``, for everything readable; several times at most once a column."""
    found = {(place, what) for place, value in columns(cursor) for what in in_clear(value, known)}
    return sorted({f"{place}: {what}" for place, what in found})

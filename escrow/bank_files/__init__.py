"""Reading what banks and channels send. No database here: bytes in, statements out, or a refusal that says why.

``read_statements`` tells the format by the first bytes: ISO 20022 camt.053 (``camt053``), or a table (``tables``) by the
column mapping saved for the bank.
"""

import hashlib
import io
from typing import BinaryIO

from escrow.bank_files import camt053, tables
from escrow.bank_files.errors import BankFileTooLarge, UnknownBankFormat, WrongFormat
from escrow.bank_files.statement import MOST_BYTES, Line, Statement, identity

__all__ = ["MOST_BYTES", "Line", "Statement", "format_of", "from_bytes", "identity", "read_statements", "sized"]


def sized(content: BinaryIO) -> tuple[BinaryIO, str]:
    """The content, rewound, with its SHA-256; it is read in pieces and never further than the limit.

    Raises:
        BankFileTooLarge.
    """
    digest, size = hashlib.sha256(), 0
    content.seek(0)
    while piece := content.read(1 << 16):
        size += len(piece)
        if size > MOST_BYTES:
            raise BankFileTooLarge(megabytes=MOST_BYTES >> 20)
        digest.update(piece)
    content.seek(0)
    return content, digest.hexdigest()


def format_of(content: BinaryIO) -> str:
    """``camt053``, ``xlsx`` or ``csv``, by the first bytes."""
    head = content.read(256)
    content.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    text = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return "camt053" if text.startswith(b"<") else "csv"


def read_statements(
    content: BinaryIO, *, mapping: tables.Mapping | None = None, wanted: str = "", bank: str = ""
) -> list[Statement]:
    """Every statement of the file, lines in the bank's order with their identities.

    Raises:
        UnreadableBankFile: or one of its kinds, which say what to do.
    """
    content, _sha256 = sized(content)
    found = format_of(content)
    if wanted and wanted != found:
        raise WrongFormat(wanted=wanted)
    if found == "camt053":
        return camt053.read(content)
    if mapping is None:
        raise UnknownBankFormat(bank=bank or "–")
    return tables.read(content, mapping=mapping, xlsx=found == "xlsx")


def from_bytes(raw: bytes) -> BinaryIO:
    """A file of bytes at hand."""
    return io.BytesIO(raw)

"""What the apps that build on products tell the public about a merchant: its record, in counts and never in names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from prepaid.merchants.models import Merchant


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How some of them ended, or that they have not; ``note`` what is to be known besides."""

    label: str
    count: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Something that is counted about a merchant: how many in all, how many in the last twelve months, and how they ended."""

    title: str
    total: int
    recent: int
    endings: list[Ending]
    none: str
    law: str = ""


RecordProvider = Callable[[Merchant, date], Record]
_records: list[RecordProvider] = []


def register_record(provider: RecordProvider) -> RecordProvider:
    """An app's part of a merchant's public page. A decorator."""
    _records.append(provider)
    return provider


def records(merchant: Merchant, on: date) -> list[Record]:
    """Everything that is counted about the merchant."""
    return [provider(merchant, on) for provider in _records]

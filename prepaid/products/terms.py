"""The terms of one card product as plain data: what the rules check, what a filing freezes, what a consumer accepts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Self

#: Clauses the merchant words; the other contract items follow from figures, stores and the platform.
CLAUSES = (
    "service",
    "quality",
    "deduction",
    "risk_warning",
    "gift_terms",
    "change_terms",
    "refund_terms",
    "loss_terms",
    "breach_terms",
    "dispute_terms",
)

#: What the holder of a discount card may pay of the list price (0.01 %): a part of it, never nothing and never all.
LEAST_DISCOUNT_BP, MOST_DISCOUNT_BP = 100, 9_999
#: Of how many months a membership that is paid month by month may be; one month is an ordinary period card.
LEAST_MONTHS, MOST_MONTHS = 2, 36
#: Terms that were frozen before there were such figures have none of them.
ADDED_LATER = {"discount_bp", "months", "after_use"}


@dataclass(frozen=True, kw_only=True)
class Premises:
    """A redeeming store as the contract names it; ``lease_ends_on`` None: the merchant's own premises."""

    store_id: int
    name: str
    address: str
    lease_ends_on: date | None


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """The party that owes the service."""

    name: str
    uscc: str
    contact_phone: str
    custody_no: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Money in fen; ``days``: the length of a period card, for other kinds the validity (None: no expiry). ``sessions`` of a
    course are its lessons; ``discount_bp``: what a discount card's holder pays of the list price (0.01 %). ``months``: paid month
    by month for so many; price and days are then those of one month. None: paid whole. ``after_use``: one visit, paid when it was given."""

    name: str
    kind: str
    price_fen: int
    bonus_fen: int
    sessions: int | None
    days: int | None
    list_price_fen: int | None
    visit_price_fen: int | None
    lowest_item_fen: int | None
    service: str
    quality: str
    deduction: str
    risk_warning: str
    gift_terms: str
    change_terms: str
    refund_terms: str
    loss_terms: str
    breach_terms: str
    dispute_terms: str
    issuer: Issuer
    stores: tuple[Premises, ...]
    discount_bp: int | None = None
    months: int | None = None
    after_use: bool = False

    @property
    def days_in_all(self) -> int | None:
        """How long the contract may run: all its months, one after the other."""
        return self.days and self.days * (self.months or 1)

    def to_json(self) -> dict[str, Any]:
        """JSON data; ``from_json`` gives the same terms back."""
        data = asdict(self)
        for store in data["stores"]:
            store["lease_ends_on"] = store["lease_ends_on"] and store["lease_ends_on"].isoformat()
        return {**data, "stores": list(data["stores"])}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The terms as they were frozen."""
        stores = tuple(
            Premises(
                **{**store, "lease_ends_on": store["lease_ends_on"] and date.fromisoformat(store["lease_ends_on"])}
            )
            for store in data["stores"]
        )
        names = [field.name for field in fields(cls) if field.name not in {"stores", "issuer"}]
        plain = {name: data[name] for name in names if name in data or name not in ADDED_LATER}
        return cls(**plain, issuer=Issuer(**data["issuer"]), stores=stores)


def percent(bp: int) -> str:
    """Basis points as people write them: 8,000 → ``80%``, 8,550 → ``85.5%``."""
    return f"{bp // 100}.{bp % 100:02d}".rstrip("0").rstrip(".") + "%"


def sha256_of(terms: Mapping[str, Any]) -> str:
    """64 hex digits over canonical JSON: what a consumer accepts is exactly what was frozen (RFC 8785 in spirit:
    sorted keys, no white space, UTF-8)."""
    canonical = json.dumps(terms, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()

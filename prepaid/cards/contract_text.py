"""The whole text of one sold card's contract, in Chinese, which binds, and as an English reading copy. Pure: facts in, JSON out."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from escrow.clock import BEIJING
from escrow.money import yuan
from prepaid.products.contract import acknowledgements, twelve_items
from prepaid.products.refund_rules import previews
from prepaid.products.terms import Terms

#: Which arrangement of the text and which layout of the PDF; a contract keeps the one it was made with.
TEMPLATE_VERSION = 1
BINDING, READING_COPY = "zh-hans", "en"


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What one sale adds to the terms. ``holder``: masked, a contract holds no personal data in clear."""

    number: str
    version_number: int
    filing_no: str
    holder: str
    custody_percent: int
    cooling_off_days: int
    concluded_at: datetime
    last_day: date | None


def contract_text(terms: Terms, sale: Sale, *, terms_sha256: str) -> str:
    """Canonical JSON: the exact text, which everything shown and printed is made from."""
    whole: dict[str, Any] = {
        "template": TEMPLATE_VERSION,
        "number": sale.number,
        "concluded_at": sale.concluded_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        "terms_sha256": terms_sha256,
        "custody_percent": sale.custody_percent,
    }
    for language in (BINDING, READING_COPY):
        with translation.override(language):
            whole[language] = _in_words(terms, sale)
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(text: str) -> str:
    """SHA-256 of the text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _in_words(terms: Terms, sale: Sale) -> dict[str, Any]:
    concluded = sale.concluded_at.astimezone(BEIJING)
    return {
        "title": _("Prepaid card contract"),
        "binding": _("The Chinese text is binding; the English text is a reading copy."),
        "facts": [
            [_("Contract number"), f"{sale.number[:4]} {sale.number[4:]}"],
            [_("Concluded online"), _("%(time)s (Beijing time)") % {"time": f"{concluded:%Y-%m-%d %H:%M}"}],
            [_("Issuer"), terms.issuer.name],
            [_("Holder"), sale.holder],
            [_("Product"), _("%(name)s, version %(number)s") % {"name": terms.name, "number": sale.version_number}],
            [_("Filing"), sale.filing_no or _("not required")],
            [_("Price of one month") if terms.months else _("Price"), f"¥{yuan(terms.price_fen)}"],
            [
                _("Last day of the first month") if terms.months else _("Last day"),
                sale.last_day.isoformat() if sale.last_day else _("does not expire"),
            ],
        ],
        "items": [
            {"number": item.number, "title": item.title, "article": item.article, "lines": list(item.lines)}
            for item in twelve_items(terms, custody_percent=sale.custody_percent)
        ],
        "refunds": _refunds(terms, sale),
        "acknowledged": {
            "title": _("What the holder confirmed one by one before paying"),
            "lines": [
                *acknowledgements(terms, custody_percent=sale.custody_percent),
                _("I have read the contract and accept it."),
            ],
        },
    }


def _refunds(terms: Terms, sale: Sale) -> dict[str, Any]:
    days = sale.cooling_off_days
    return {
        "title": _("What the holder would get back"),
        "cooling_off": [
            ngettext(
                "Cooling-off: within %(days)s day of purchase, nothing redeemed: the whole ¥%(price)s comes back, without a "
                "reason, in one payment within 5 days of the request.",
                "Cooling-off: within %(days)s days of purchase, nothing redeemed: the whole ¥%(price)s comes back, without a "
                "reason, in one payment within 5 days of the request.",
                days,
            )
            % {"days": days, "price": yuan(terms.price_fen)},
            ngettext(
                "Within %(days)s day of payment and used a little: the price less what was redeemed, unless the holder knew "
                "the same service before.",
                "Within %(days)s days of payment and used a little: the price less what was redeemed, unless the holder knew "
                "the same service before.",
                days,
            )
            % {"days": days},
        ],
        "columns": [_("Used so far"), _("If the merchant is the cause"), _("If the holder changes their mind")],
        "rows": [[row.used, f"¥{yuan(row.operator_fen)}", f"¥{yuan(row.consumer_fen)}"] for row in previews(terms)],
        "law": _(
            "Beijing regulations on single-purpose prepaid cards, art. 16 and 17; Supreme People's Court interpretation on "
            "prepaid consumption, art. 14 and 18 to 22. Where the contract is better for you, the contract holds."
        ),
    }

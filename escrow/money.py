"""Money is a whole number of fen. One function rounds, and it never loses or makes a fen."""

import re
from typing import Final

from django.utils.translation import gettext_lazy as _

from escrow.errors import InvalidAmount

#: No single payment here reaches 100 million yuan; a larger number is a mistake or an attack.
MAX_FEN: Final = 10_000_000_000


def share(price_fen: int, units: int, units_total: int) -> int:
    """Fen that ``units`` of ``units_total`` have earned of ``price_fen``, rounded **down**: the odd fen stays the consumer's.

    Cumulative: the last unit releases exactly the rest, because ``share(P, N, N) == P``.

    Raises:
        ValueError: units outside ``0..units_total``, or ``units_total`` below 1.
    """
    if units_total < 1 or not 0 <= units <= units_total:
        raise ValueError(f"{units} of {units_total} units is not a share")
    return price_fen * units // units_total


def check_fen(amount: object) -> int:
    """The amount itself when it is a whole number of fen from 1 to ``MAX_FEN``.

    Raises:
        InvalidAmount: zero, negative, fractional, not a number, or absurdly large.
    """
    if isinstance(amount, bool) or not isinstance(amount, int) or not 1 <= amount <= MAX_FEN:
        raise InvalidAmount()
    return amount


def yuan_to_fen(text: str) -> int:
    """``"1,234.5"`` → ``123450``; at most two decimals, full-width digits allowed.

    Raises:
        InvalidAmount: anything else, with one sentence for what is no amount and another for one out of bounds.
    """
    plain = text.strip().lstrip("¥￥").replace(",", "").replace("，", "")
    match = re.fullmatch(r"([-−－]?)(\d{1,30})(?:\.(\d{1,2}))?", plain)
    if not match:
        raise InvalidAmount(_("Enter an amount in yuan with at most two decimals, for example 128.50."))
    fen = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))
    return check_fen(-fen if match[1] else fen)


def yuan(fen: int) -> str:
    """``123450`` → ``"1,234.50"`` (no currency sign)."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"

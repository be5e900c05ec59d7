"""Bank account numbers as merchants type them."""

import re
import unicodedata

from stdnum import luhn

from prepaid.merchants.errors import AccountChecksum, BadAccountNo


def checked(text: str) -> str:
    """The digits alone. Company accounts follow no common checksum; numbers of bank cards (62…, 16 to 19 digits,
    GB/T 19584) carry a Luhn digit, which is checked.

    Raises:
        BadAccountNo, AccountChecksum.
    """
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"[0-9]{9,30}", digits) or len(set(digits)) == 1:
        raise BadAccountNo()
    if digits.startswith("62") and 16 <= len(digits) <= 19 and not luhn.is_valid(digits):
        raise AccountChecksum()
    return digits


def masked(account_no: str) -> str:
    """``6222…0128`` → ``•••• 0128``."""
    return f"•••• {account_no[-4:]}" if account_no else ""

"""Interest and fees: by the bank's transaction code (ISO 20022 external code set, the German GVC), else in words."""

import re
from collections.abc import Iterable

from escrow.bank_files.statement import Kind

INTEREST_CODES = {"INTR"}
FEE_CODES = {"CHRG", "COMM", "FEES"}
#: Geschäftsvorfallcodes of the Deutsche Kreditwirtschaft, as in ``NTRF+814+9248``.
GVC: dict[str, Kind] = {"808": "fee", "809": "fee", "814": "interest", "815": "interest"}
INTEREST_WORDS = re.compile(r"结息|利息|\binterest\b", re.IGNORECASE)
FEE_WORDS = re.compile(r"手续费|账户管理费|服务费|工本费|\bbank (?:fee|charge)s?\b", re.IGNORECASE)


def kind_of(codes: Iterable[str]) -> Kind:
    """``interest``, ``fee`` or "": neither, as the bank's own codes tell."""
    for code in codes:
        if code in INTEREST_CODES:
            return "interest"
        if code in FEE_CODES:
            return "fee"
        gvc = re.match(r"N[A-Z]{3}\+(\d{3})", code)
        if gvc and gvc.group(1) in GVC:
            return GVC[gvc.group(1)]
    return ""


def kind_in_words(*, direction: str, purpose: str) -> Kind:
    """The same of a bank that gives no codes. Payers and products write into a purpose too, so ask only of a line that names
    no order of ours; interest comes in and fees go out, the rest is for a person."""
    if direction == "in":
        return "interest" if INTEREST_WORDS.search(purpose) else ""
    return "fee" if FEE_WORDS.search(purpose) else ""

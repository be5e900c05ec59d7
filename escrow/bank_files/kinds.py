"""Interest and fees are told by the bank's transaction code (ISO 20022 external code set, the German GVC), else in words."""

import re
from collections.abc import Iterable

from escrow.bank_files.statement import Kind

INTEREST_CODES = {"INTR"}
FEE_CODES = {"CHRG", "COMM", "FEES"}
#: Geschäftsvorfallcodes of the Deutsche Kreditwirtschaft, as in ``NTRF+814+9248``.
GVC: dict[str, Kind] = {"808": "fee", "809": "fee", "814": "interest", "815": "interest"}
INTEREST_WORDS = re.compile(r"结息|利息|\binterest\b", re.IGNORECASE)
FEE_WORDS = re.compile(r"手续费|账户管理费|服务费|工本费|\bbank (?:fee|charge)s?\b", re.IGNORECASE)


def kind_of(*, codes: Iterable[str] = (), purpose: str = "") -> Kind:
    """``interest``, ``fee`` or "": neither."""
    for code in codes:
        if code in INTEREST_CODES:
            return "interest"
        if code in FEE_CODES:
            return "fee"
        gvc = re.match(r"N[A-Z]{3}\+(\d{3})", code)
        if gvc and gvc.group(1) in GVC:
            return GVC[gvc.group(1)]
    if INTEREST_WORDS.search(purpose):
        return "interest"
    return "fee" if FEE_WORDS.search(purpose) else ""

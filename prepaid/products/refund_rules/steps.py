"""The reckoning line by line: each step with its sentence, its formula in figures, and its article."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.money import yuan


@dataclass(frozen=True)
class Step:
    """One line of the reckoning: what was looked at, with its numbers (``_fen``, ``_bp`` = 0.01 %, and counts)."""

    code: str
    numbers: Mapping[str, int]

    @property
    def text(self) -> str:
        """The sentence in the reader's language."""
        return str(STEPS[self.code][0]) % self._written

    @property
    def formula(self) -> str:
        """The same in figures (yuan), empty where nothing is reckoned."""
        return STEPS[self.code][1] % self._written

    @property
    def article(self) -> str:
        """Where it is written, in the reader's language."""
        return str(STEPS[self.code][2])

    @property
    def _written(self) -> dict[str, str]:
        return {name: _figure(name, n) for name, n in self.numbers.items()}

    def to_json(self) -> dict[str, Any]:
        """JSON data for programs and for keeping."""
        return {
            "code": self.code,
            "numbers": dict(self.numbers),
            "text": self.text,
            "formula": self.formula,
            "article": self.article,
        }


def _figure(name: str, number: int) -> str:
    if name.endswith("_fen"):
        return yuan(number)
    return f"{number // 100}.{number % 100:02d}%" if name.endswith("_bp") else str(number)


_BJ_16 = _("Beijing prepaid card regulations, art. 16")
_BJ_17 = _("Beijing prepaid card regulations, art. 17")
_SPC_14 = _("Fa Shi [2025] No. 4, art. 14")
_SPC_16 = _("Fa Shi [2025] No. 4, art. 16 and 17")
_SPC_18 = _("Fa Shi [2025] No. 4, art. 18")
_SPC_19 = _("Fa Shi [2025] No. 4, art. 19 and 20")
_SPC_22 = _("Fa Shi [2025] No. 4, art. 22")
_HIGHEST = _("Fa Shi [2025] No. 4, art. 14, 17 to 19")
_INTEREST = "%(on_fen)s × %(rate_bp)s × %(days)s ÷ 365 = %(interest_fen)s"

#: code → sentence, formula in yuan, article. Kept quotes are read with this, so a code keeps its numbers.
STEPS: dict[str, tuple[Promise, str, Promise]] = {
    "cooling_off_unused": (
        _("Asked within the cooling-off period and nothing was used: the whole price is returned."),
        "%(paid_fen)s",
        _BJ_16,
    ),
    "cooling_off": (
        _("Asked within the cooling-off period: the price less what was used, at the price paid."),
        "%(paid_fen)s − %(earned_fen)s = %(refund_fen)s",
        _SPC_14,
    ),
    "knew_service": (
        _("The buyer already knew this service: the right to cool off does not apply to what was used."),
        "",
        _SPC_14,
    ),
    "stored_value_sold_price": (
        _("What was drawn is shared between the money paid and the gift money in proportion."),
        "%(paid_fen)s − %(face_fen)s × %(paid_fen)s ÷ (%(paid_fen)s + %(gift_fen)s) = %(refund_fen)s",
        _SPC_18,
    ),
    "stored_value_list_price": (
        _("For a cause on the holder's side, what was drawn counts in full against the money paid."),
        "max(0, %(paid_fen)s − %(face_fen)s) = %(refund_fen)s",
        _SPC_19,
    ),
    "sessions_sold_price": (
        _("%(used)s of %(total)s sessions used, counted at the price sold."),
        "%(paid_fen)s − %(used)s × %(paid_fen)s ÷ %(total)s = %(refund_fen)s",
        _SPC_18,
    ),
    "sessions_list_price": (
        _("For a cause on the holder's side, the %(used)s sessions used are counted at the list price."),
        "max(0, %(paid_fen)s − %(used)s × %(list_fen)s) = %(refund_fen)s",
        _SPC_19,
    ),
    "discount_sold_price": (
        _("What was used is counted at the discounted price."),
        "%(paid_fen)s − %(face_fen)s = %(refund_fen)s",
        _SPC_18,
    ),
    "discount_list_price": (
        _("For a cause on the holder's side, what was used is counted at the list price."),
        "max(0, %(paid_fen)s − %(list_fen)s) = %(refund_fen)s",
        _SPC_19,
    ),
    "list_price_raised": (
        _("No list price above the price sold is named: the price sold counts, whatever the cause."),
        "",
        _SPC_19,
    ),
    "period_remaining": (
        _("%(used)s of %(total)s days have passed; the price of the rest is returned, whatever the cause."),
        "%(paid_fen)s − %(used)s × %(paid_fen)s ÷ %(total)s = %(refund_fen)s",
        _SPC_22,
    ),
    "service_stopped": (
        _("The service stopped after %(stopped)s days: the days after that do not count."),
        "",
        _SPC_22,
    ),
    "below_lowest_item": (
        _(
            "The balance of ¥%(balance_fen)s is below the lowest-priced item (¥%(lowest_fen)s): the balance is "
            "returned, less the gift part."
        ),
        "%(refund_fen)s",
        _BJ_17,
    ),
    "contract_terms": (
        _("The contract's own terms give ¥%(refund_fen)s; they count where they are better for the consumer."),
        "%(refund_fen)s",
        _HIGHEST,
    ),
    "highest": (
        _("Several rules apply: the highest sum is owed."),
        "%(refund_fen)s",
        _HIGHEST,
    ),
    "lot": (
        _("Payment %(number)s of %(of)s, the oldest drawn first: ¥%(paid_fen)s paid, ¥%(gift_fen)s given on top."),
        "%(face_fen)s ÷ (%(paid_fen)s + %(gift_fen)s)",
        _SPC_18,
    ),
    "lots_together": (
        _("The payments together."),
        "%(refund_fen)s",
        _SPC_18,
    ),
    "interest_agreed": (
        _("Interest for %(days)s days from the end of the contract, at the rate agreed in it."),
        _INTEREST,
        _SPC_16,
    ),
    "interest_operator": (
        _("Interest for %(days)s days from the end of the contract, at the one-year LPR of the day it was made."),
        _INTEREST,
        _SPC_16,
    ),
    "interest_consumer": (
        _(
            "For a cause on the holder's side: interest for %(days)s days from the end of the contract, at the one-year "
            "deposit benchmark of the day it was made."
        ),
        _INTEREST,
        _SPC_16,
    ),
    "interest_named": (
        _("Interest that the agreement or the judgment names."),
        "%(interest_fen)s",
        _SPC_16,
    ),
    "interest_custody": (
        _("Interest for %(days)s days from the end of the contract, at the rate that money in custody earns."),
        _INTEREST,
        _SPC_16,
    ),
}

"""What would come back after each part of use: shown before buying."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from escrow.money import yuan
from escrow.states import Plan
from prepaid.products.refund_rules.facts import Cause, RefundFacts, kind_of
from prepaid.products.refund_rules.quoting import quote
from prepaid.products.terms import Terms


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would come back once a part of the card is used, after the cooling-off period: shown before buying (fen)."""

    used: str
    operator_fen: int
    consumer_fen: int


def previews(terms: Terms) -> list[Preview]:
    """The refund after nothing, a quarter, half and three quarters, for a cause on either side."""
    some_day = date(2026, 1, 1)
    common: dict[str, Any] = {
        "kind": kind_of(terms.kind),
        "paid_fen": terms.price_fen,
        "gift_fen": terms.bonus_fen,
        "sessions": terms.sessions or 0,
        "list_price_fen": terms.list_price_fen or 0,
        "days": terms.days or 0,
        "bought_on": some_day,
        "requested_on": some_day + timedelta(days=1),
        "cooling_off_days": 0,
    }
    match Plan(terms.kind):
        case Plan.SESSIONS:
            total, name, used_text = terms.sessions or 1, "used_sessions", _("%(used)s sessions used")
        case Plan.COURSE:
            total, name, used_text = terms.sessions or 1, "used_sessions", _("%(used)s lessons used")
        case Plan.DISCOUNT:
            total, name, used_text = terms.price_fen, "used_face_fen", _("¥%(used)s used, after the discount")
        case Plan.STORED_VALUE:
            total, name, used_text = terms.price_fen + terms.bonus_fen, "used_face_fen", _("¥%(used)s used")
        case Plan.PERIOD:
            total, name, used_text = terms.days or 1, "used_days", _("%(used)s days passed")

    def owed(used: int, cause: Cause) -> int:
        listed = -(-used * 10_000 // terms.discount_bp) if terms.discount_bp else 0  # the list price that comes to it
        facts = {**common, "cause": cause, "used_list_fen": listed, name: used}
        return quote(RefundFacts(**facts)).refund_fen

    return [
        Preview(
            used=str(used_text) % {"used": yuan(used) if name == "used_face_fen" else used},
            operator_fen=owed(used, Cause.OPERATOR),
            consumer_fen=owed(used, Cause.CONSUMER),
        )
        for used in sorted({total * quarter // 4 for quarter in range(4)})
    ]

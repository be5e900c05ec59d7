"""The same law once more, slowly and with fractions, written from the rules and not from the engine's code.

Takes the plain object of one line of ``manage.py quote``; returns fen.
"""

from datetime import date, timedelta
from fractions import Fraction
from math import ceil


def refund(card: dict) -> int:
    """The highest sum among the rules that apply."""
    law = sum(of_one_payment(lot, card) for lot in lot_by_lot(card)) if card.get("lots") else of_one_payment(card, card)
    return max(law, min(card.get("contract_fen") or 0, card["paid_fen"]))


def of_one_payment(card: dict, whole: dict) -> int:
    paid = Fraction(card["paid_fen"])
    fair = paid - at_price_sold(card)
    sums = [Fraction(0), fair if card["cause"] != "consumer" else paid - at_list_price(card)]
    if is_early(card):
        if not any(card.get(f"used_{name}") for name in ("sessions", "face_fen", "list_fen", "days")):
            sums.append(paid)  # BJ 16
        if not card.get("knew_service"):
            sums.append(fair)  # SPC 14
    if card["kind"] == "stored_value" and whole.get("lowest_item_fen") is not None:
        left = whole["paid_fen"] + whole.get("gift_fen", 0) - whole.get("used_face_fen", 0)
        if 0 < left < whole["lowest_item_fen"]:
            sums.append(fair)  # BJ 17
    return ceil(min(paid, max(sums)))  # a fen that nobody has earned wholly is the consumer's


def at_price_sold(card: dict) -> Fraction:
    """What the operator has earned, exactly."""
    paid = Fraction(card["paid_fen"])
    match card["kind"]:
        case "stored_value":
            return card.get("used_face_fen", 0) * paid / (card["paid_fen"] + card.get("gift_fen", 0))
        case "sessions":
            return card.get("used_sessions", 0) * paid / card["sessions"]
        case "discount":
            return Fraction(card.get("used_face_fen", 0))
        case "period":
            stopped = card.get("stopped_after_days")
            used = card.get("used_days", 0)
            return (used if stopped is None or stopped > used else stopped) * paid / card["days"]
    raise AssertionError(card)


def at_list_price(card: dict) -> Fraction:
    """What the operator may charge when the consumer gives up."""
    sold = at_price_sold(card)
    match card["kind"]:
        case "stored_value":
            return Fraction(card.get("used_face_fen", 0))
        case "sessions":
            visit = max(Fraction(card.get("list_price_fen", 0)), Fraction(card["paid_fen"], card["sessions"]))
            return card.get("used_sessions", 0) * visit
        case "discount":
            return max(sold, Fraction(card.get("used_list_fen", 0)))
    return sold


def is_early(card: dict) -> bool:
    """Bought on the 1st, through the 8th."""
    if not card.get("bought_on") or not card.get("requested_on"):
        return False
    last = date.fromisoformat(card["bought_on"]) + timedelta(days=card.get("cooling_off_days", 7))
    return date.fromisoformat(card["requested_on"]) <= last


def lot_by_lot(card: dict) -> list[dict]:
    """Fen by fen would be slower still: each payment with what was drawn of it, the oldest first."""
    drawn = card.get("used_face_fen", 0)
    cards = []
    for lot in sorted(card["lots"], key=lambda lot: lot.get("paid_on") or card["bought_on"]):
        of_this = min(drawn, lot["paid_fen"] + lot.get("gift_fen", 0))
        drawn -= of_this
        knew = card.get("knew_service") or lot.get("knew_service")
        bought_on = lot.get("paid_on") or card["bought_on"]
        cards.append(
            {**card, "gift_fen": 0, **lot, "used_face_fen": of_this, "knew_service": knew, "bought_on": bought_on}
        )
    return cards

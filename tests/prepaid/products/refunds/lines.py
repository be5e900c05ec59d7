"""Random lines for ``manage.py quote``, as data for every property."""

from datetime import date, timedelta

from hypothesis import strategies as st

DAY = date(2026, 3, 2)
KINDS = ["stored_value", "sessions", "discount", "period"]
CAUSES = ["operator", "consumer", "neither"]
#: Small sums meet the odd fen, large ones everything else.
FEN = st.one_of(st.integers(0, 40), st.integers(0, 2_000_000), st.integers(0, 10**15))


@st.composite
def cards(draw: st.DrawFn, *, kinds: list[str] = KINDS, plain: bool = False) -> dict:
    """Any card that could be; ``plain``: only what the contract of the command names."""
    kind = draw(st.sampled_from(kinds))
    card = {
        "kind": kind,
        "cause": draw(st.sampled_from(CAUSES)),
        "paid_fen": draw(FEN),
        "bought_on": DAY.isoformat(),
        "requested_on": (DAY + timedelta(days=draw(st.integers(0, 12)))).isoformat(),
        "knew_service": draw(st.booleans()),
    }
    total = draw(st.integers(1, 400))
    match kind:
        case "stored_value":
            card["gift_fen"] = draw(FEN)
            card["paid_fen"] += not (card["paid_fen"] or card["gift_fen"])
            card["used_face_fen"] = draw(st.integers(0, card["paid_fen"] + card["gift_fen"]))
        case "sessions":
            unit = card["paid_fen"] // total
            listed = draw(st.one_of(FEN, st.integers(max(0, unit - 2), unit + 2)))
            card |= {"sessions": total, "used_sessions": draw(st.integers(0, total)), "list_price_fen": listed}
        case "discount":
            card["used_face_fen"] = draw(st.integers(0, card["paid_fen"]))
            card["used_list_fen"] = draw(st.one_of(FEN, st.integers(card["used_face_fen"], 2 * card["used_face_fen"])))
        case "period":
            stopped = draw(st.none() | st.integers(0, 400))
            card |= {"days": total, "used_days": draw(st.integers(0, total)), "stopped_after_days": stopped}
    if plain:
        return card
    if draw(st.booleans()):
        card["contract_fen"] = draw(FEN)
    if kind == "stored_value":
        if draw(st.booleans()):
            card["lowest_item_fen"] = draw(FEN)
        if draw(st.booleans()):
            card = in_lots(draw, card)
    return card


def in_lots(draw: st.DrawFn, card: dict) -> dict:
    """The same card, paid in several times."""
    lots = []
    for _number in range(draw(st.integers(1, 5))):
        paid = draw(FEN)
        lots.append(
            {
                "paid_fen": paid,
                "gift_fen": draw(FEN) + (not paid),
                "paid_on": (DAY - timedelta(days=draw(st.integers(0, 12)))).isoformat(),
                "knew_service": draw(st.booleans()),
            }
        )
    paid, gift = sum(lot["paid_fen"] for lot in lots), sum(lot["gift_fen"] for lot in lots)
    used = draw(st.integers(0, paid + gift))
    return {**card, "lots": lots, "paid_fen": paid, "gift_fen": gift, "used_face_fen": used}

"""Questions about cards: whose they are, what is on them, what a refund would be."""

from prepaid.cards.queries.counter import counter_stores, last_charges
from prepaid.cards.queries.refunds import (
    UNSETTLED_STATES,
    cooling_off_until,
    least_refund_fen,
    refund_quote,
    refund_quotes,
    request_for,
    request_of,
    requests_of,
    requests_paid,
    requests_to,
    requests_unanswered,
    sold_by,
)
from prepaid.cards.queries.wallet import (
    CardFace,
    StatementLine,
    card_of,
    cards_of,
    charges_waiting,
    face_of,
    order_of,
    redemption_of,
    statement,
)

__all__ = [
    "UNSETTLED_STATES",
    "CardFace",
    "StatementLine",
    "card_of",
    "cards_of",
    "charges_waiting",
    "cooling_off_until",
    "counter_stores",
    "face_of",
    "last_charges",
    "least_refund_fen",
    "order_of",
    "redemption_of",
    "refund_quote",
    "refund_quotes",
    "request_for",
    "request_of",
    "requests_of",
    "requests_paid",
    "requests_to",
    "requests_unanswered",
    "sold_by",
    "statement",
]

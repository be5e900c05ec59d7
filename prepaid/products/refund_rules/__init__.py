"""The refund engine (docs/refunds.md): facts in, the sum owed and every step to it out. Pure; needs no database."""

from prepaid.products.refund_rules.facts import CardKind, Cause, Lot, RefundFacts, kind_of
from prepaid.products.refund_rules.interest import Interest, InterestFacts, Rate, RateKind, interest_owed, rate_on
from prepaid.products.refund_rules.previews import Preview, previews
from prepaid.products.refund_rules.quoting import RefundQuote, RefundRule, quote
from prepaid.products.refund_rules.steps import Step

__all__ = [
    "CardKind",
    "Cause",
    "Interest",
    "InterestFacts",
    "Lot",
    "Preview",
    "Rate",
    "RateKind",
    "RefundFacts",
    "RefundQuote",
    "RefundRule",
    "Step",
    "interest_owed",
    "kind_of",
    "previews",
    "quote",
    "rate_on",
]

"""What people are told about their cards. One place for the words, by noun; every figure and date is named."""

from prepaid.cards.operations.letters.cards import card_active, card_expires, card_found, card_lost, card_reissued
from prepaid.cards.operations.letters.cash import (
    cash_closed,
    cash_given_back,
    cash_overdue,
    cash_taken,
    cash_there_again,
    cash_undone,
)
from prepaid.cards.operations.letters.charges import charge_insisted, charge_recorded, charge_returned, put_on_roll
from prepaid.cards.operations.letters.memberships import days_returned, membership_ended, month_ends
from prepaid.cards.operations.letters.pauses import pause_answered, pause_asked, pause_ended
from prepaid.cards.operations.letters.people import (
    child_forgotten,
    child_named,
    person_accepted,
    person_ended,
    person_invited,
)
from prepaid.cards.operations.letters.refunds import (
    claim_paid,
    refund_granted,
    refund_offered,
    refund_paid,
    refund_refused,
    refund_requested,
    refund_unanswered,
)
from prepaid.cards.operations.letters.shops import closing, handover
from prepaid.cards.operations.letters.transfers import (
    card_offered,
    card_taken_over,
    offer_lapsed,
    offer_refused,
    offer_withdrawn,
)

__all__ = [
    "card_active",
    "card_expires",
    "card_found",
    "card_lost",
    "card_offered",
    "card_reissued",
    "card_taken_over",
    "cash_closed",
    "cash_given_back",
    "cash_overdue",
    "cash_taken",
    "cash_there_again",
    "cash_undone",
    "charge_insisted",
    "charge_recorded",
    "charge_returned",
    "child_forgotten",
    "child_named",
    "claim_paid",
    "closing",
    "days_returned",
    "handover",
    "membership_ended",
    "month_ends",
    "offer_lapsed",
    "offer_refused",
    "offer_withdrawn",
    "pause_answered",
    "pause_asked",
    "pause_ended",
    "person_accepted",
    "person_ended",
    "person_invited",
    "put_on_roll",
    "refund_granted",
    "refund_offered",
    "refund_paid",
    "refund_refused",
    "refund_requested",
    "refund_unanswered",
]

"""The verbs of the card business. ``from prepaid.cards import operations as cards`` and read: ``cards.buy(...)``."""

from prepaid.cards.operations.answers import (
    confirm_redemption,
    contest_redemption,
    decide_redemption,
    dispute_redemption,
    insist_on_redemption,
    undo_redemption,
)
from prepaid.cards.operations.certificates import (
    address_of,
    checked,
    make_certificate,
    read_certificate,
    withdraw_certificate,
)
from prepaid.cards.operations.closings import (
    refund_closed_card,
    refund_closed_cards,
    tell_holders,
    tell_of_handover,
)
from prepaid.cards.operations.contracts import inspect_contract, print_contract, printed
from prepaid.cards.operations.counter import Asked, charge_card, count_refusal
from prepaid.cards.operations.digest import send_digest
from prepaid.cards.operations.expiry import tell_of_expiry
from prepaid.cards.operations.loss import card_found, reissue_card, report_loss
from prepaid.cards.operations.memberships import end_membership, order_next_month, return_days, tell_of_month
from prepaid.cards.operations.pauses import answer_pause, ask_pause, end_pause
from prepaid.cards.operations.persons import (
    accept_invitation,
    decline_invitation,
    forget_child,
    forget_people,
    forget_person,
    invite_person,
    lapse_invitation,
    leave_card,
    name_child,
    remove_person,
)
from prepaid.cards.operations.prepared import prepared_address, preparer_of, send_prepared
from prepaid.cards.operations.purchase import buy, cancel_order, look_after_payment, pay_order, place_order
from prepaid.cards.operations.refunds import (
    accept_offer,
    agree_refund,
    dismiss_request,
    mark_complained,
    pass_silence,
    record_paid,
    refuse_refund,
    request_refund,
    settle_request,
    withdraw_request,
)
from prepaid.cards.operations.roll_call import (
    Line,
    Marked,
    add_learner,
    call_roll,
    leave_class,
    open_class,
    remove_learner,
)
from prepaid.cards.operations.rules import add_card_rule
from prepaid.cards.operations.sms_codes import charge_by_sms, send_sms_code
from prepaid.cards.operations.transfers import (
    accept_transfer,
    lapse_transfer,
    offer_card,
    refuse_transfer,
    withdraw_transfer,
)

__all__ = [
    "Asked",
    "Line",
    "Marked",
    "accept_invitation",
    "accept_offer",
    "accept_transfer",
    "add_card_rule",
    "add_learner",
    "address_of",
    "agree_refund",
    "answer_pause",
    "ask_pause",
    "buy",
    "call_roll",
    "cancel_order",
    "card_found",
    "charge_by_sms",
    "charge_card",
    "checked",
    "confirm_redemption",
    "contest_redemption",
    "count_refusal",
    "decide_redemption",
    "decline_invitation",
    "dismiss_request",
    "dispute_redemption",
    "end_membership",
    "end_pause",
    "forget_child",
    "forget_people",
    "forget_person",
    "insist_on_redemption",
    "inspect_contract",
    "invite_person",
    "lapse_invitation",
    "lapse_transfer",
    "leave_card",
    "leave_class",
    "look_after_payment",
    "make_certificate",
    "mark_complained",
    "name_child",
    "offer_card",
    "open_class",
    "order_next_month",
    "pass_silence",
    "pay_order",
    "place_order",
    "prepared_address",
    "preparer_of",
    "print_contract",
    "printed",
    "read_certificate",
    "record_paid",
    "refund_closed_card",
    "refund_closed_cards",
    "refuse_refund",
    "refuse_transfer",
    "reissue_card",
    "remove_learner",
    "remove_person",
    "report_loss",
    "request_refund",
    "return_days",
    "send_digest",
    "send_prepared",
    "send_sms_code",
    "settle_request",
    "tell_holders",
    "tell_of_expiry",
    "tell_of_handover",
    "tell_of_month",
    "undo_redemption",
    "withdraw_certificate",
    "withdraw_request",
    "withdraw_transfer",
]

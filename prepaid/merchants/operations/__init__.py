"""The verbs of merchants. ``from prepaid.merchants import operations as merchants`` and read: ``merchants.add_store(...)``."""

from prepaid.merchants.operations.closings import (
    announce_closing,
    check_closing,
    confirm_closed,
    dismiss_closed,
    end_service,
    find_closed,
    is_short_notice,
    withdraw_closing,
)
from prepaid.merchants.operations.handovers import (
    CHECKED_FIRST,
    OperatorFacts,
    check_handover,
    enter_handover,
    reject_handover,
    release_payouts,
    report_handover,
    verify_handover,
    withdraw_handover,
)
from prepaid.merchants.operations.invitations import invite_merchant, move_invited, name_key
from prepaid.merchants.operations.people import (
    add_staff,
    checked_uscc,
    end_staff,
    register_merchant,
    tell_owners,
)
from prepaid.merchants.operations.pins import set_pin, switch_counter
from prepaid.merchants.operations.ratings import rate_merchant
from prepaid.merchants.operations.standing import Entry, import_list, list_operator, read_list, remove_listing
from prepaid.merchants.operations.stores import (
    CLOSED_BY_MERCHANT,
    add_store,
    begin_stoppage,
    edit_store,
    end_stoppage,
)

__all__ = [
    "CHECKED_FIRST",
    "CLOSED_BY_MERCHANT",
    "Entry",
    "OperatorFacts",
    "add_staff",
    "add_store",
    "announce_closing",
    "begin_stoppage",
    "check_closing",
    "check_handover",
    "checked_uscc",
    "confirm_closed",
    "dismiss_closed",
    "edit_store",
    "end_service",
    "end_staff",
    "end_stoppage",
    "enter_handover",
    "find_closed",
    "import_list",
    "invite_merchant",
    "is_short_notice",
    "list_operator",
    "move_invited",
    "name_key",
    "rate_merchant",
    "read_list",
    "register_merchant",
    "reject_handover",
    "release_payouts",
    "remove_listing",
    "report_handover",
    "set_pin",
    "switch_counter",
    "tell_owners",
    "verify_handover",
    "withdraw_closing",
    "withdraw_handover",
]

"""The verbs of a complaint. Each runs in one transaction and leaves a line in the timeline and in the audit trail."""

from complaints.cases.operations.assists import answer_call, call_in, mark_late_assists, report_in, withdraw_call
from complaints.cases.operations.bulk import MOST_AT_ONCE, begin_bulk, carry_out
from complaints.cases.operations.callbacks import (
    Answer,
    answer_callback,
    ask_callback,
    lapse_callback,
    take_down_callback,
)
from complaints.cases.operations.confirmation_file import confirmation_file
from complaints.cases.operations.deadlines import sweep
from complaints.cases.operations.deciding import (
    check_charge_decision,
    check_decision,
    close_case_of_refund,
    close_case_of_use,
    close_paid,
    close_settled,
    decide,
    decide_charge,
)
from complaints.cases.operations.documents import issue_document, printed, printed_record
from complaints.cases.operations.escalation import escalate, remind
from complaints.cases.operations.groups import gather_cases, reply_to_group
from complaints.cases.operations.handling import accept, assign, log_call, record_statement, reveal_phone
from complaints.cases.operations.intake import add_statement, answer, open_case, open_charge_case, withdraw
from complaints.cases.operations.limits import choose_limit, extend, hasten
from complaints.cases.operations.mediating import (
    Record,
    confirm_as_consumer,
    confirm_as_merchant,
    record_mediation,
    record_signature,
)
from complaints.cases.operations.objections import lapse_objection, object_to_dispatch, review_objection
from complaints.cases.operations.outside import (
    Foreign,
    Told,
    check_outside_decision,
    confirm_repaid,
    decide_outside,
    end_unpaid,
    mark_unrepaid,
    open_outside_case,
    record_repaid,
    turn_away,
)
from complaints.cases.operations.reopening import reopen_case
from complaints.cases.operations.routing import UNDETERMINED, determine_authority, route_case
from complaints.cases.operations.saved_filters import MOST_FILTERS, change_filter, delete_filter, keep_filter
from complaints.cases.operations.urging import urge

__all__ = [
    "MOST_AT_ONCE",
    "MOST_FILTERS",
    "UNDETERMINED",
    "Answer",
    "Foreign",
    "Record",
    "Told",
    "accept",
    "add_statement",
    "answer",
    "answer_call",
    "answer_callback",
    "ask_callback",
    "assign",
    "begin_bulk",
    "call_in",
    "carry_out",
    "change_filter",
    "check_charge_decision",
    "check_decision",
    "check_outside_decision",
    "choose_limit",
    "close_case_of_refund",
    "close_case_of_use",
    "close_paid",
    "close_settled",
    "confirm_as_consumer",
    "confirm_as_merchant",
    "confirm_repaid",
    "confirmation_file",
    "decide",
    "decide_charge",
    "decide_outside",
    "delete_filter",
    "determine_authority",
    "end_unpaid",
    "escalate",
    "extend",
    "gather_cases",
    "hasten",
    "issue_document",
    "keep_filter",
    "lapse_callback",
    "lapse_objection",
    "log_call",
    "mark_late_assists",
    "mark_unrepaid",
    "object_to_dispatch",
    "open_case",
    "open_charge_case",
    "open_outside_case",
    "printed",
    "printed_record",
    "record_mediation",
    "record_repaid",
    "record_signature",
    "record_statement",
    "remind",
    "reopen_case",
    "reply_to_group",
    "report_in",
    "reveal_phone",
    "review_objection",
    "route_case",
    "sweep",
    "take_down_callback",
    "turn_away",
    "urge",
    "withdraw",
    "withdraw_call",
]

"""The verbs of a complaint. Each runs in one transaction and leaves a line in the timeline and in the audit trail."""

from complaints.cases.operations.assists import answer_call, call_in, mark_late_assists, report_in, withdraw_call
from complaints.cases.operations.callbacks import (
    Answer,
    answer_callback,
    ask_callback,
    lapse_callback,
    take_down_callback,
)
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
from complaints.cases.operations.escalation import escalate, remind
from complaints.cases.operations.handling import accept, assign, log_call, record_statement, reveal_phone
from complaints.cases.operations.intake import add_statement, answer, open_case, open_charge_case, withdraw
from complaints.cases.operations.limits import choose_limit, extend
from complaints.cases.operations.objections import lapse_objection, object_to_dispatch, review_objection
from complaints.cases.operations.reopening import reopen_case
from complaints.cases.operations.routing import UNDETERMINED, determine_sector, route_case

__all__ = [
    "UNDETERMINED",
    "Answer",
    "accept",
    "add_statement",
    "answer",
    "answer_call",
    "answer_callback",
    "ask_callback",
    "assign",
    "call_in",
    "check_charge_decision",
    "check_decision",
    "choose_limit",
    "close_case_of_refund",
    "close_case_of_use",
    "close_paid",
    "close_settled",
    "decide",
    "decide_charge",
    "determine_sector",
    "escalate",
    "extend",
    "lapse_callback",
    "lapse_objection",
    "log_call",
    "mark_late_assists",
    "object_to_dispatch",
    "open_case",
    "open_charge_case",
    "record_statement",
    "remind",
    "reopen_case",
    "report_in",
    "reveal_phone",
    "review_objection",
    "route_case",
    "sweep",
    "take_down_callback",
    "withdraw",
    "withdraw_call",
]

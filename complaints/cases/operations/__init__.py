"""The verbs of a complaint. Each runs in one transaction and leaves a line in the timeline and in the audit trail."""

from complaints.cases.operations.callbacks import (
    Answer,
    answer_callback,
    ask_callback,
    lapse_callback,
    take_down_callback,
)
from complaints.cases.operations.confirmation_file import confirmation_file
from complaints.cases.operations.deadlines import mark_overdue, sweep
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
from complaints.cases.operations.handling import accept, assign, log_call, record_statement, reveal_phone
from complaints.cases.operations.intake import add_statement, answer, open_case, open_charge_case, withdraw
from complaints.cases.operations.mediating import (
    Record,
    confirm_as_consumer,
    confirm_as_merchant,
    record_mediation,
    record_signature,
)
from complaints.cases.operations.reopening import reopen_case
from complaints.cases.operations.routing import UNDETERMINED, determine_sector, route_case

__all__ = [
    "UNDETERMINED",
    "Answer",
    "Record",
    "accept",
    "add_statement",
    "answer",
    "answer_callback",
    "ask_callback",
    "assign",
    "check_charge_decision",
    "check_decision",
    "close_case_of_refund",
    "close_case_of_use",
    "close_paid",
    "close_settled",
    "confirm_as_consumer",
    "confirm_as_merchant",
    "confirmation_file",
    "decide",
    "decide_charge",
    "determine_sector",
    "issue_document",
    "lapse_callback",
    "log_call",
    "mark_overdue",
    "open_case",
    "open_charge_case",
    "printed",
    "printed_record",
    "record_mediation",
    "record_signature",
    "record_statement",
    "reopen_case",
    "reveal_phone",
    "route_case",
    "sweep",
    "take_down_callback",
    "withdraw",
]

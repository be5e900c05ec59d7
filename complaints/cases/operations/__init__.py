"""The verbs of a complaint. Each runs in one transaction and leaves a line in the timeline and in the audit trail."""

from complaints.cases.operations.deadlines import mark_overdue, sweep
from complaints.cases.operations.deciding import (
    checked_basis,
    checked_reasons,
    checked_sum,
    close_case_of_refund,
    close_paid,
    dismiss,
    uphold,
)
from complaints.cases.operations.handling import accept, assign, log_call, record_statement
from complaints.cases.operations.intake import add_statement, answer, open_case, withdraw
from complaints.cases.operations.routing import determine_sector, route_case
from complaints.cases.operations.rules import load_case_rules

__all__ = [
    "accept",
    "add_statement",
    "answer",
    "assign",
    "checked_basis",
    "checked_reasons",
    "checked_sum",
    "close_case_of_refund",
    "close_paid",
    "determine_sector",
    "dismiss",
    "load_case_rules",
    "log_call",
    "mark_overdue",
    "open_case",
    "record_statement",
    "route_case",
    "sweep",
    "uphold",
    "withdraw",
]

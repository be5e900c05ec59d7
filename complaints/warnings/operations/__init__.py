"""The verbs of early warning."""

from complaints.warnings.operations.appeals import answer_letter, appeal, decide_appeal
from complaints.warnings.operations.assessing import assess
from complaints.warnings.operations.counting import count_days
from complaints.warnings.operations.measures import (
    close_with_result,
    confirm_measure,
    end_measure,
    order_measure,
    place_measure,
)
from complaints.warnings.operations.reports import report_shut
from complaints.warnings.operations.rules import add_measure_rule
from complaints.warnings.operations.ruling import apply_rules, lapse

__all__ = [
    "add_measure_rule",
    "answer_letter",
    "appeal",
    "apply_rules",
    "assess",
    "close_with_result",
    "confirm_measure",
    "count_days",
    "decide_appeal",
    "end_measure",
    "lapse",
    "order_measure",
    "place_measure",
    "report_shut",
]

"""The questions of early warning."""

from complaints.warnings.queries.facts import facts_of_all
from complaints.warnings.queries.measures import (
    appeals_for,
    measure_of_merchant,
    measures_for,
    measures_of,
    officials_for,
    reports_for,
    told_of,
    waiting_for,
)

__all__ = [
    "appeals_for",
    "facts_of_all",
    "measure_of_merchant",
    "measures_for",
    "measures_of",
    "officials_for",
    "reports_for",
    "told_of",
    "waiting_for",
]

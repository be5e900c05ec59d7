"""The verbs of early warning."""

from complaints.warnings.operations.assessing import assess
from complaints.warnings.operations.counting import count_days

__all__ = ["assess", "count_days"]

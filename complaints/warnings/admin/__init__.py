"""The administration's pages; importing this registers them."""

from complaints.warnings.admin.assessments import AssessmentAdmin
from complaints.warnings.admin.measures import MeasureAdmin
from complaints.warnings.admin.rules import MeasureRuleAdmin

__all__ = ["AssessmentAdmin", "MeasureAdmin", "MeasureRuleAdmin"]

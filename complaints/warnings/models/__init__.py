"""What early warning keeps: days, assessments, measures, and what card-holders say."""

from complaints.warnings.models.measure import Appeal, Measure, MeasureQuerySet, MeasureRule
from complaints.warnings.models.report import ShutReport
from complaints.warnings.models.weighing import Assessment, Grade, GradeChange, MerchantDay

__all__ = [
    "Appeal",
    "Assessment",
    "Grade",
    "GradeChange",
    "Measure",
    "MeasureQuerySet",
    "MeasureRule",
    "MerchantDay",
    "ShutReport",
]

from complaints.cases.models.case import Case, CaseQuerySet
from complaints.cases.models.file import Call, CaseEvent, Outcome, Statement
from complaints.cases.models.rules import TimeLimit

__all__ = ["Call", "Case", "CaseEvent", "CaseQuerySet", "Outcome", "Statement", "TimeLimit"]

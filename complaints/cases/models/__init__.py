from complaints.cases.models.assist import Assist, AssistQuerySet
from complaints.cases.models.bulk import BulkDeed, BulkLine
from complaints.cases.models.callback import Callback, CallbackQuerySet
from complaints.cases.models.case import Case, CaseQuerySet
from complaints.cases.models.extension import Extension
from complaints.cases.models.file import Call, CaseEvent, Outcome, Statement
from complaints.cases.models.group import CaseGroup, Reply
from complaints.cases.models.mediation import Confirmation, Document, Mediation
from complaints.cases.models.objection import Objection, ObjectionQuerySet
from complaints.cases.models.outside import OutsidePurchase, RememberedAuthority, Repayment
from complaints.cases.models.rules import TimeLimit
from complaints.cases.models.saved_filter import SavedFilter

__all__ = [
    "Assist",
    "AssistQuerySet",
    "BulkDeed",
    "BulkLine",
    "Call",
    "Callback",
    "CallbackQuerySet",
    "Case",
    "CaseEvent",
    "CaseGroup",
    "CaseQuerySet",
    "Confirmation",
    "Document",
    "Extension",
    "Mediation",
    "Objection",
    "ObjectionQuerySet",
    "Outcome",
    "OutsidePurchase",
    "RememberedAuthority",
    "Repayment",
    "Reply",
    "SavedFilter",
    "Statement",
    "TimeLimit",
]

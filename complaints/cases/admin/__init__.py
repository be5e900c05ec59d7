"""The regulators' queue and files, objections, calls to departments, and the hotline's callbacks, in the administration."""

from complaints.cases.admin.assists import AssistAdmin
from complaints.cases.admin.callbacks import CallbackAdmin
from complaints.cases.admin.groups import CaseGroupAdmin
from complaints.cases.admin.objections import ObjectionAdmin
from complaints.cases.admin.queue import CaseAdmin, TimeLimitAdmin

__all__ = ["AssistAdmin", "CallbackAdmin", "CaseAdmin", "CaseGroupAdmin", "ObjectionAdmin", "TimeLimitAdmin"]

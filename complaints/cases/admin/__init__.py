"""The regulators' queue and files, and the hotline's callbacks, in the administration."""

from complaints.cases.admin.callbacks import CallbackAdmin
from complaints.cases.admin.groups import CaseGroupAdmin
from complaints.cases.admin.queue import CaseAdmin, TimeLimitAdmin

__all__ = ["CallbackAdmin", "CaseAdmin", "CaseGroupAdmin", "TimeLimitAdmin"]

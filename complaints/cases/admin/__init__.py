"""The regulators' queue and files in the administration."""

from complaints.cases.admin.queue import CaseAdmin, TimeLimitAdmin

__all__ = ["CaseAdmin", "TimeLimitAdmin"]

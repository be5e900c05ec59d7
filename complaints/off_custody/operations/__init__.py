"""The verbs of a report. Each runs in one transaction and leaves a line in the audit trail."""

from complaints.off_custody.operations.reports import (
    decide,
    mark_overdue,
    read_photo,
    report,
    reveal_phone,
    sweep,
    take_in_charge,
)

__all__ = ["decide", "mark_overdue", "read_photo", "report", "reveal_phone", "sweep", "take_in_charge"]

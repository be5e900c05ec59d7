"""The verbs of the hotline: read a file, take its lines, take one order, export results, issue keys."""

from complaints.hotline.operations.exports import export_results
from complaints.hotline.operations.files import confirm_file, discard_file, lapse_files, read_file
from complaints.hotline.operations.keys import issue_key, revoke_key
from complaints.hotline.operations.orders import submit_order
from complaints.hotline.operations.taking import sweep, take_some

__all__ = [
    "confirm_file",
    "discard_file",
    "export_results",
    "issue_key",
    "lapse_files",
    "read_file",
    "revoke_key",
    "submit_order",
    "sweep",
    "take_some",
]

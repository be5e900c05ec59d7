"""The hotline's work orders in the administration: files, orders, keys of systems."""

from complaints.hotline.admin.files import WorkOrderFileAdmin
from complaints.hotline.admin.keys import ApiKeyAdmin
from complaints.hotline.admin.orders import WorkOrderAdmin

__all__ = ["ApiKeyAdmin", "WorkOrderAdmin", "WorkOrderFileAdmin"]

"""Files of work orders, the orders that were taken, and the keys of systems that send them."""

from complaints.hotline.models.files import WorkOrderFile, WorkOrderLine
from complaints.hotline.models.key import ApiKey
from complaints.hotline.models.order import WorkOrder

__all__ = ["ApiKey", "WorkOrder", "WorkOrderFile", "WorkOrderLine"]

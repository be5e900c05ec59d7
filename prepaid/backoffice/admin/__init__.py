"""The operators' list of open matters and the pages behind its buttons."""

from prepaid.backoffice.admin.matters import MatterAdmin

__all__ = ["MatterAdmin"]

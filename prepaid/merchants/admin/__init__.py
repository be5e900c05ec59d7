"""The merchants' pages of the administration; Django finds them by importing this package."""

from prepaid.merchants.admin import closings, existing, handovers, invited, merchants, rules, standing

__all__ = ["closings", "existing", "handovers", "invited", "merchants", "rules", "standing"]

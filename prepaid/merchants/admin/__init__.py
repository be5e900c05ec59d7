"""The merchants' pages of the administration; Django finds them by importing this package."""

from prepaid.merchants.admin import existing, handovers, invited, merchants, rules, standing

__all__ = ["existing", "handovers", "invited", "merchants", "rules", "standing"]

"""The merchants' pages of the administration; Django finds them by importing this package."""

from prepaid.merchants.admin import closings, handovers, invited, merchants, rules, standing

__all__ = ["closings", "handovers", "invited", "merchants", "rules", "standing"]

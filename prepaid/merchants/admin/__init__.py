"""The merchants' pages of the administration; Django finds them by importing this package."""

from prepaid.merchants.admin import closings, invited, merchants, standing

__all__ = ["closings", "invited", "merchants", "standing"]

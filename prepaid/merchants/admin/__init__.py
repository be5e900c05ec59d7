"""The merchants' pages of the administration; Django finds them by importing this package."""

from prepaid.merchants.admin import invited, merchants, standing

__all__ = ["invited", "merchants", "standing"]

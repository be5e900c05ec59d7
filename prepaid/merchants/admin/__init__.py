"""The merchants' pages of the administration; Django finds them by importing this package."""

from prepaid.merchants.admin import merchants, standing

__all__ = ["merchants", "standing"]

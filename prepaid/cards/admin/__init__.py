"""The cards' pages of the administration; Django finds them by importing this package."""

from prepaid.cards.admin import cards, closings

__all__ = ["cards", "closings"]

"""The administration's pages; importing this registers them."""

from complaints.measures.admin.board import CellAdmin
from complaints.measures.admin.official import OfficialFigureAdmin
from complaints.measures.admin.rules import ScoreRuleAdmin

__all__ = ["CellAdmin", "OfficialFigureAdmin", "ScoreRuleAdmin"]

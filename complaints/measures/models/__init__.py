from complaints.measures.models.cells import COUNTS, SPANS, Cell, Change, Contribution, Counts, Duration
from complaints.measures.models.official import OfficialFigure, OfficialImport
from complaints.measures.models.rule import ScoreRule

__all__ = [
    "COUNTS",
    "SPANS",
    "Cell",
    "Change",
    "Contribution",
    "Counts",
    "Duration",
    "OfficialFigure",
    "OfficialImport",
    "ScoreRule",
]

"""The verbs of the measures: keep the rollups, import official figures, add a rule of the score."""

from complaints.measures.operations.advancing import BATCH, advance, rebuild
from complaints.measures.operations.importing import Row, import_figures, read_figures
from complaints.measures.operations.rules import add_score_rule, check_score_rule

__all__ = ["BATCH", "Row", "add_score_rule", "advance", "check_score_rule", "import_figures", "read_figures", "rebuild"]

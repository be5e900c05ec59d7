"""Rules of the score: operators add later ones."""

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext_lazy

from complaints.measures import operations
from complaints.measures.forms import ScoreRuleForm
from complaints.measures.models import ScoreRule
from prepaid.merchants.admin.rules import DatedRuleAdmin


@admin.register(ScoreRule)
class ScoreRuleAdmin(DatedRuleAdmin):
    """How a score is made of the rates, and classes of the scores."""

    list_display = [
        "valid_from", "holds", "response_weight", "resolved_weight", "satisfied_weight", "first_percent", "last_percent",
        "least_valid", "basis", "mark",
    ]  # fmt: skip
    rule_form = ScoreRuleForm
    add_title = gettext_lazy("New rule of the score")

    def add_rule(self, *, rule: ScoreRule, at: datetime, actor: str) -> ScoreRule:
        """For the whole city."""
        return operations.add_score_rule(rule=rule, at=at, actor=actor)

    def audit_target(self, obj: ScoreRule) -> str:
        """All of them."""
        return "rule:score"

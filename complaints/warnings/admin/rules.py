"""The rules of measures: dated rows."""

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext_lazy

from complaints.warnings import operations
from complaints.warnings.forms import MeasureRuleForm
from complaints.warnings.models import MeasureRule
from prepaid.merchants.admin.rules import DatedRuleAdmin


@admin.register(MeasureRule)
class MeasureRuleAdmin(DatedRuleAdmin):
    """From which grade on what begins, who decides, and when it ends."""

    list_display = [
        "kind", "valid_from", "holds", "is_applied", "from_grade", "evenings", "reporters", "needs_person", "term_days", "calm_points",
        "calm_days", "again_days", "source", "mark",
    ]  # fmt: skip
    rule_form = MeasureRuleForm
    add_title = gettext_lazy("New rule of a measure")

    def add_rule(self, *, rule: MeasureRule, at: datetime, actor: str) -> MeasureRule:
        """For the whole city."""
        return operations.add_measure_rule(rule=rule, at=at, actor=actor)

    def audit_target(self, obj: MeasureRule) -> str:
        """All of them."""
        return "rule:measures"

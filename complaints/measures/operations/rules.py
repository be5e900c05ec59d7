"""The rule of the score: later rows only, nobody changes one that is there."""

from datetime import datetime

from django.forms.models import model_to_dict

from complaints.measures.errors import ClassesOverlap, MonthHasARule, RuleNotLater, WeightsNotWhole
from complaints.measures.models import ScoreRule
from escrow import audit
from escrow.clock import beijing_date
from escrow.transactions import transaction


def check_score_rule(*, rule: ScoreRule, at: datetime) -> None:
    """Raises ``RuleNotLater``, ``WeightsNotWhole``, ``ClassesOverlap``."""
    weights = rule.response_weight + rule.resolved_weight + rule.satisfied_weight
    if weights != 100:
        raise WeightsNotWhole(sum=weights)
    if rule.first_percent + rule.last_percent > 100:
        raise ClassesOverlap()
    if rule.valid_from.day != 1 or rule.valid_from <= beijing_date(at):
        raise RuleNotLater()


def add_score_rule(*, rule: ScoreRule, at: datetime, actor: str) -> ScoreRule:
    """How months from a later one on are measured; the unsaved row says which.

    Raises:
        MonthHasARule, and as ``check_score_rule``.
    """
    check_score_rule(rule=rule, at=at)
    with transaction():
        if ScoreRule.objects.filter(valid_from=rule.valid_from).exists():
            raise MonthHasARule()
        rule.save(force_insert=True)
        figures = model_to_dict(rule, exclude=["id"]) | {"valid_from": rule.valid_from.isoformat()}
        audit.record(actor=actor, action="measures.add_score_rule", target="rule:score", at=at, after=figures)
    return rule

"""Dated rules of measures."""

from datetime import datetime

from django.forms.models import model_to_dict

from complaints.warnings.errors import RuleDayPast, RuleIncomplete, RuleThere
from complaints.warnings.models import MeasureRule
from complaints.warnings.states import LASTING
from escrow import audit
from escrow.clock import beijing_date
from escrow.transactions import CONSTRAINT_ERRORS, transaction

CONSTRAINT_ERRORS["measure_rule_once_a_day"] = RuleThere


def add_measure_rule(*, rule: MeasureRule, at: datetime, actor: str) -> MeasureRule:
    """How one kind of measure begins and ends from a later day on; the unsaved row says which.

    Raises:
        RuleDayPast: not after today. RuleThere: that day has one. RuleIncomplete: what lasts has no end, or what is done once has one.
    """
    ends = rule.calm_points is not None and bool(rule.calm_days)
    has_end = rule.calm_points is not None or rule.calm_days is not None
    if rule.evenings < 1 or (not ends if rule.kind in LASTING else has_end or not rule.needs_person):
        raise RuleIncomplete()
    if rule.valid_from <= beijing_date(at):
        raise RuleDayPast()
    with transaction():
        rule.save(force_insert=True)
        figures = model_to_dict(rule, exclude=["id"]) | {"valid_from": rule.valid_from.isoformat()}
        audit.record(actor=actor, action="warnings.add_measure_rule", target="rule:measures", at=at, after=figures)
    return rule

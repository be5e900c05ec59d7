"""The platform's own terms, set for a later day."""

from datetime import datetime

from django.forms.models import model_to_dict

from escrow import audit, clock
from escrow.transactions import transaction
from prepaid.cards.models import CardRule
from prepaid.merchants.errors import RuleDayTaken, RuleNotFuture


def add_card_rule(*, rule: CardRule, at: datetime, actor: str) -> CardRule:
    """New terms from a later day on; the unsaved row says which. What is open keeps the terms it began with.

    Raises:
        RuleNotFuture, RuleDayTaken.
    """
    if rule.valid_from <= clock.beijing_date(at):
        raise RuleNotFuture()
    with transaction():
        if CardRule.objects.filter(valid_from=rule.valid_from).exists():
            raise RuleDayTaken()
        rule.save(force_insert=True)
        terms = model_to_dict(rule, exclude=["id"]) | {"valid_from": rule.valid_from.isoformat()}
        audit.record(actor=actor, action="cards.add_rule", target=f"card_rule:{rule.pk}", at=at, after=terms)
    return rule

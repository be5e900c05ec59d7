"""The interest rates, from ``data/rates.csv`` into the database, and later rows of these and of the visit rule."""

from dataclasses import asdict
from datetime import datetime

from django.forms.models import model_to_dict

from escrow import audit
from escrow.clock import beijing_date
from escrow.transactions import transaction
from prepaid.merchants.errors import RuleDayTaken, RuleNotFuture
from prepaid.people.reference import put
from prepaid.products.errors import RateNotLater
from prepaid.products.models import InterestRate, VisitRule
from prepaid.products.refund_rules.interest import published_rates


def load_rates(*, at: datetime, actor: str) -> int:
    """Create or correct one row per row of the file; how many were written. Safe to repeat; rows added later stay."""
    rates = published_rates()
    written = 0
    with transaction():
        for rate in rates:
            figures = asdict(rate)
            key = {"kind": figures.pop("kind"), "valid_from": figures.pop("valid_from")}
            written += put(InterestRate, key, figures)
        if written:
            audit.record(
                actor=actor, action="products.load_rates", target="reference:rates", at=at, after={"rows": written}
            )
    return written


def add_rate(*, rate: InterestRate, at: datetime, actor: str) -> InterestRate:
    """The next rate of its kind, as its publisher announced it; the unsaved row says which.

    Raises:
        RateNotLater: a rate is known from that day or a later one.
    """
    with transaction():
        latest = InterestRate.objects.filter(kind=rate.kind).order_by("-valid_from").first()
        if latest is not None and rate.valid_from <= latest.valid_from:
            raise RateNotLater(day=latest.valid_from.isoformat())
        rate.save(force_insert=True)
        figures = model_to_dict(rate, exclude=["id"]) | {"valid_from": rate.valid_from.isoformat()}
        audit.record(actor=actor, action="products.add_rate", target=f"rate:{rate.kind}", at=at, after=figures)
    return rate


def add_visit_rule(*, rule: VisitRule, at: datetime, actor: str) -> VisitRule:
    """Another share from a later day on; the unsaved row says which. What was filed before keeps its figure.

    Raises:
        RuleNotFuture, RuleDayTaken.
    """
    if rule.valid_from <= beijing_date(at):
        raise RuleNotFuture()
    with transaction():
        if VisitRule.objects.filter(valid_from=rule.valid_from).exists():
            raise RuleDayTaken()
        rule.save(force_insert=True)
        figures = model_to_dict(rule, exclude=["id"]) | {"valid_from": rule.valid_from.isoformat()}
        audit.record(
            actor=actor, action="products.add_visit_rule", target=f"visit_rule:{rule.pk}", at=at, after=figures
        )
    return rule

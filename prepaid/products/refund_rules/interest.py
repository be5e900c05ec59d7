"""Interest on a refund from the end of the contract (SPC 16, 17): apart from the sum itself, and owed on top of it.

Rates are dated rows; here they are plain values, so that a quote needs no database. Interest is simple, by the day,
the first not counted (Civil Code 201), a year has 365 days, and the odd fen is the consumer's: it is rounded up.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from prepaid.products.errors import BadFacts
from prepaid.products.refund_rules.facts import Cause, check_types
from prepaid.products.refund_rules.steps import Step

SOURCE = Path(__file__).resolve().parent.parent / "data" / "rates.csv"
DAYS_A_YEAR = 365


class RateKind(StrEnum):
    """Whose rate it is."""

    LPR_1Y = "lpr_1y"
    DEPOSIT_1Y = "deposit_1y"
    CUSTODY = "custody"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A yearly rate in basis points (0.01 %) from ``valid_from`` until the next of its kind; ``mark`` as in rules.md."""

    kind: str
    valid_from: date
    rate_bp: int
    source: str
    mark: str


@dataclass(frozen=True, kw_only=True)
class InterestFacts:
    """On what, since when and until when. ``agreed_rate_bp``: the rate the contract names, if it does.
    ``custody_fen``: the part of ``refund_fen`` that lay in supervised custody and earned ``custody_rate_bp``."""

    refund_fen: int
    cause: str
    contracted_on: date
    rescinded_on: date
    until: date
    agreed_rate_bp: int | None = None
    custody_fen: int = 0
    custody_rate_bp: int | None = None

    def __post_init__(self) -> None:
        """Raises BadFacts when the figures contradict each other."""
        check_types(self)
        if not self.contracted_on <= self.rescinded_on <= self.until:
            raise BadFacts(why=_("the contract is made first, ended then, and the money comes back last"))
        if self.custody_fen > self.refund_fen:
            raise BadFacts(why=_("more of the refund lies in custody than there is"))


@dataclass(frozen=True)
class Interest:
    """``interest_fen`` for ``days`` days, with a step for each rate."""

    interest_fen: int
    days: int
    steps: tuple[Step, ...]

    @property
    def custody_fen(self) -> int:
        """What of it the money has earned in custody."""
        return sum(step.numbers["interest_fen"] for step in self.steps if step.code == "interest_custody")

    def to_json(self) -> dict[str, Any]:
        """JSON data; ``from_json`` gives it back, in whatever language is then read."""
        return {
            "interest_fen": self.interest_fen,
            "days": self.days,
            "steps": [step.to_json() for step in self.steps],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What was kept."""
        steps = tuple(Step(step["code"], step["numbers"]) for step in data["steps"])
        return cls(data["interest_fen"], data["days"], steps)


def interest_owed(facts: InterestFacts, rates: Iterable[Rate]) -> Interest | None:
    """The agreed rate; else what custody earned on the part held there, and on the rest by whose cause it is: the
    one-year LPR or the one-year deposit benchmark of the day the contract was made. None where no such rate is known."""
    days = (facts.until - facts.rescinded_on).days
    if facts.agreed_rate_bp is not None:
        return _sum([("interest_agreed", facts.refund_fen, facts.agreed_rate_bp)], days)
    in_custody = facts.custody_fen if facts.custody_rate_bp is not None else 0
    parts = []
    if in_custody:
        parts.append(("interest_custody", in_custody, facts.custody_rate_bp or 0))
    if facts.refund_fen > in_custody or not in_custody:
        consumers = facts.cause == Cause.CONSUMER
        rate = rate_on(rates, RateKind.DEPOSIT_1Y if consumers else RateKind.LPR_1Y, facts.contracted_on)
        if rate is None:
            return None
        code = "interest_consumer" if consumers else "interest_operator"
        parts.append((code, facts.refund_fen - in_custody, rate.rate_bp))
    return _sum(parts, days)


def _sum(parts: list[tuple[str, int, int]], days: int) -> Interest:
    steps = []
    for code, on_fen, rate_bp in parts:
        interest_fen = -(-on_fen * rate_bp * days // (10_000 * DAYS_A_YEAR))
        steps.append(Step(code, {"on_fen": on_fen, "rate_bp": rate_bp, "days": days, "interest_fen": interest_fen}))
    return Interest(sum(step.numbers["interest_fen"] for step in steps), days, tuple(steps))


def rate_on(rates: Iterable[Rate], kind: RateKind, day: date) -> Rate | None:
    """The latest rate of the kind that had begun."""
    begun = [rate for rate in rates if rate.kind == kind and rate.valid_from <= day]
    return max(begun, key=lambda rate: rate.valid_from, default=None)


def published_rates() -> list[Rate]:
    """The rows of ``data/rates.csv``."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return [
            Rate(
                kind=RateKind(row["kind"]),
                valid_from=date.fromisoformat(row["valid_from"]),
                rate_bp=int(Decimal(row["percent_per_year"]) * 100),
                source=row["source"],
                mark=row["mark"],
            )
            for row in csv.DictReader(file)
        ]

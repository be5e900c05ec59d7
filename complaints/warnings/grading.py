"""The score of a merchant on a day, which explains itself: each sign's strength × its points, added up, and a grade by steps.

Nothing else: no product of signs, no hidden term. A person can recompute it with a pencil, and argue against each part."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from complaints.warnings.facts import Facts
from complaints.warnings.signals import SIGNALS

DATA = Path(__file__).parent / "data"


class Part(NamedTuple):
    """One sign's part of a score: its code, its strength (0 … 1) and the points that makes."""

    signal: str
    strength: float
    points: float


@dataclass(frozen=True, slots=True)
class Steps:
    """From how many points on a merchant is graded B, C and D, and its payouts are held (with D)."""

    b: float = 15
    c: float = 30
    d: float = 48


@dataclass(frozen=True, slots=True)
class Score:
    """Points, 0 and more, and the parts they are made of, the heaviest first."""

    points: float
    parts: tuple[Part, ...]

    def grade(self, steps: Steps) -> str:
        """A (nothing seen) to D (payouts are held)."""
        return (
            "D" if self.points >= steps.d else "C" if self.points >= steps.c else "B" if self.points >= steps.b else "A"
        )


@cache
def published_points() -> dict[str, float]:
    """By signal, as published (``data/points.csv``)."""
    with (DATA / "points.csv").open(encoding="utf-8") as file:
        return {row["signal"]: float(row["points"]) for row in csv.DictReader(file)}


def strengths(facts: Facts) -> dict[str, float]:
    """Every sign that is there, by code."""
    return {code: strength for code, sign in SIGNALS.items() if (strength := sign.strength(facts))}


def score(seen: dict[str, float], points: dict[str, float]) -> Score:
    """What the signs seen on one day weigh, to a tenth of a point: what is shown adds up. A sign without points weighs nothing."""
    parts = [Part(code, strength, round(strength * points.get(code, 0.0), 1)) for code, strength in seen.items()]
    parts.sort(key=lambda part: -part.points)
    return Score(round(sum(part.points for part in parts), 1), tuple(parts))

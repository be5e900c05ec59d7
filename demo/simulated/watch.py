"""The city's watch over the simulated merchants: every evening the real signals and the real score, and what is done on them.

From B on nothing is released early, from C on the street is sent to look, from D on payouts are held. People decide the last two in
the real city (docs/warnings.md); here they confirm after ``confirm_days``, and an inspection finds a shop that prepares to leave as
often as the profile says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from complaints.warnings.facts import Day, History, movement, together
from complaints.warnings.grading import Score, Steps, score, strengths
from demo.simulated.lives import Life
from demo.simulated.plans import WARM_UP, Plan

#: Of each evening after the warm-up: the signs that were there, by code.
Seen = list[dict[str, float]]


@dataclass(slots=True)
class Watched:
    """What was done on one merchant.

    Attributes:
        holds: (first day, day after the last or None) of each time its payouts were held.
        why: the score each hold began with. inspections: days on which somebody was sent.
        nothing_early: days on which nothing was released early: graded B or worse, or lately so.
    """

    plan: Plan
    holds: list[tuple[int, int | None]] = field(default_factory=list)
    why: list[Score] = field(default_factory=list)
    inspections: list[int] = field(default_factory=list)
    nothing_early: set[int] = field(default_factory=set)

    @property
    def held_at_the_end(self) -> int | None:
        """Since when its payouts were held on the day it shut."""
        shut = self.plan.shut_on
        for begin, end in self.holds:
            if shut is not None and begin < shut and (end is None or end > shut):
                return begin
        return None


def sectors_together(lives: Sequence[Life], days: int) -> dict[str, list[Day]]:
    """The days of each sector's merchants together."""
    sectors: dict[str, list[Day]] = {}
    for sector in sorted({life.plan.sector for life in lives}):
        of = [life for life in lives if life.plan.sector == sector]
        sectors[sector] = [
            together([life.days[day] for life in of if life.plan.shut_on is None or day < life.plan.shut_on])
            for day in range(days)
        ]
    return sectors


def look(life: Life, sector: Sequence[Day]) -> Seen:
    """The signs of every evening after the warm-up, until the shop is shut. ``sector``: its sector's days together."""
    history, everybody, seen = History(), History(), []
    for day, row in enumerate(life.days[: life.plan.shut_on]):
        history.add(row)
        everybody.add(sector[day])
        if day >= WARM_UP:
            silence = {"silent_days": history.silent_days, "silent_cards": history.silent_cards}
            moves = movement(everybody, history.windows(), **silence)
            seen.append(strengths(history.facts(life.standing[day], moves)))
    return seen


class _Guard:
    """What follows from one evening after the other."""

    def __init__(self, watched: Watched, profile: dict[str, Any], steps: Steps, seed: int) -> None:
        self.watched, self.steps = watched, steps
        self.rule, self.inspection = profile["warning"], profile["inspection"]
        self.draw = Random(f"{seed}/{watched.plan.number}/inspections")
        self.above = self.below = self.better = 0
        self.cautious = False
        self.result: tuple[int, bool] | None = None
        self.inspected_badly = False

    def evening(self, day: int, seen: Score) -> None:
        self._hold(day, seen)
        if seen.points >= self.steps.b:
            self.cautious, self.better = True, 0
        if seen.points >= self.steps.c:
            self._inspect(day)
        self.better += 1
        if self.better > self.rule["lift_days"]:
            self.cautious = False
        if self.cautious:
            self.watched.nothing_early.add(day)

    def _hold(self, day: int, seen: Score) -> None:
        holds, rule = self.watched.holds, self.rule
        held = bool(holds) and holds[-1][1] is None
        self.above = self.above + 1 if seen.points >= self.steps.d else 0
        self.below = self.below + 1 if seen.points < rule["lift_points"] else 0
        if not held and self.above >= rule["days_in_a_row"]:
            holds.append((day + rule["confirm_days"], None))
            self.watched.why.append(seen)
        elif held and self.below >= rule["lift_days"]:
            holds[-1] = (holds[-1][0], day + 1)

    def _inspect(self, day: int) -> None:
        sent, rule = self.watched.inspections, self.inspection
        if sent and day < sent[-1] + rule["again_after_days"]:
            return
        sent.append(day)
        plan = self.watched.plan
        preparing = plan.preparing_from is not None and day >= plan.preparing_from
        found = self.draw.random() < rule[f"finds_{plan.sort}" if preparing else "finds_honest"]
        self.result = (day + rule["days"], found)

    def morning(self, day: int) -> bool:
        """What the last inspection said, once it is back."""
        if self.result and day >= self.result[0]:
            self.inspected_badly = self.result[1]
            self.result = None
        return self.inspected_badly


def act(
    plan: Plan, seen: Seen, profile: dict[str, Any], *, points: dict[str, float], steps: Steps, seed: int
) -> Watched:
    """What is done on the signs, evening by evening."""
    watched = Watched(plan)
    guard = _Guard(watched, profile, steps, seed)
    for day, signs in enumerate(seen, start=WARM_UP):
        bad = {"inspected_badly": 1.0} if guard.morning(day) else {}
        guard.evening(day, score(signs | bad, points))
    return watched

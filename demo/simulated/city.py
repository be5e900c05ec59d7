"""A simulated year: the city is drawn, lives, is watched, and what the watch was worth is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from statistics import median
from typing import Any

from complaints.warnings.grading import Steps, published_points
from demo.simulated.lives import Life, live
from demo.simulated.losses import loss
from demo.simulated.plans import WARM_UP, city_days, draw_plan
from demo.simulated.watch import Seen, Watched, act, look, sectors_together

#: The first day that counts; the warm-up lies before it.
FIRST = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class City:
    """All lives of one seed, the days of the warm-up included."""

    seed: int
    days: int
    lives: list[Life]


def build(profile: dict[str, Any], *, seed: int, merchants: int, days: int) -> City:
    """The events of a city. Each merchant has a source of chance of its own: one more changes nothing of the others."""
    first, span = FIRST - timedelta(days=WARM_UP), WARM_UP + days
    busy = city_days(profile, first=first, days=span)
    weather = Random(f"{seed}/weather")
    sky = [min(1.3, max(0.6, weather.gauss(1.0, 0.08))) for _ in range(span)]
    busy = {sector: [a * b for a, b in zip(of, sky, strict=True)] for sector, of in busy.items()}
    lives = []
    for number in range(merchants):
        draw = Random(f"{seed}/{number}")
        plan = draw_plan(profile, draw, number=number, first=first, days=span)
        lives.append(live(plan, profile, draw, busy[plan.sector]))
    return City(seed, days, lives)


def seen(city: City) -> list[Seen]:
    """The signs of every merchant and evening."""
    sectors = sectors_together(city.lives, WARM_UP + city.days)
    return [look(life, sectors[life.plan.sector]) for life in city.lives]


def watched(
    city: City,
    signs: Sequence[Seen],
    profile: dict[str, Any],
    *,
    points: dict[str, float] | None = None,
    steps: Steps | None = None,
) -> list[Watched]:
    """Every merchant under the published score, or another."""
    weights, by = points or published_points(), steps or Steps()
    return [
        act(life.plan, of, profile, points=weights, steps=by, seed=city.seed)
        for life, of in zip(city.lives, signs, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Caught:
    """Closers: how many there were, and the days of lead of those whose payouts were held when they shut."""

    closers: int
    leads: list[int]
    false_holds: int
    honest_days: int

    @property
    def recall(self) -> float | None:
        return len(self.leads) / self.closers if self.closers else None

    @property
    def lead_days_median(self) -> float | None:
        return median(self.leads) if self.leads else None

    @property
    def false_holds_per_100_merchant_years(self) -> float | None:
        """Holds of payouts of shops that went on, and of others before they differed from any shop."""
        return self.false_holds / self.honest_days * 36_500 if self.honest_days else None


def caught(of: Sequence[Watched]) -> Caught:
    """What the watch found. A hold that began before a closer prepared anything is a false one that was right by chance: it does
    not count as caught."""
    closers, leads, false_holds, honest_days = 0, [], 0, 0
    for merchant in of:
        plan = merchant.plan
        until = plan.preparing_from if plan.preparing_from is not None else len(plan.open)
        honest_days += max(0, until - WARM_UP)
        false_holds += sum(begin < until for begin, _end in merchant.holds)
        if plan.sort == "closer":
            closers += 1
            since = merchant.held_at_the_end
            if plan.shut_on is not None and since is not None and since >= until:
                leads.append(plan.shut_on - since)
    return Caught(closers, leads, false_holds, honest_days)


def outcome(city: City, of: Sequence[Watched], profile: dict[str, Any]) -> dict[str, Any]:
    """The figures of ``manage.py simulate --json``. Shares are of what all vanished shops owed (None where none did).

    The loss is that with custody by the profile and with warning; ``…_no_warning`` with the same custody alone, ``…_no_custody``
    with nothing.
    """
    found, custody = caught(of), profile["custody"]
    gone = [
        (life, merchant) for life, merchant in zip(city.lives, of, strict=True) if merchant.plan.shut_on is not None
    ]
    with_both = [loss(life, custody, held_since=m.held_at_the_end, nothing_early=m.nothing_early) for life, m in gone]
    alone = [loss(life, custody) for life, _merchant in gone]
    owed = sum(one.owed_fen for one in alone)
    lost = sum(one.lost_fen for one in with_both)

    def share(fen: float) -> float | None:
        return round(fen / owed, 6) if owed else None

    def rounded(value: float | None, digits: int) -> float | None:
        return None if value is None else round(value, digits)

    return {
        "seed": city.seed,
        "merchants": len(city.lives),
        "closers": found.closers,
        "recall": rounded(found.recall, 4),
        "lead_days_median": found.lead_days_median,
        "false_holds_per_100_merchant_years": rounded(found.false_holds_per_100_merchant_years, 3),
        "loss_fen": lost,
        "loss_share": share(lost),
        "loss_share_no_custody": share(owed * (1 - custody["paid_without_custody"])),
        "loss_share_no_warning": share(sum(one.lost_fen for one in alone)),
    }

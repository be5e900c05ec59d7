"""What each sign should weigh: found on simulated years whose seeds are never used to judge (docs/warnings.md, "Calibration").

Whole points, moved one sign at a time from what is published, as long as it helps. Who repeats it gets the same figures; what stands in
``points.csv`` was rounded by people afterwards.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from complaints.warnings.grading import Steps, published_points
from demo.simulated.city import Caught, City, build, caught, seen, watched
from demo.simulated.watch import Seen

#: Seeds for calibration only; no test, no bench and no published figure uses them.
SEEDS = range(9_001, 9_011)
#: A sign alone weighs less than a hold, but for a register that has spoken and uses that were made up.
MOST, ALONE = 40.0, {"listed": 60.0, "redeems_to_itself": 50.0, "deep_promotion": 46.0}
MOVES = (-16, -8, -4, -2, 2, 4, 8, 16)
#: What a false hold in 100 merchant-years may be at most, and what each above it costs of the recall.
FALSE_HOLDS, COST = 3.8, 0.15

Years = Sequence[tuple[City, list[Seen]]]


def years(profile: dict[str, Any], *, merchants: int, days: int) -> Iterator[tuple[City, list[Seen]]]:
    """The years to calibrate on, with their signs."""
    for seed in SEEDS:
        city = build(profile, seed=seed, merchants=merchants, days=days)
        yield city, seen(city)


def together(of: Sequence[Caught]) -> Caught:
    """Several years as one."""
    return Caught(
        closers=sum(one.closers for one in of),
        leads=[lead for one in of for lead in one.leads],
        false_holds=sum(one.false_holds for one in of),
        honest_days=sum(one.honest_days for one in of),
    )


def judged(of: Years, profile: dict[str, Any], points: dict[str, float]) -> Caught:
    """What all the years find with these points."""
    return together([caught(watched(city, signs, profile, points=points, steps=Steps())) for city, signs in of])


def worth(found: Caught) -> float:
    """Recall, a little for each day of lead up to twenty, and much against false holds above the bound."""
    false = found.false_holds_per_100_merchant_years or 0.0
    lead = min(20.0, found.lead_days_median or 0.0)
    return (found.recall or 0.0) + 0.004 * lead - 0.004 * false - COST * max(0.0, false - FALSE_HOLDS)


def calibrate(of: Years, profile: dict[str, Any]) -> Iterator[tuple[dict[str, float], Caught]]:
    """Better and better points, with what they find; ends when no move of any sign helps."""
    points = dict(published_points())
    found = judged(of, profile, points)
    yield points, found
    better = True
    while better:
        better = False
        for code in points:
            for move in MOVES:
                weight = min(ALONE.get(code, MOST), max(4.0, points[code] + move))
                if weight == points[code]:
                    continue
                tried = points | {code: weight}
                if worth(now := judged(of, profile, tried)) > worth(found) + 1e-9:
                    points, found, better = tried, now, True
                    yield points, found

"""Days of merchants and their assessments for tests."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from random import Random

from complaints.warnings.facts import Day, Facts, History, Movement, Standing
from complaints.warnings.grading import Steps, published_points, score, strengths
from complaints.warnings.models import Assessment, MerchantDay
from escrow import clock
from prepaid.merchants.models import Merchant

STEADY = Day(cards=40, uses=6, use_fen=60_000, sales=1, sales_fen=95_000, list_fen=100_000, term_days=180)


def steady(**changes: int) -> Day:
    """A usual day with something else."""
    return Day(**asdict(STEADY) | changes)


def any_day(draw: Random) -> Day:
    """A day of any kind."""
    names = [name for name in asdict(STEADY) if name not in {"known", "uses"}]
    return Day(uses=draw.choice([0, 0, draw.randint(1, 9)]), **{name: draw.randint(0, 9) for name in names})


def lived(*parts: tuple[int, Day]) -> History:
    """So many days of each kind, one after the other."""
    history = History()
    for days, day in parts:
        for _ in range(days):
            history.add(day)
    return history


def put(merchant: Merchant, days: Iterable[Day], *, last: date) -> None:
    """The days into the table; one without data has no row."""
    kept = list(days)
    MerchantDay.objects.bulk_create(
        MerchantDay(
            merchant=merchant,
            day=last - timedelta(days=len(kept) - 1 - n),
            **{name: value for name, value in asdict(day).items() if name != "known"},
        )
        for n, day in enumerate(kept)
        if day.known
    )


def weighed(merchant: Merchant, *, grade: str, points: float = 30, evenings: int = 1, silent: int = 0) -> Assessment:
    """As of yesterday, in whatever grade for so many evenings; ``silent``: days without a use."""
    day = clock.today() - timedelta(days=1)
    quiet = steady(uses=0, use_fen=0)
    facts = asdict(lived((100, STEADY), (silent, quiet)).facts(Standing(), Movement()))
    parts = [["doors_shut", 1.0, points]] if silent else []
    since = day - timedelta(days=evenings - 1)
    kept = {"grade": grade, "points": points, "parts": parts, "facts": facts, "as_of": day, "since": since}
    return Assessment.objects.update_or_create(merchant=merchant, defaults=kept)[0]


def weighed_by(merchant: Merchant, facts: Facts) -> Assessment:
    """As of yesterday, with what the real signs say of these facts."""
    told, day = score(strengths(facts), published_points()), clock.today() - timedelta(days=1)
    parts = [[part.signal, part.strength, part.points] for part in told.parts]
    kept = {"grade": told.grade(Steps()), "points": told.points, "parts": parts, "facts": asdict(facts)}
    return Assessment.objects.update_or_create(merchant=merchant, defaults=kept | {"as_of": day, "since": day})[0]


def as_of(assessment: Assessment, day: date, **figures: object) -> None:
    """The same merchant on another evening."""
    Assessment.objects.filter(pk=assessment.pk).update(as_of=day, **figures)

"""Addresses routed in one process: without points and with them. Limit: 2,000 per second each."""

import statistics
import time

from benchmarks.figures import Figure, say
from complaints.routing.gazetteer import Gazetteer
from complaints.routing.outlines import outlines
from complaints.routing.places import Place, places
from complaints.routing.router import Router
from complaints.routing.weighing import Weights

LIMIT = 2_000


def measure(*, quick: bool) -> list[Figure]:
    """Every tenth compound, taken out of the gazetteer, asked for by its address and name."""
    known = places()
    strangers = known[::10]
    started = time.perf_counter()
    router = Router(Gazetteer(place for number, place in enumerate(known) if number % 10), Weights.load(), outlines())
    loading = time.perf_counter() - started
    rounds = range(3 if quick else 7)
    figures = []
    for name, with_point in (("addresses", False), ("addresses with points", True)):
        speeds = [_speed(router, strangers, with_point=with_point) for _ in rounds]
        say(f"routing, {name}: {min(speeds):,.0f} to {max(speeds):,.0f} per s")
        figures.append(Figure(name=name, value=statistics.median(speeds), unit="per s", limit=("≥", LIMIT)))
    return [*figures, Figure(name="gazetteer made", value=loading, unit="s")]


def _speed(router: Router, asked: list[Place], *, with_point: bool) -> float:
    started = time.perf_counter()
    for place in asked:
        router.route(place.texts()[0], place.point if with_point else None)
    return len(asked) / (time.perf_counter() - started)

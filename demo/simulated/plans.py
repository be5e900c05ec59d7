"""Who the merchants of the simulated city are, and what each does on every day: as factors of what a steady shop would do.

A plan is the ground truth: it says who will vanish, and when. Nothing of it is shown to the warning signals.
"""

from bisect import bisect
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

#: Days lived before the first day that counts: the signals' habit (complaints/warnings/facts.py).
WARM_UP = 112
HONEST = ("steady", "promotes", "renovates", "moves", "summer_pause", "changes_hands", "declines")
VANISHING = ("fails", "closer")


@dataclass(slots=True)
class Plan:
    """One merchant. Lists have an entry per day, warm-up included; days are numbers in them.

    Attributes:
        open: it serves. paused: shut, and its card-holders were told beforehand.
        custom, sales: × what is usual. discount: below the filed price. price, term: × the usual card's.
        late: chance that a refund asked for on the day is not paid on its day.
        doubtful: uses made up, ÷ real ones. known: the day's data came.
        shut_on: the first day without service, for ever (None: it goes on). preparing_from: the first day that differs.
        signs: what a closer shows.
    """

    number: int
    sort: str
    sector: str
    size: float
    open: list[bool]
    paused: list[bool]
    custom: list[float]
    sales: list[float]
    discount: list[float]
    price: list[float]
    term: list[float]
    late: list[float]
    doubtful: list[float]
    known: list[bool]
    shut_on: int | None = None
    preparing_from: int | None = None
    signs: tuple[str, ...] = ()
    hands_changed: list[int] = field(default_factory=list)
    account_changed: list[int] = field(default_factory=list)
    leases: list[tuple[int, int]] = field(default_factory=list)  # (ends on, renewed on)
    lapses: list[tuple[int, int]] = field(default_factory=list)
    false_reports: list[int] = field(default_factory=list)


def pick(draw: Random, shares: dict[str, float]) -> str:
    """One of the keys, each as likely as its share."""
    edges = list(accumulate(shares.values()))
    return list(shares)[min(bisect(edges, draw.random() * edges[-1]), len(edges) - 1)]


def between(draw: Random, bounds: list[float]) -> float:
    """Anywhere between two bounds."""
    return draw.uniform(bounds[0], bounds[1])


def days_between(draw: Random, bounds: list[float]) -> int:
    """A whole number of days, the bounds included."""
    return draw.randint(int(bounds[0]), int(bounds[1]))


def poisson(draw: Random, mean: float) -> int:
    """Exact for small means, by the normal curve above 30."""
    if mean <= 0:
        return 0
    if mean > 30:
        return max(0, round(draw.gauss(mean, mean**0.5)))
    count, left = 0, draw.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + draw.expovariate(1.0)
    return count


def city_days(profile: dict[str, Any], *, first: date, days: int) -> dict[str, list[float]]:
    """How busy each sector is on every day: weekday × month × holidays, the same for all of its merchants."""
    holidays = profile["holidays"]
    factors: dict[str, list[float]] = {name: [] for name in profile["sectors"]}
    for n in range(days):
        day = first + timedelta(days=n)
        feast = holidays["spring_festival_factor"] if _spring_festival(day, holidays["spring_festival_days"]) else 1.0
        shut = f"{day:%m-%d}" in holidays["closed"]
        for name, busy in factors.items():
            factor = profile["weekdays"][name][day.weekday()] * profile["months"][name][day.month - 1] * feast
            busy.append(0.0 if shut else factor)
    return factors


#: First day of the year by the farmers' calendar; other years are taken to begin on 10 February.
NEW_YEARS = {2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26)}


def _spring_festival(day: date, days: int) -> bool:
    begins = date(day.year, *NEW_YEARS.get(day.year, (2, 10))) - timedelta(days=1)
    return begins <= day < begins + timedelta(days=days)


def draw_plan(profile: dict[str, Any], draw: Random, *, number: int, first: date, days: int) -> Plan:
    """Merchant ``number`` of the city over ``days`` days from ``first`` (warm-up included)."""
    shares = {name: sector["share"] for name, sector in profile["sectors"].items()}
    plan = Plan(
        number=number,
        sort=pick(draw, profile["shares"]),
        sector=pick(draw, shares),
        size=min(6.0, draw.lognormvariate(-0.25, 0.7)),
        open=[True] * days,
        paused=[False] * days,
        custom=[1.0] * days,
        sales=[1.0] * days,
        discount=[0.0] * days,
        price=[1.0] * days,
        term=[1.0] * days,
        late=[profile["honest"]["refunds_late"]] * days,
        doubtful=[profile["honest"]["doubtful_of_uses"]] * days,
        known=[draw.random() >= profile["honest"]["missing_days"] for _ in range(days)],
    )
    _everybody(plan, profile["honest"], draw, promotes=plan.sort != "promotes")
    match plan.sort:
        case "promotes":
            _promotions(plan, draw, profile["promotes"], per_year=profile["promotes"]["promotions_a_year"])
        case "renovates":
            _shut(plan, draw, profile["renovates"], at=draw.randrange(WARM_UP, days))
        case "moves":
            _moves(plan, draw, profile["moves"])
        case "summer_pause":
            _summer_pauses(plan, draw, profile["summer_pause"], first)
        case "changes_hands":
            _changes_hands(plan, draw, profile)
        case "declines":
            _declines(plan, draw, profile["declines"])
        case "fails":
            _fails(plan, draw, profile["fails"])
        case "closer":
            _closes(plan, draw, profile["closer"])
    return plan


def _times_a_year(draw: Random, rate: float, days: int) -> list[int]:
    return [draw.randrange(days) for _ in range(poisson(draw, rate * days / 365))]


def _ramp(values: list[float], begin: int, end: int, to: float) -> None:
    """From × 1 at ``begin`` to × ``to`` at ``end``, and so on for ever."""
    for day in range(max(0, begin), len(values)):
        values[day] *= to if day >= end else 1 + (to - 1) * (day - begin) / (end - begin)


def _times(values: list[float], begin: int, end: int, by: float) -> None:
    for day in range(max(0, begin), min(end, len(values))):
        values[day] *= by


def _put(values: list[Any], begin: int, end: int, value: Any) -> None:
    begin, end = max(0, begin), min(end, len(values))
    values[begin:end] = [value] * max(0, end - begin)


def _promotion(plan: Plan, begin: int, end: int, depth: float, sales: float) -> None:
    _put(plan.discount, begin, end, depth)
    _times(plan.sales, begin, end, sales)


def _promotions(plan: Plan, draw: Random, of: dict[str, Any], *, per_year: float) -> None:
    for begin in _times_a_year(draw, per_year, len(plan.open)):
        end = begin + days_between(draw, of["days"])
        _promotion(plan, begin, end, between(draw, of["depth"]), between(draw, of["sales"]))


def _everybody(plan: Plan, honest: dict[str, Any], draw: Random, *, promotes: bool) -> None:
    """What happens to any shop: little promotions, a dearer price list, a lease that ends, a filing that lapses."""
    days = len(plan.open)
    if promotes:
        small = {key: honest[f"promotion_{key}"] for key in ("depth", "days", "sales")}
        _promotions(plan, draw, small, per_year=honest["promotions_a_year"])
    for day in _times_a_year(draw, honest["price_rise_a_year"], days):
        _times(plan.price, day, days, 1 + between(draw, honest["price_rise"]))
    plan.hands_changed += _times_a_year(draw, honest["hands_change_a_year"], days)
    plan.account_changed += _times_a_year(draw, honest["account_change_a_year"], days)
    for day in _times_a_year(draw, honest["lease_ends_a_year"], days):
        plan.leases.append((day, day - days_between(draw, honest["lease_renewed_days_before"])))
    for day in _times_a_year(draw, honest["filing_lapses_a_year"], days):
        plan.lapses.append((day, day + days_between(draw, honest["filing_lapse_days"])))
    plan.false_reports = _times_a_year(draw, honest["false_closed_reports_a_year"], days)


def _shut(plan: Plan, draw: Random, of: dict[str, Any], *, at: int) -> int:
    """Shut for some days from ``at``; returns the day it opens again."""
    end = at + days_between(draw, of["days"])
    _put(plan.open, at, end, False)
    if draw.random() < of["announced"]:
        _put(plan.paused, at, end, True)
    return end


def _moves(plan: Plan, draw: Random, of: dict[str, Any]) -> None:
    opens = _shut(plan, draw, of, at=draw.randrange(WARM_UP, len(plan.open)))
    low, back = between(draw, of["custom_after"]), int(of["recovers_days"])
    for day in range(opens, min(opens + back, len(plan.custom))):
        plan.custom[day] *= low + (1 - low) * (day - opens) / back


def _summer_pauses(plan: Plan, draw: Random, of: dict[str, Any], first: date) -> None:
    year = first.year
    while (begin := (date(year, 7, 5) - first).days) < len(plan.open):
        if begin >= 0:
            _shut(plan, draw, of, at=begin + draw.randrange(20))
        year += 1


def _changes_hands(plan: Plan, draw: Random, profile: dict[str, Any]) -> None:
    """An honest buyer: tidies up, some custom leaves, often with an opening offer."""
    of, day = profile["changes_hands"], draw.randrange(WARM_UP, len(plan.open))
    plan.hands_changed.append(day)
    if draw.random() < of["account_too"]:
        plan.account_changed.append(day + draw.randrange(10))
    if draw.random() < of["promotion"]:
        offer, begin = profile["honest"], day + draw.randrange(5, 40)
        end = begin + days_between(draw, offer["promotion_days"])
        _promotion(plan, begin, end, between(draw, offer["promotion_depth"]), between(draw, offer["promotion_sales"]))
    _ramp(plan.custom, day, day + 30, between(draw, of["custom_after"]))


def _declines(plan: Plan, draw: Random, of: dict[str, Any]) -> None:
    """Fewer come every month; whoever asks is paid, and it goes on."""
    begin, down = draw.randrange(len(plan.open)), between(draw, of["down_to"])
    end = begin + days_between(draw, of["over_days"])
    _ramp(plan.custom, begin, end, down)
    _ramp(plan.sales, begin, end, down)
    _put(plan.late, begin, len(plan.late), of["refunds_late"])


def _last_day(plan: Plan, draw: Random, lead: int) -> int:
    """A day on which it shuts for ever, after a lead."""
    days = len(plan.open)
    day = draw.randrange(WARM_UP + min(lead, (days - WARM_UP) // 2), days)
    plan.shut_on, plan.preparing_from = day, max(0, day - lead)
    _put(plan.open, day, days, False)
    # What was planned for a shop that goes on does not happen to one that ends.
    plan.leases = [(end, renewed) for end, renewed in plan.leases if end < day - lead]
    return day


def _fails(plan: Plan, draw: Random, of: dict[str, Any]) -> None:
    """Honest and out of money: custom falls, refunds are late, and one morning the door stays shut."""
    lead = days_between(draw, of["lead_days"])
    shut, begin = _last_day(plan, draw, lead), 0
    begin = shut - lead
    _ramp(plan.custom, begin, shut, between(draw, of["custom_at_end"]))
    _ramp(plan.sales, begin, shut, between(draw, of["sales_at_end"]))
    _put(plan.late, begin + lead // 3, shut, of["refunds_late"])
    if draw.random() < of["promotion"]:
        _promotion(plan, shut - lead // 3, shut, between(draw, of["promotion_depth"]), 1.8)
    if draw.random() < of["lease_not_renewed"]:
        end = shut + draw.randrange(-5, 30)
        plan.leases.append((end, end + 10_000))


def _closes(plan: Plan, draw: Random, of: dict[str, Any]) -> None:
    """Professional closers (职业闭店人): what each shows is drawn; the quiet ones show one sign or two."""
    lead = days_between(draw, of["lead_days"])
    shut = _last_day(plan, draw, lead)
    weights, signs = dict(of["weights"]), of["signs"]
    if draw.random() < of["quiet"]:
        shown = []
        for _ in range(days_between(draw, of["quiet_signs"])):
            shown.append(pick(draw, weights))
            weights.pop(shown[-1])
    else:
        shown = [sign for sign, weight in weights.items() if draw.random() < of["loud_shows"] * weight]
    plan.signs = tuple(shown)

    def since(low: float, high: float) -> int:
        return shut - int(lead * draw.uniform(low, high))

    for sign in shown:
        how = signs[sign]
        match sign:
            case "hands":
                plan.hands_changed.append(since(0.85, 1.0))
                if draw.random() < how["account_too"]:
                    plan.account_changed.append(since(0.7, 0.85))
            case "promotion":
                _promotion(plan, since(0.6, 0.9), shut, between(draw, how["depth"]), between(draw, how["sales"]))
            case "sales":
                _times(plan.sales, since(0.6, 0.9), shut, between(draw, how["sales"]))
            case "terms":
                begin = since(0.6, 0.9)
                _times(plan.term, begin, shut, between(draw, how["longer"]))
                _times(plan.price, begin, shut, between(draw, how["dearer"]))
            case "custom":
                _ramp(plan.custom, since(0.55, 0.8), shut, between(draw, how["at_end"]))
            case "refunds":
                _put(plan.late, since(0.7, 0.95), shut, how["late"])
            case "lease":
                end = shut + days_between(draw, how["within_days"])
                plan.leases.append((end, end + 10_000))
            case "self_redeems":
                _put(plan.doubtful, since(0.4, 0.8), shut, between(draw, how["of_uses"]))

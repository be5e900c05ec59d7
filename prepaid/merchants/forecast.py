"""What joining gives, before anybody joins: a merchant's bank balance week by week under four ways of being paid for the same
sales. Plain integer arithmetic; the formulas stand in docs/money.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: A pace is typed with two decimals and kept in hundredths of a visit.
HUNDREDTH = 100
#: A month of a monthly card, in weeks: what is reckoned by the week can only know whole ones.
MONTH = 4


@dataclass(frozen=True, kw_only=True)
class SalesWeek:
    """What one week sells: so many cards at that price on average."""

    cards: int
    price_fen: int

    @property
    def sold_fen(self) -> int:
        return self.cards * self.price_fen


@dataclass(frozen=True, kw_only=True)
class EarlyFigures:
    """How early release is earned (``EarlyReleaseRule``), in whole weeks: what waits rounded up, what is granted down.
    ``cap_weeks`` of the average use of the last ``window_weeks`` may be out at a time."""

    cooling_weeks: int
    proven_weeks: int
    window_weeks: int
    cap_weeks: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the owner knows and the rules say. ``pace``: hundredths of a visit a card and week. ``life``: weeks a card runs; what
    is not used then stays the customer's. ``more_percent``: customers gained by asking for a month at a time."""

    sales: tuple[SalesWeek, ...]
    visits: int
    pace: int
    life: int
    opening_fen: int = 0
    costs_fen: int = 0
    more_percent: int = 0
    custody_percent: int = 100
    early: EarlyFigures | None = None


@dataclass(frozen=True, kw_only=True)
class Week:
    """One week's end (fen). The balances are the merchant's own bank account; ``owed_fen`` is what customers have paid and not
    used, ``held_fen`` what of it stands in custody beside early release, ``out_fen`` what was released early and is not earned
    yet, ``may_out_fen`` the most that might be out when something was released."""

    number: int
    sold_fen: int
    used_fen: int
    owed_fen: int
    held_fen: int
    out_fen: int
    may_out_fen: int
    monthly_held_fen: int
    now_fen: int
    custody_fen: int
    early_fen: int
    monthly_fen: int


class Way(StrEnum):
    """How a merchant may be paid for what it sells."""

    NOW = "now"
    CUSTODY = "custody"
    EARLY = "early"
    MONTHLY = "monthly"


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """One way in a few figures. ``short_in``: the first week that ends below zero."""

    way: Way
    end_fen: int
    lowest_fen: int
    lowest_in: int
    short_in: int | None
    #: What customers would be owed if the doors shut in the worst week, and nothing kept for them answers for.
    uncovered_fen: int


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Every week, and each way in short."""

    weeks: list[Week]

    def balances(self, way: Way) -> list[int]:
        return [getattr(week, f"{way}_fen") for week in self.weeks]

    @property
    def outlooks(self) -> list[Outlook]:
        return [self._outlook(way) for way in Way]

    def _outlook(self, way: Way) -> Outlook:
        balances = self.balances(way)
        lowest = min(balances)
        uncovered: Callable[[Week], int] = {
            Way.NOW: lambda week: week.owed_fen,
            Way.EARLY: lambda week: week.out_fen,
        }.get(way, lambda week: 0)
        return Outlook(
            way=way,
            end_fen=balances[-1],
            lowest_fen=lowest,
            lowest_in=balances.index(lowest) + 1,
            short_in=next((nth for nth, balance in enumerate(balances, start=1) if balance < 0), None),
            uncovered_fen=max(uncovered(week) for week in self.weeks),
        )


@dataclass
class _Cohort:
    """The cards of one week. ``used`` is what they have earned so far, ``out`` what was released early of the rest."""

    week: int
    price: int
    used: int = 0
    out: int = 0

    def use(self, used: int) -> int:
        """Bring it to ``used``; what that pays: the part that had not left before. A use takes from both in proportion."""
        step, unearned = used - self.used, self.price - self.used
        earned_out = self.out * step // unearned if unearned else 0
        self.used, self.out = used, self.out - earned_out
        return step - earned_out

    def release(self, free_percent: int, room: int) -> int:
        """What leaves early: never more than is free of it, nor than there is room for."""
        amount = max(0, min(room, (self.price - self.used) * free_percent // 100 - self.out))
        self.out += amount
        return amount


def forecast(facts: Facts, *, weeks: int) -> Forecast:
    """The end of each of ``weeks`` weeks, from joining on. Cards of a week are first used in the week after; what a week uses is
    paid out in it. Each fen of a card is rounded down until its last visit, as the ledger does it."""
    found: list[Week] = []
    cohorts: list[_Cohort] = []
    uses: list[int] = []
    sold = custody = early = monthly = monthly_paid = 0
    for week in range(1, weeks + 1):
        new = facts.sales[week - 1].sold_fen if week <= len(facts.sales) else 0
        sold += new
        cohorts.append(_Cohort(week, new))
        paid = sum(cohort.use(_used(facts, cohort.price, week - cohort.week)) for cohort in cohorts)
        used = sum(cohort.used for cohort in cohorts)
        uses.append(used - custody)
        custody = used
        may_out = _may_be_out(facts.early, uses)
        released = _release(facts, cohorts, week, may_out)
        early += paid + released
        monthly = sum(_used(facts, _more(facts, cohort.price), week - cohort.week - 1) for cohort in cohorts)
        monthly_paid = sum(_paid_monthly(facts, cohort, week) for cohort in cohorts)
        out = sum(cohort.out for cohort in cohorts)
        base = facts.opening_fen - facts.costs_fen * week
        found.append(
            Week(
                number=week,
                sold_fen=new,
                used_fen=uses[-1],
                owed_fen=sold - used,
                held_fen=sold - used - out,
                out_fen=out,
                may_out_fen=may_out,
                monthly_held_fen=monthly_paid - monthly,
                now_fen=base + sold,
                custody_fen=base + custody,
                early_fen=base + early,
                monthly_fen=base + monthly,
            )
        )
    return Forecast(weeks=found)


def _used(facts: Facts, price: int, age: int) -> int:
    """What the cards of one week have earned after so many weeks."""
    total = facts.visits * HUNDREDTH
    return price * min(total, facts.pace * max(0, min(age, facts.life))) // total


def _more(facts: Facts, price: int) -> int:
    return price * (100 + facts.more_percent) // 100


def _paid_monthly(facts: Facts, cohort: _Cohort, week: int) -> int:
    """What these customers have paid by that week, each month at its start: what its visits cost on the card."""
    months = (week - cohort.week) // MONTH + 1
    return _used(facts, _more(facts, cohort.price), months * MONTH)


def _may_be_out(early: EarlyFigures | None, uses: Sequence[int]) -> int:
    """The most that may be out now; nothing before use has gone on for long enough."""
    first = next((nth for nth, used in enumerate(uses) if used), len(uses))
    if early is None or len(uses) - first <= early.proven_weeks:
        return 0
    return sum(uses[-early.window_weeks :]) * early.cap_weeks // early.window_weeks


def _release(facts: Facts, cohorts: Sequence[_Cohort], week: int, may_out: int) -> int:
    """The week's early release, the oldest cards first."""
    room = may_out - sum(cohort.out for cohort in cohorts)
    released = 0
    if facts.early is None or room <= 0:
        return 0
    for cohort in cohorts:
        if week - cohort.week > facts.early.cooling_weeks:
            released += cohort.release(100 - facts.custody_percent, room - released)
    return released

"""What is known of a merchant on a day: a row per day, and sums over windows of days. Plain Python: the simulated city and the
database fill the same shapes, and signals read nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

#: Days of each window: what happens now, what happened lately, and the merchant's own habit, which ends before "lately" begins.
NOW, LATELY, HABIT = 14, 28, 84


@dataclass(slots=True, kw_only=True)
class Figures:
    """What is counted of a merchant's day, and summed over windows. Sums in fen; ``uses`` without the doubtful ones, so that who
    redeems to itself has no custom.

    Attributes:
        cards: cards with something left at the end of the day.
        uses, use_fen: what was redeemed, each card counted once a day; by price.
        doubtful: uses left out: by cards of the merchant's own people, in the night, several cards of one person.
        sales, sales_fen: cards sold, and what was paid for them.
        list_fen: what the same cards cost at the merchant's filed prices.
        term_days: sum of the terms of the cards sold.
        refunds_asked: requests of the day.
        disputes: uses that their consumers dispute. complaints: cases about the merchant.
    """

    cards: int = 0
    uses: int = 0
    use_fen: int = 0
    doubtful: int = 0
    sales: int = 0
    sales_fen: int = 0
    list_fen: int = 0
    term_days: int = 0
    refunds_asked: int = 0
    disputes: int = 0
    complaints: int = 0


#: Their names.
SUMMED = tuple(field.name for field in fields(Figures))


@dataclass(slots=True, kw_only=True)
class Day(Figures):
    """One merchant's day. ``refunds_late``: how many requests are open beyond their day, at its end. ``known``: 0 for a day without
    data (nothing of it is counted); of several merchants' days together, how many have data."""

    refunds_late: int = 0
    known: int = 1


@dataclass(slots=True, kw_only=True)
class Sums(Figures):
    """Sums over one window; ``days``: those with data."""

    days: int = 0


@dataclass(slots=True, kw_only=True)
class Standing:
    """What stands on file of a merchant on a day. Days are counted from it, backwards or forwards; None: not so.

    Attributes:
        hands_changed, account_changed: days since the representative or controller, or the payout account, changed.
        lease_left: days until the lease of its stores ends. beyond_lease: share of what is owed on cards that run longer.
        filing_lapsed: days since a filing lapsed that cards are sold under.
        listed: on the register of standing (abnormal operation, dishonesty, major risk).
        closed_reporters: holders who said lately that the shop is shut, of those whose word counts: they have used a card there.
        asks_elsewhere: an official has confirmed lately that it takes money outside custody.
        inspected_badly: an inspection that was ordered found what it was looking for, and none since found it well.
        paused: told its card-holders beforehand that it is shut today.
        held_fen, owed_fen: in custody, and owed to holders if it closed today. required_percent: what must be in custody.
    """

    hands_changed: int | None = None
    account_changed: int | None = None
    lease_left: int | None = None
    beyond_lease: float = 0.0
    filing_lapsed: int | None = None
    listed: bool = False
    closed_reporters: int = 0
    asks_elsewhere: bool = False
    inspected_badly: bool = False
    paused: bool = False
    held_fen: int = 0
    owed_fen: int = 0
    required_percent: int = 100


@dataclass(slots=True, kw_only=True)
class Movement:
    """How the rest of a merchant's sector moves, against the same shops' habit: custom per card in the last 14 days, in the last 28,
    and in just the days of the merchant's silence; sales per merchant in the last 28. Seasons, holidays and bad weather are
    everybody's, and no merchant's fault."""

    now: float = 1.0
    lately: float = 1.0
    silence: float = 1.0
    sales: float = 1.0


@dataclass(slots=True, kw_only=True)
class Facts:
    """All that signals may look at.

    Attributes:
        now, lately, habit: the last 14 days, the last 28, and the 84 before those 28.
        silent_days, silent_cards: days since the last use, and cards with something left, summed over them.
        refunds_late: open beyond their day.
    """

    now: Sums
    lately: Sums
    habit: Sums
    silent_days: int
    silent_cards: int
    refunds_late: int
    standing: Standing
    sector: Movement


class History:
    """Days of one merchant (or of a sector together), in order, as running totals: a sum over any window is two look-ups."""

    def __init__(self) -> None:
        self._totals: dict[str, list[int]] = {name: [0] for name in ["known", *SUMMED]}
        self.last: Day = Day()
        self.silent_since = 0  # number of the day after the last one with a use

    def __len__(self) -> int:
        return len(self._totals["known"]) - 1

    def add(self, day: Day) -> None:
        """The next day. One without data counts for nothing, and is no silence."""
        if not day.known:
            day = Day(known=0, refunds_late=self.last.refunds_late)
        for name, totals in self._totals.items():
            totals.append(totals[-1] + getattr(day, name))
        self.last = day
        if day.uses:
            self.silent_since = len(self)

    def day(self, number: int) -> Day:
        """The figures of one day (0 is the first)."""
        return Day(**{name: self.total(name, number, number + 1) for name in self._totals})

    def total(self, name: str, begin: int, end: int) -> int:
        """Sum of ``name`` over days ``begin`` … ``end`` − 1 (0 is the first)."""
        totals = self._totals[name]
        return totals[end] - totals[begin]

    def sums(self, begin: int, end: int) -> Sums:
        """All of them over days ``begin`` … ``end`` − 1, where there are any."""
        begin, end = (min(max(0, day), len(self)) for day in (begin, end))
        return Sums(days=self.total("known", begin, end), **{name: self.total(name, begin, end) for name in SUMMED})

    @property
    def silent_days(self) -> int:
        """Days with data since the last use."""
        return self.total("known", self.silent_since, len(self))

    @property
    def silent_cards(self) -> int:
        """Cards with something left, summed over those days."""
        return self.total("cards", self.silent_since, len(self))

    def windows(self) -> dict[str, Sums]:
        """As of the end of the last day, by name."""
        end = len(self)
        return {
            "now": self.sums(end - NOW, end),
            "lately": self.sums(end - LATELY, end),
            "habit": self.sums(end - LATELY - HABIT, end - LATELY),
        }

    def facts(self, standing: Standing, sector: Movement) -> Facts:
        """As of the end of the last day."""
        return Facts(
            **self.windows(),
            silent_days=self.silent_days,
            silent_cards=self.silent_cards,
            refunds_late=self.last.refunds_late,
            standing=standing,
            sector=sector,
        )


def movement(sector: "History", own: dict[str, Sums], *, silent_days: int, silent_cards: int) -> Movement:
    """Of the other merchants of a sector, whose days together are ``sector``; ``own``: the merchant's windows in it. Where there is
    nobody else, nothing moves."""
    all_of_them, end = sector.windows(), len(sector)
    habit = _without(all_of_them["habit"], own["habit"])
    usual = habit.uses / habit.cards if habit.cards else 0.0

    def custom(uses: int, cards: int) -> float:
        return uses / cards / usual if usual and cards > 0 else 1.0

    now, lately = (_without(all_of_them[window], own[window]) for window in ("now", "lately"))
    silence = sector.sums(end - silent_days, end)
    usual_sales = habit.sales_fen / habit.days if habit.days else 0.0
    return Movement(
        now=custom(now.uses, now.cards),
        lately=custom(lately.uses, lately.cards),
        silence=custom(silence.uses, silence.cards - silent_cards),
        sales=lately.sales_fen / lately.days / usual_sales if usual_sales and lately.days else 1.0,
    )


def _without(all_of_them: Sums, own: Sums) -> Sums:
    return Sums(**{name: getattr(all_of_them, name) - getattr(own, name) for name in ("days", *SUMMED)})


def together(days: Sequence[Day]) -> Day:
    """The day of several merchants as one; ``known`` counts them."""
    return Day(**{field.name: sum(getattr(day, field.name) for day in days if day.known) for field in fields(Day)})


def facts_from(kept: dict[str, Any]) -> Facts:
    """The facts as ``dataclasses.asdict`` wrote them. A later version may know more: what was not kept is nothing."""
    kept = dict(kept)
    parts: dict[str, Any] = {name: Sums(**kept.pop(name)) for name in ("now", "lately", "habit")}
    standing, sector = Standing(**kept.pop("standing")), Movement(**kept.pop("sector"))
    return Facts(**parts, standing=standing, sector=sector, **kept)

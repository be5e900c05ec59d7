"""A merchant's life by its plan: cards are sold, used, asked back and left lying, day by day. Only events; no ledger."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from complaints.warnings.facts import Day, Standing
from demo.simulated.plans import Plan, between, days_between, poisson

#: A visit is drawn this many times as often as it happens, and happens with the day's factor ÷ this.
PEAK = 3.5
#: Days after which a request that nobody answered is late (5 working days), and after which one is otherwise paid.
REFUND_DAYS, PAID_DAYS = 7, 5


@dataclass(slots=True)
class Card:
    """What was paid for how many uses, from which day to which (numbers); what of it was used or paid back."""

    sold_on: int
    ends_on: int
    paid_fen: int
    uses: int
    visits_a_day: float
    bored_on: int
    used: int = 0
    over: bool = False

    @property
    def left_fen(self) -> int:
        """Owed at the operator's fault (SPC 18): the consumer's is the odd fen."""
        return 0 if self.over else self.paid_fen - self.paid_fen * self.used // self.uses


@dataclass(slots=True)
class Life:
    """All days of one merchant.

    Attributes:
        days, standing: what the warning is shown of each day.
        unearned_fen, seasoned_fen: left on all cards, and on those past cooling-off, at the end of each day.
        cards: all that were ever sold.
    """

    plan: Plan
    days: list[Day] = field(default_factory=list)
    standing: list[Standing] = field(default_factory=list)
    unearned_fen: list[int] = field(default_factory=list)
    seasoned_fen: list[int] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)


class _Shop:
    """The running state of a life."""

    def __init__(self, plan: Plan, profile: dict[str, Any], draw: Random, busy: list[float]) -> None:
        self.plan, self.draw, self.busy = plan, draw, busy
        self.sector, self.people, self.honest = profile["sectors"][plan.sector], profile["consumers"], profile["honest"]
        self.noise, self.cooling = profile["noise"], profile["custody"]["cooling_off_days"]
        self.sales_a_day = profile["cards_per_merchant"] * plan.size / 365
        self.life = Life(plan)
        last = len(plan.open) + 1
        self.visits: list[list[Card]] = [[] for _ in range(last)]
        self.ends: list[list[Card]] = [[] for _ in range(last)]
        self.seasons: list[list[Card]] = [[] for _ in range(last)]
        self.paid_back: list[list[Card]] = [[] for _ in range(last)]
        self.late_from: list[int] = [0] * last
        self.late_until: list[int] = [0] * last
        self.complaints: list[int] = [0] * last
        self.active: dict[int, Card] = {}
        self.unearned = self.seasoned = self.late = 0

    def sell(self, day: int, *, price: float, discount: float, term: float, used: float = 0.0) -> tuple[int, int, int]:
        """A card; returns what was paid, its filed price and its term."""
        draw, sector = self.draw, self.sector
        uses = max(1, round(days_between(draw, sector["uses"]) * price))
        filed = round(between(draw, sector["price_fen"]) * price / 100) * 100
        paid, days = round(filed * (1 - discount)), round(days_between(draw, sector["term_days"]) * term)
        sold_on = day - int(used * days)
        card = Card(
            sold_on=sold_on,
            ends_on=sold_on + days,
            paid_fen=paid,
            uses=uses,
            visits_a_day=sector["visits_a_week"] / 7 * draw.lognormvariate(-0.1, 0.45),
            bored_on=day + int(draw.expovariate(self.people["loses_interest_a_day"])),
            used=int(used * uses * draw.random()),
        )
        self.life.cards.append(card)
        self.active[id(card)] = card
        self.unearned += card.left_fen
        if (seasoned_on := max(day, sold_on + self.cooling + 1)) < len(self.seasons):
            self.seasons[seasoned_on].append(card)
        if card.ends_on < len(self.ends):
            self.ends[card.ends_on].append(card)
        self._next_visit(card, day)
        return paid, filed, days

    def _next_visit(self, card: Card, day: int) -> None:
        when = day + 1 + int(self.draw.expovariate(card.visits_a_day * PEAK))
        if when < min(card.bored_on, card.ends_on, len(self.visits)):
            self.visits[when].append(card)

    def end(self, card: Card, day: int) -> None:
        """Nothing is left of it, its term is over, or it was paid back."""
        if not card.over:
            self._leaves(card, card.left_fen, day)
            card.over = True
            del self.active[id(card)]

    def _leaves(self, card: Card, fen: int, day: int) -> None:
        self.unearned -= fen
        if day > card.sold_on + self.cooling:
            self.seasoned -= fen

    def serve(self, day: int, factor: float, row: Day) -> int:
        """Today's visits; returns how many were turned away."""
        draw, away, seen = self.draw, 0, set()
        for card in self.visits[day]:
            if card.over:
                continue
            chance = draw.random() * PEAK
            if chance < factor * self.plan.custom[day]:
                if id(card) not in seen:
                    seen.add(id(card))
                    before = card.left_fen
                    card.used += 1
                    row.uses += 1
                    row.use_fen += before - card.left_fen
                    self._leaves(card, before - card.left_fen, day)
                    if card.used == card.uses:
                        card.over = True
                        del self.active[id(card)]
                        continue
            elif chance < factor:
                away += 1
            self._next_visit(card, day)
        self.visits[day] = []
        return away

    def live(self) -> Life:
        plan, draw, people = self.plan, self.draw, self.people
        term = sum(self.sector["term_days"]) / 2
        for _ in range(poisson(draw, self.sales_a_day * term * 0.8)):
            self.sell(0, price=1.0, discount=0.0, term=1.0, used=draw.random() * 0.95)
        for day in range(len(plan.open)):
            row = Day(known=int(plan.known[day]))
            self.seasoned += sum(card.left_fen for card in self.seasons[day])
            for card in self.ends[day]:
                self.end(card, day)
            for card in self.paid_back[day]:
                self.end(card, day)
            factor = self.busy[day] * min(2.0, draw.lognormvariate(0.0, self.noise)) if self.busy[day] else 0.0
            if not plan.open[day]:
                away = self.serve(day, 0.0, row) if factor else 0
            else:
                away = self.serve(day, factor, row)
                self._sales(day, row, factor)
            self._wishes(day, row, away, factor)
            row.complaints = poisson(draw, len(self.active) * people["complains_a_day"]) + self.complaints[day]
            row.disputes = poisson(draw, row.uses * people["disputes_of_uses"])
            row.doubtful = poisson(draw, row.uses * plan.doubtful[day])
            row.cards = len(self.active)
            self.life.days.append(row)
            self.life.standing.append(self._standing(day, row))
            self.life.unearned_fen.append(self.unearned)
            self.life.seasoned_fen.append(self.seasoned)
        return self.life

    def _sales(self, day: int, row: Day, factor: float) -> None:
        plan = self.plan
        for _ in range(poisson(self.draw, self.sales_a_day * plan.sales[day] * factor)):
            paid, filed, days = self.sell(day, price=plan.price[day], discount=plan.discount[day], term=plan.term[day])
            row.sales += 1
            row.sales_fen += paid
            row.list_fen += filed
            row.term_days += days

    def _wishes(self, day: int, row: Day, away: int, factor: float) -> None:
        """Who asks for the money back, and who complains: more do where they are turned away."""
        plan, draw, people, last = self.plan, self.draw, self.people, len(self.complaints)
        worse = 1 + 4 * (1 - plan.custom[day]) if plan.open[day] else 2.0
        for _ in range(poisson(draw, len(self.active) * people["asks_back_a_day"] * worse)):
            card = draw.choice(list(self.active.values()))
            row.refunds_asked += 1
            if draw.random() >= plan.late[day]:
                if day + PAID_DAYS < last:
                    self.paid_back[day + PAID_DAYS].append(card)
                continue
            late_from = day + REFUND_DAYS
            honest = plan.preparing_from is None or day < plan.preparing_from
            late_until = late_from + days_between(draw, self.honest["late_days"]) if honest else last
            if late_from < last:
                self.late_from[late_from] += 1
                if late_until < last:
                    self.late_until[late_until] += 1
                    self.paid_back[late_until].append(card)
                if draw.random() < people["complains_when_refund_late"] * (1 if honest else 2):
                    when = late_from + draw.randrange(14)
                    if when < last:
                        self.complaints[when] += 1
        self.late += self.late_from[day] - self.late_until[day]
        row.refunds_late = self.late
        if not plan.paused[day]:
            self.complaints[day] += poisson(draw, away * people["complains_when_turned_away"])

    def _standing(self, day: int, row: Day) -> Standing:
        plan, people = self.plan, self.people
        reporters = sum(1 for on in plan.false_reports if 0 <= day - on < 7)
        if not plan.open[day] and not plan.paused[day]:
            reporters += poisson(self.draw, 7 * row.cards * people["reports_shut_a_day"])
        lease = min((end for end, renewed in plan.leases if day < renewed and day >= end - 90), default=None)
        beyond = 0.0
        if lease is not None and self.unearned:
            beyond = sum(card.left_fen for card in self.active.values() if card.ends_on > lease) / self.unearned
        return Standing(
            hands_changed=min((day - on for on in plan.hands_changed if on <= day), default=None),
            account_changed=min((day - on for on in plan.account_changed if on <= day), default=None),
            lease_left=None if lease is None else lease - day,
            beyond_lease=beyond,
            filing_lapsed=max((day - begin for begin, end in plan.lapses if begin <= day < end), default=None),
            closed_reporters=reporters,
            paused=plan.paused[day],
            held_fen=self.unearned,
            owed_fen=self.unearned,
        )


def live(plan: Plan, profile: dict[str, Any], draw: Random, busy: list[float]) -> Life:
    """The whole life; ``busy`` is the sector's factor of each day. Deterministic by the state of ``draw``."""
    return _Shop(plan, profile, draw, busy).live()

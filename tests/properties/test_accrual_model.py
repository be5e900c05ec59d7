"""Whatever the order of days, runs, pauses and stoppages: what accrued is what a model of a few lines says, and ``prove``
finds nothing."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from escrow import invariants, queries, terms
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.errors import DomainError
from escrow.models import Pause, Use
from escrow.states import Party, PauseState, Plan, StoppageKind, UseState
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
EXAMPLES = 1_000 if SOAK else 60
LAG = 7
PAID_ON = beijing_date(AT)
PLACES = ("1", "2")


@dataclass
class Model:
    """Days are counted from the payment. One card, used in two places."""

    price: int
    total: int
    frozen: bool = False
    stops: list[tuple[str, str, int, int | None]] = field(default_factory=list)
    reserved: set[int] = field(default_factory=set)
    final: dict[int, int] = field(default_factory=dict)

    def stopped(self, day: int, *kinds: str) -> bool:
        def at(place: str) -> bool:
            return any(
                where == place and kind in kinds and since <= day and (until is None or day <= until)
                for where, kind, since, until in self.stops
            )

        return at("") or all(at(place) for place in PLACES)

    def run(self, today: int, paused: set[int]) -> None:
        idle = {day for day in range(1, today) if day in paused or self.stopped(day, "dark")}
        self.reserved -= idle
        if self.frozen:
            return
        for day in sorted(set(range(1, today)) - idle - self.reserved - self.final.keys()):
            if len(self.reserved) + len(self.final) < self.total:
                self.reserved.add(day)
        if not self.stopped(today, "dark", "watch", "changed_hands"):
            for day in sorted(self.reserved):
                if today > day + LAG:
                    self.reserved.remove(day)
                    done = len(self.final)
                    share = self.price * (done + 1) // self.total - self.price * done // self.total
                    self.final[day] = share


days = st.integers(0, 12)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 25)),
        st.tuples(st.just("run")),
        st.tuples(st.just("stop"), st.sampled_from(["", *PLACES]), st.sampled_from(StoppageKind.values), days),
        st.tuples(st.just("serve"), st.sampled_from(["", *PLACES]), st.sampled_from(StoppageKind.values)),
        st.tuples(st.just("pause"), days, days, days),
        st.tuples(st.just("resume")),
        st.tuples(st.just("freeze")),
        st.tuples(st.just("thaw")),
    ),
    max_size=30,
)


def on_day(n: int) -> date:
    return PAID_ON + timedelta(days=n)


class Story:
    """The same deeds through the real verbs and through the model."""

    def __init__(self, price: int, total: int) -> None:
        to = beneficiary()
        self.card = held_agreement(to, plan=Plan.PERIOD, price_fen=price, units_total=total, places=PLACES)
        self.model = Model(price, total)
        self.today = 0

    @property
    def now(self) -> dict:
        return {"at": AT + timedelta(days=self.today), "actor": ACTOR}

    def paused(self) -> set[int]:
        agreed = Pause.objects.filter(agreement=self.card, state=PauseState.AGREED)
        return {n for pause in agreed for n in range((pause.since - PAID_ON).days, (pause.until - PAID_ON).days + 1)}

    def wait(self, n: int) -> None:
        self.today += n

    def run(self) -> None:
        escrow.accrue(**self.now)
        self.model.run(self.today, self.paused())

    def stop(self, place: str, kind: str, ago: int) -> None:
        if any(stop[:2] == (place, kind) and stop[3] is None for stop in self.model.stops):
            return
        facts = {"beneficiary_id": self.card.beneficiary_id, "place": place, "kind": kind, "because": "x"}
        escrow.begin_stoppage(**facts, since=on_day(self.today - ago), **self.now)
        self.model.stops.append((place, kind, self.today - ago, None))
        if kind == StoppageKind.DARK:
            self.model.run(self.today, self.paused())

    def serve(self, place: str, kind: str) -> None:
        facts = {"beneficiary_id": self.card.beneficiary_id, "place": place, "kind": kind, "because": "x"}
        escrow.end_stoppage(**facts, **self.now)
        self.model.stops = [
            (where, what, since, max(since, self.today) if until is None and (where, what) == (place, kind) else until)
            for where, what, since, until in self.model.stops
        ]

    def pause(self, after: int, length: int, answered: int) -> None:
        since = on_day(self.today + after)
        with suppress(DomainError):
            pause = escrow.ask_pause(
                agreement_id=self.card.pk,
                side=Party.FUNDER,
                since=since,
                until=since + timedelta(days=length),
                because="x",
                **self.now,
            )
            self.today += answered
            escrow.agree_pause(pause_id=pause.pk, side=Party.BENEFICIARY, **self.now)

    def resume(self) -> None:
        for pause in Pause.objects.filter(agreement=self.card):
            with suppress(DomainError):
                escrow.end_pause(pause_id=pause.pk, side=Party.FUNDER, **self.now)

    def freeze(self) -> None:
        escrow.freeze_agreement(agreement_id=self.card.pk, because="x", **self.now)
        self.model.frozen = True

    def thaw(self) -> None:
        escrow.thaw_agreement(agreement_id=self.card.pk, because="x", **self.now)
        self.model.frozen = False


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(price=st.integers(1, 400), total=st.integers(1, 60), deeds=actions)
def test_accrual_is_the_model_of_it(price, total, deeds) -> None:
    with transaction.atomic():  # a run is everybody's: no story may go on in the next one, whose days are earlier
        check(Story(price, total), deeds)
        transaction.set_rollback(True)


def check(story, deeds) -> None:
    price, total = story.model.price, story.model.total
    for name, *facts in [*deeds, ("wait", 1), ("run",)]:
        getattr(story, name)(*facts)
    model = story.model
    uses = Use.objects.filter(agreement=story.card, day__isnull=False).exclude(state=UseState.VOIDED)
    assert {(use.day - PAID_ON).days: use.amount_fen for use in uses if use.state == UseState.FINAL} == model.final
    assert {(use.day - PAID_ON).days for use in uses if use.state == UseState.RESERVED} == model.reserved
    held = queries.holding(story.card.pk)
    assert held.held_fen == price - price * len(model.final) // total
    assert held.reserved_fen == len(model.reserved) * (price // total)
    if not model.frozen:
        term = terms.terms([story.card.pk], today=on_day(story.today))[story.card.pk]
        idle = {n for n in range(1, story.today) if n in story.paused() or model.stopped(n, "dark")}
        assert term.used == min(total, story.today - 1 - len(idle))
        left = total - len(
            set(range(1, story.today + 1))
            - story.paused()
            - {n for n in range(1, story.today + 1) if model.stopped(n, "dark")}
        )
        if left > 0:  # the last day lies ahead, and every day until then but the pauses' is one of service
            ahead = (term.last_day - on_day(story.today)).days
            last = story.today + ahead
            assert left == ahead - len({n for n in story.paused() if story.today < n <= last})
    event(f"final {bool(model.final)}, stops {bool(model.stops)}")
    assert not [f.name for f in invariants.prove() if not f.ok]

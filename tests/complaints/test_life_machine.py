"""Whatever officers, both sides, the sweep and the clock do, in any order: no case is lost or loses its lead, it always has a queue
once it was sent, every mark is set once, and in the end it is over or on the supervision list.

``make test`` plays a few lives, ``make soak`` hundreds.
"""

import os
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from complaints.cases import operations
from complaints.cases.models import Assist, Case, CaseEvent, Objection
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import (
    CALLED_IN,
    ENDED,
    LED,
    TRANSITIONS,
    UNDECIDED,
    AssistState,
    CaseState,
    EventKind,
    Limit,
    ObjectionState,
    Result,
    Side,
)
from escrow.clock import end_of_day
from escrow.errors import DomainError
from escrow.models import Refund
from prepaid.people.models import User
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT, FENGTAI

pytestmark = pytest.mark.django_db
EXAMPLES, STEPS = (300, 60) if os.environ.get("PREPAID_SOAK") == "1" else (16, 50)
FAR = timedelta(days=200)
someone, yes = st.integers(0, 5), st.booleans()


class World:
    """Two cases of one shop, and everybody who may want something of them; made once, every life is rolled back."""

    def __init__(self) -> None:
        self.shop = make.shop()
        self.officers = [
            make.officer(),
            make.officer("commerce", None),
            make.officer("sports"),
            make.officer("commerce", FENGTAI),
            make.officer("market_regulation", None),
            make.operator(),
        ]
        self.cases = [make.complaint(self.shop, routed=False) for _one in range(2)]


class Life(RuleBasedStateMachine):
    """Each rule tries a deed; a refusal of the domain changes nothing, anything else is a bug."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.at = world, AT
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.before = {case.pk: Case.objects.get(pk=case.pk) for case in world.cases}
        self.refused = 0

    def teardown(self) -> None:
        try:
            self.at_the_end()
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def attempt(self, verb, **facts) -> None:
        try:
            verb(**facts, at=self.at)
        except DomainError:
            self.refused += 1

    def number(self, which: bool) -> str:
        return self.world.cases[which].number

    def hand(self, which: bool, who: int) -> User:
        """Mostly whose deed it is: the lead, or who may become it; sometimes anybody."""
        lead = Case.objects.get(pk=self.world.cases[which].pk).lead_officer
        return (lead or self.world.officers[0]) if who < 4 else self.world.officers[who]

    @initialize(unsent=yes, free=st.integers(0, 3))
    def begun(self, unsent, free):
        """Mostly both were sent, and one is led already: lives are short, and what is worth trying comes late in them."""
        first, second = self.world.cases
        self.attempt(operations.route_case, case_id=first.pk, actor=ACTOR)
        if free < 3:
            self.attempt(operations.accept, number=first.number, officer=self.world.officers[0])
        if not unsent:
            self.attempt(operations.route_case, case_id=second.pk, actor=ACTOR)

    @rule(which=yes, who=someone)
    def accept(self, which, who):
        self.attempt(operations.accept, number=self.number(which), officer=self.hand(which, who))

    @rule(which=yes, who=someone, whom=someone)
    def assign(self, which, who, whom):
        people = self.world.officers
        self.attempt(operations.assign, number=self.number(which), lead_id=people[whom].pk, officer=people[who])

    @rule(which=yes, who=someone, sector=st.sampled_from(["", "fitness", "beauty"]), there=yes)
    def object_(self, which, who, sector, there):
        self.attempt(
            operations.object_to_dispatch,
            number=self.number(which),
            officer=self.world.officers[who],
            reason="不属于本单位",
            sector_code=sector,
            district_code=FENGTAI if there else "",
        )

    @rule(which=yes, who=someone, upheld=yes)
    def review(self, which, who, upheld):
        objection = Objection.objects.filter(case=self.world.cases[which]).first()
        self.attempt(
            operations.review_objection,
            objection_id=objection.pk if objection else 0,
            reviewer=self.world.officers[who],
            upheld=upheld,
            finding="已核",
        )

    @rule(
        which=yes,
        who=someone,
        department=st.sampled_from(["sports", "sports", "commerce", "market_regulation"]),
        there=yes,
    )
    def whistle(self, which, who, department, there):
        self.attempt(
            operations.call_in,
            number=self.number(which),
            officer=self.hand(which, who),
            department_code=department,
            district_code=FENGTAI if there else "",
            asked="请协助",
        )

    @rule(which=yes, who=someone, deed=st.sampled_from(["report", "answer", "withdraw"]))
    def of_the_call(self, which, who, deed):
        helper = self.world.officers[2 if who < 4 else who]
        call = Assist.objects.filter(case=self.world.cases[which]).order_by("-id").first()
        pk = call.pk if call else 0
        if deed == "report":
            self.attempt(operations.report_in, assist_id=pk, officer=helper)
        elif deed == "answer":
            self.attempt(operations.answer_call, assist_id=pk, officer=helper, text="已办")
        else:
            self.attempt(
                operations.withdraw_call, number=self.number(which), assist_id=pk, officer=self.hand(which, who)
            )

    @rule(which=yes, who=someone, limit=st.sampled_from(Limit))
    def choose(self, which, who, limit):
        self.attempt(operations.choose_limit, number=self.number(which), officer=self.world.officers[who], limit=limit)

    @rule(which=yes, who=someone, days=st.integers(0, 8))
    def extend(self, which, who, days):
        officer = self.hand(which, who)
        self.attempt(operations.extend, number=self.number(which), officer=officer, days=days, reason="鉴定")

    @rule(which=yes, who=someone, upheld=yes)
    def decide(self, which, who, upheld):
        self.attempt(
            operations.decide,
            number=self.number(which),
            officer=self.hand(which, who),
            result=Result.UPHELD if upheld else Result.NOT_UPHELD,
            amount_fen=100_000 if upheld else None,
            basis="judgment" if upheld else "",
            reasons="判决书",
        )

    @rule(which=yes, who=someone)
    def record(self, which, who):
        officer = self.hand(which, who)
        self.attempt(
            operations.record_statement, number=self.number(which), officer=officer, side=Side.CONSUMER, text="口述"
        )

    @rule(which=yes)
    def say(self, which):
        case = self.world.cases[which]
        self.attempt(operations.add_statement, number=case.number, complainant=case.complainant, text="补充")

    @rule(which=yes)
    def answer(self, which):
        boss = self.world.shop.boss
        self.attempt(operations.answer, number=self.number(which), staff=boss, text="答复", offer_fen=1)

    @rule(which=yes, sure=st.integers(0, 4))
    def withdraw(self, which, sure):
        case = self.world.cases[which]
        if not sure:
            self.attempt(operations.withdraw, number=case.number, complainant=case.complainant)

    @rule()
    def the_bank_pays(self):
        Refund.objects.filter(paid_at=None).update(paid_at=self.at)

    @rule(which=yes, resolved=yes)
    def call_back(self, which, resolved):
        asked = self.world.cases[which].callbacks.order_by("-id").first()
        said = operations.Answer(reached=True, resolved=resolved, satisfied=False)
        self.attempt(operations.answer_callback, callback_id=asked.pk if asked else 0, answer=said)

    @rule(which=yes)
    def reopen(self, which):
        asked = self.world.cases[which].callbacks.order_by("-id").first()
        self.attempt(operations.reopen_case, callback_id=asked.pk if asked else 0, text="没有解决")

    @rule(times=st.integers(1, 2))
    def sweep(self, times):
        for _time in range(times):
            operations.sweep(at=self.at, actor=ACTOR)

    @rule(hours=st.sampled_from([1, 2, 24, 72, 240]))
    def wait(self, hours):
        self.at += timedelta(hours=hours)

    # Always

    @invariant()
    def nothing_is_lost(self):
        for case in Case.objects.all():
            before = self.before[case.pk]
            self.check(before, case)
            self.before[case.pk] = case
        assert len(self.before) == len(self.world.cases)

    def check(self, before: Case, case: Case) -> None:
        # One deed, one step; a sweep routes and closes in one, so two at the most.
        steps = TRANSITIONS[CaseState(before.state)]
        within = steps.union({CaseState(before.state)}, *(TRANSITIONS[step] for step in steps))
        assert case.state in within
        assert (case.state in LED) <= (case.lead_officer_id is not None)
        if before.lead_officer_id is not None:
            assert case.lead_officer_id == before.lead_officer_id, "a case lost its lead"
        if case.state not in {CaseState.RECEIVED} | ENDED:
            assert case.lead_department_id is not None, "a case without a queue"
            assert any(cases_for(officer=one).filter(pk=case.pk).exists() for one in self.world.officers[:5])
        objection = Objection.objects.filter(case=case).first()
        assert not objection or objection.state != ObjectionState.OPEN or case.state == CaseState.DISPATCHED
        assert case.state in UNDECIDED or not case.assists.filter(state__in=CALLED_IN).exists()
        self.check_marks(case)

    def check_marks(self, case: Case) -> None:
        lines = list(CaseEvent.objects.filter(case=case).order_by("id"))
        state, reported, reminded = "", [], {}
        for line in lines:
            assert line.from_state == state
            state = line.to_state
            if line.kind == EventKind.REOPENED:
                reported = []
            elif line.kind == EventKind.OVERDUE:
                reported.append(line.data["level"])
            elif line.kind == EventKind.REMINDED:
                reminded[line.data["due_on"]] = reminded.get(line.data["due_on"], 0) + 1
        assert state == case.state
        levels = ["district", "city", "supervision"]
        marks = [case.escalated_at, case.city_told_at, case.supervised_at]
        assert reported == levels[: sum(mark is not None for mark in marks)]
        # The kind may be chosen back and forth, and then the same day is reminded of again.
        chosen = sum(line.kind == EventKind.LIMITED for line in lines)
        assert all(count <= 1 + chosen for count in reminded.values())
        for kind in (EventKind.OBJECTED, EventKind.EXTENDED):
            assert sum(line.kind == kind for line in lines) <= 1
        for call in case.assists.all():
            late = [line for line in lines if line.kind == EventKind.ASSIST_LATE and line.data["assist"] == call.pk]
            assert len(late) == (call.late_at is not None)
            assert call.state != AssistState.ANSWERED or call.called_at <= call.reported_at <= call.answered_at

    def at_the_end(self) -> None:
        """After every limit, the bank's answer and a sweep: it is over or on the list; and a second sweep changes nothing."""
        self.at = max(self.at, end_of_day(max(case.due_on for case in Case.objects.all()))) + FAR
        self.the_bank_pays()
        operations.sweep(at=self.at, actor=ACTOR)
        self.nothing_is_lost()
        for case in Case.objects.all():
            assert case.state in ENDED or case.is_supervised, "late and on no list"
        assert not Objection.objects.open().exists()
        assert not Assist.objects.open().filter(late_at=None).exists()
        lines = CaseEvent.objects.count()
        operations.sweep(at=self.at, actor=ACTOR)
        assert CaseEvent.objects.count() == lines


@pytest.mark.slow
def test_every_life_ends_or_is_on_the_supervision_list():
    world = World()
    run_state_machine_as_test(
        lambda: Life(world),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Whatever officers, both sides, the sweep and the clock do, in any order: no case is lost or loses its lead, it always has a queue
once it was sent, every mark is set once, and in the end it is over or on the supervision list. And everything that can happen to a case
of its kind does happen in some life, or the machine would prove little.

A life is a walk by chance whose next deed is one that is apt and has seldom been done; its seed and what was done in it are told when it
fails. ``make test`` plays a few lives of each kind, ``make soak`` a hundred, with other seeds each time.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import transaction

from complaints.cases import operations
from complaints.cases.models import Assist, Case, CaseEvent, CaseGroup, Objection
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import (
    CALLED_IN,
    ENDED,
    LED,
    TRANSITIONS,
    UNDECIDED,
    AssistState,
    CallResult,
    CaseState,
    EventKind,
    Limit,
    ObjectionState,
    Side,
)
from escrow import clock
from escrow.clock import beijing_date, end_of_day
from escrow.errors import DomainError
from prepaid.cards import operations as cards
from prepaid.people.models import User
from tests.complaints import factories as make
from tests.complaints import mediating
from tests.complaints.factories import ACTOR, AT, FENGTAI
from tests.complaints.worlds import Charges, Elsewhere, Nowhere, Refunds, World, leaves
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
LIVES, STEPS = (100, 80) if SOAK else (8, 60)
#: More than ``LIVES`` are played only until everything wanted has occurred.
AT_MOST = 3 * LIVES
#: What happens in a few lives too.
OFTEN = {EventKind.ACCEPTED, EventKind.CALLED_IN, EventKind.ASKED_BACK}
FAR = timedelta(days=200)
RECEIVED, DISPATCHED, IN_HAND, EXECUTING = (
    CaseState.RECEIVED,
    CaseState.DISPATCHED,
    CaseState.IN_HAND,
    CaseState.EXECUTING,
)
ANYBODY = range(7)


@dataclass(frozen=True)
class Deed:
    """``apt``: the states of a case on which it is tried; none: it is about no case. ``suits``, ``given``: what must be true of the case,
    or be there, besides."""

    do: Callable[..., None]
    apt: tuple[CaseState, ...] = ()
    suits: Callable[[Case], bool] = lambda case: True
    given: Callable[["Life"], bool] = lambda life: True
    weight: float = 1


DEEDS: list[Deed] = []


#: Of deeds that end a case: seldom, or lives are over before much has happened in them.
SELDOM = {"weight": 0.25}


def deed(*states: CaseState, **facts):
    """The method is a deed of every life."""

    def register(method):
        DEEDS.append(Deed(method, states, **facts))
        return method

    return register


class Life:
    """Each deed is tried; a refusal of the domain changes nothing, anything else is a bug."""

    def __init__(self, world: World, seed: int, happened: Counter, done: Counter) -> None:
        self.world, self.at, self.happened, self.done = world, AT, happened, done
        self.seed, self.chance, self.story = seed, random.Random(seed), []
        self.officers = [User.objects.get(pk=officer.pk) for officer in world.officers]
        self.before = {case.pk: Case.objects.get(pk=case.pk) for case in world.cases}
        self.told, self.left = 0, set()
        # A life of its own character: what is often done in one is seldom done in another.
        self.taste = {one.do.__name__: self.chance.choice((0.1, 1, 1, 4)) for one in DEEDS}

    def play(self) -> None:
        """All of it, and nothing is left of it after."""
        with transaction.atomic():
            try:
                self.begun()
                for _step in range(STEPS):
                    self.step()
                    self.nothing_is_lost()
                self.at_the_end()
            except Exception as error:  # whatever it is, the seed and the story belong to it
                error.add_note(f"seed {self.seed}: {' '.join(self.story)}")
                raise
            self.happened.update(CaseEvent.objects.values_list("kind", flat=True))
            transaction.set_rollback(True)

    def step(self) -> None:
        """A deed that is apt now, the rarer done the likelier."""
        apt = [(one, cases) for one in DEEDS if (cases := self.apt(one)) and one.given(self)]
        [(one, cases)] = self.chance.choices(apt, weights=[self.weight(one) for one, _cases in apt])
        self.done[one.do.__name__] += 1
        self.story.append(one.do.__name__)
        one.do(self, *([self.chance.choice(cases)] if one.apt else []))

    def weight(self, one: Deed) -> float:
        name = one.do.__name__
        return one.weight * self.taste[name] / (1 + self.done[name])

    def apt(self, one: Deed) -> list:
        """The cases on which it may be tried; something at all, when it is about none."""
        return [case for case in self.cases if case.state in one.apt and one.suits(case)] if one.apt else [None]

    def someone(self) -> int:
        return self.chance.choice(ANYBODY)

    def one_in(self, count: int) -> bool:
        return self.chance.randrange(count) == 0

    @property
    def cases(self) -> list[Case]:
        """As they were after the last deed, in order."""
        return [self.before[case.pk] for case in self.world.cases]

    def attempt(self, verb, **facts) -> None:
        with suppress(DomainError):
            verb(**facts, at=self.at)

    def hand(self, case: Case) -> User:
        """Mostly whose deed it is: the lead, or who may become it; sometimes anybody."""
        if self.one_in(6):
            return self.officers[self.someone()]
        if case.lead_officer_id is not None and case.lead_officer_id not in self.left:
            return User.objects.get(pk=case.lead_officer_id)
        seen_by = [one for one in self.officers if one.post and cases_for(officer=one).filter(pk=case.pk).exists()]
        return next(iter(seen_by), self.officers[0])

    def mostly(self, who: int) -> User:
        """That officer; sometimes anybody."""
        return self.officers[self.someone() if self.one_in(6) else who]

    def begun(self):
        """Mostly both were sent, and one is led already: lives are short, and what is worth trying comes late in them."""
        first, second = self.world.cases
        self.attempt(operations.route_case, case_id=first.pk, actor=ACTOR)
        if not self.one_in(4):
            self.attempt(operations.accept, number=first.number, officer=self.officers[0])
        if not self.one_in(2):
            self.attempt(operations.route_case, case_id=second.pk, actor=ACTOR)
        self.nothing_is_lost()

    # Before somebody leads

    @deed(DISPATCHED, suits=lambda case: case.undetermined)
    def determine(self, case):
        self.attempt(
            operations.determine_authority,
            number=case.number,
            sector_code=self.chance.choice(["", "fitness", "fitness"]),
            district_code=self.chance.choice([FENGTAI, make.CHAOYANG]),
            officer=self.mostly(4),
        )

    @deed(DISPATCHED)
    def accept(self, case):
        self.attempt(operations.accept, number=case.number, officer=self.hand(case))

    @deed(DISPATCHED, IN_HAND, EXECUTING)
    def assign(self, case):
        lead, officer = self.mostly(1), self.officers[self.someone()]
        self.attempt(operations.assign, number=case.number, lead_id=lead.pk, officer=officer)

    @deed(DISPATCHED, IN_HAND, EXECUTING)
    def urge(self, case):
        self.attempt(operations.urge, number=case.number, officer=self.officers[self.someone()])

    @deed(DISPATCHED)
    def object_(self, case):
        self.attempt(
            operations.object_to_dispatch,
            number=case.number,
            officer=self.hand(case),
            reason="不属于本单位",
            sector_code=self.chance.choice(["", "fitness", "beauty"]),
            district_code=self.chance.choice(["", FENGTAI]),
        )

    @deed(given=lambda life: Objection.objects.open().exists())
    def review(self):
        self.attempt(
            operations.review_objection,
            objection_id=Objection.objects.open().first().pk,
            reviewer=self.mostly(4),
            upheld=self.one_in(2),
            finding="已核",
        )

    @deed(DISPATCHED)
    def choose(self, case):
        limit = self.chance.choice(list(Limit))
        self.attempt(operations.choose_limit, number=case.number, officer=self.hand(case), limit=limit)

    @deed(DISPATCHED, suits=lambda case: case.outside_id is not None, **SELDOM)
    def turn_away(self, case):
        self.attempt(operations.turn_away, number=case.number, reasons="不是预付卡", officer=self.hand(case))

    @deed(DISPATCHED, IN_HAND)
    def gather(self, case):
        self.attempt(operations.gather_cases, case_id=case.pk, actor=ACTOR)

    @deed(given=lambda life: CaseGroup.objects.exists())
    def reply(self):
        group = CaseGroup.objects.first()
        self.attempt(operations.reply_to_group, group_id=group.pk, officer=self.mostly(0), text="已约谈经营者")

    # While it is handled

    @deed(IN_HAND)
    def whistle(self, case):
        self.attempt(
            operations.call_in,
            number=case.number,
            officer=self.hand(case),
            department_code=self.chance.choice(["sports", "commerce"]),
            district_code=FENGTAI if self.one_in(4) else "",
            asked="请协助",
        )

    @deed(given=lambda life: Assist.objects.open().exists())
    def report_in(self):
        self.attempt(operations.report_in, assist_id=self.last_call().pk, officer=self.mostly(2))

    @deed(given=lambda life: Assist.objects.open().exists())
    def answer_call(self):
        self.attempt(operations.answer_call, assist_id=self.last_call().pk, officer=self.mostly(2), text="已办")

    @deed(given=lambda life: Assist.objects.open().exists())
    def withdraw_call(self):
        call = self.last_call()
        officer = self.hand(self.before[call.case_id])
        self.attempt(operations.withdraw_call, number=call.case.number, assist_id=call.pk, officer=officer)

    def last_call(self) -> Assist:
        return Assist.objects.open().order_by("-id").first()

    @deed(IN_HAND)
    def extend(self, case):
        days = self.chance.randrange(9)
        self.attempt(operations.extend, number=case.number, officer=self.hand(case), days=days, reason="鉴定")

    @deed(IN_HAND)
    def call(self, case):
        facts = {"side": Side.CONSUMER, "result": CallResult.REACHED}
        self.attempt(operations.log_call, number=case.number, officer=self.hand(case), **facts)

    @deed(IN_HAND)
    def record(self, case):
        facts = {"side": Side.CONSUMER, "text": "口述"}
        self.attempt(operations.record_statement, number=case.number, officer=self.hand(case), **facts)

    @deed(RECEIVED, DISPATCHED, IN_HAND)
    def say(self, case):
        self.attempt(operations.add_statement, number=case.number, complainant=case.complainant, text="补充")

    @deed(DISPATCHED, IN_HAND, suits=lambda case: case.merchant_id is not None)
    def answer(self, case):
        boss = case.merchant.staff.get()
        self.attempt(operations.answer, number=case.number, staff=boss, text="答复", offer_fen=1)

    @deed(IN_HAND, suits=lambda case: case.refund_request_id is not None)
    def mediate(self, case):
        facts = {"held_at": self.at}
        if self.one_in(4):
            facts |= {"custody_fen": 0, "failed_because": "差距太大"}
        said = mediating.record(**facts)
        self.attempt(operations.record_mediation, number=case.number, officer=self.hand(case), record=said)

    @deed(IN_HAND, suits=lambda case: case.mediations.exists())
    def confirm(self, case):
        last = case.mediations.order_by("-id").first()
        for side in self.chance.sample(list(Side), 2):
            self.attempt(
                operations.record_signature,
                number=case.number,
                officer=self.hand(case),
                side=side,
                sha256=last.sha256,
                signed_on=beijing_date(self.at),
            )

    @deed(RECEIVED, DISPATCHED, IN_HAND, **SELDOM)
    def withdraw(self, case):
        self.attempt(operations.withdraw, number=case.number, complainant=case.complainant)

    # To its end

    @deed(IN_HAND, **SELDOM)
    def decide(self, case):
        officer, upheld = self.hand(case), not self.one_in(3)
        self.attempt(lambda at: self.world.decide(case, upheld=upheld, officer=officer, at=at))

    @deed(EXECUTING)
    def the_money(self, case):
        officer, way = self.hand(case), self.chance.randrange(4)
        self.attempt(lambda at: self.world.money_comes(case, way=way, officer=officer, at=at))

    @deed(IN_HAND, DISPATCHED, suits=lambda case: case.redemption_id is not None, **SELDOM)
    def give_in(self, case):
        """The merchant withdraws the charge."""
        boss, facts = case.merchant.staff.get(), {"redemption_id": case.redemption_id}
        self.attempt(cards.undo_redemption, staff=boss, actor=boss.user.actor, **facts)

    @deed(CaseState.CLOSED, CaseState.SETTLED, suits=lambda case: case.callbacks.exists())
    def call_back(self, case):
        said = operations.Answer(reached=True, resolved=self.one_in(3), satisfied=False)
        self.attempt(operations.answer_callback, callback_id=case.callbacks.latest("id").pk, answer=said)

    @deed(CaseState.CLOSED, suits=lambda case: case.callbacks.filter(resolved=False).exists())
    def reopen(self, case):
        self.attempt(operations.reopen_case, callback_id=case.callbacks.latest("id").pk, text="没有解决")

    # At any time

    @deed(*CaseState)
    def out_of_turn(self, case):
        officer = self.officers[self.someone()]
        match self.chance.choice(["accept", "decide", "extend", "withdraw", "money"]):
            case "accept":
                self.attempt(operations.accept, number=case.number, officer=officer)
            case "decide":
                self.attempt(lambda at: self.world.decide(case, upheld=True, officer=officer, at=at))
            case "extend":
                self.attempt(operations.extend, number=case.number, officer=officer, days=2, reason="鉴定")
            case "withdraw":
                self.attempt(operations.withdraw, number=case.number, complainant=officer)
            case "money":
                self.attempt(lambda at: self.world.money_comes(case, way=1, officer=officer, at=at))

    @deed(given=lambda life: not life.left and any(case.state == IN_HAND for case in life.cases), weight=0.1)
    def the_lead_leaves(self):
        """The district's own officer, whom colleagues of the city's post can follow."""
        leaves(self.officers[0], before=min(beijing_date(self.at), clock.today()))
        self.officers[0].act_as(None)
        self.left.add(self.officers[0].pk)

    @deed()
    def sweep(self):
        operations.sweep(at=self.at, actor=ACTOR)

    @deed(DISPATCHED, IN_HAND, EXECUTING)
    def its_limit_nears(self, case):
        """Somebody looks on its last day, or on the day after."""
        last = end_of_day(case.money_due_on or case.due_on)
        self.at = max(self.at, last + timedelta(hours=self.chance.choice([-12, 12])))
        operations.sweep(at=self.at, actor=ACTOR)

    @deed()
    def wait(self):
        self.at += timedelta(hours=self.chance.choice([1, 2, 24, 72, 240]))

    # Always

    def nothing_is_lost(self):
        told = CaseEvent.objects.order_by("id").values_list("id", flat=True).last()
        for case in Case.objects.all():
            before = self.before[case.pk]
            self.before[case.pk] = case
            if told != self.told:
                self.check(before, case)
            else:
                assert (case.state, case.lead_officer_id) == (before.state, before.lead_officer_id), (
                    "a step without a line"
                )
        self.told = told
        assert len(self.before) == len(self.world.cases)

    def check(self, before: Case, case: Case) -> None:
        # One deed, one step; a sweep routes and closes in one, so two at the most.
        steps = TRANSITIONS[CaseState(before.state)]
        within = steps.union({CaseState(before.state)}, *(TRANSITIONS[step] for step in steps))
        assert case.state in within
        assert (case.state in LED) <= (case.lead_officer_id is not None)
        if before.lead_officer_id is not None and before.lead_officer_id not in self.left:
            assert case.lead_officer_id == before.lead_officer_id, "a case lost its lead"
        if case.state not in {CaseState.RECEIVED} | ENDED:
            assert case.lead_department_id is not None, "a case without a queue"
            assert any(cases_for(officer=one).filter(pk=case.pk).exists() for one in self.officers)
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
            elif line.kind in {EventKind.OVERDUE, EventKind.MONEY_LATE}:
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
        """After every limit and a sweep: it is over or on the list; and a second sweep changes nothing."""
        days = [case.money_due_on or case.due_on for case in Case.objects.all()]
        self.at = max(self.at, end_of_day(max(days))) + FAR
        operations.sweep(at=self.at, actor=ACTOR)
        operations.sweep(at=self.at, actor=ACTOR)  # what it has closed is asked about by the next
        self.nothing_is_lost()
        for case in Case.objects.all():
            assert case.state in ENDED or case.is_supervised, "late and on no list"
        assert not Objection.objects.open().exists()
        assert not Assist.objects.open().filter(late_at=None).exists()
        lines = CaseEvent.objects.count()
        operations.sweep(at=self.at, actor=ACTOR)
        assert CaseEvent.objects.count() == lines


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Refunds, Charges, Elsewhere, Nowhere])
def test_every_life_ends_or_is_on_the_supervision_list(kind, monkeypatch):
    monkeypatch.setattr(django_settings, "GROUP_FROM", 2)
    world, happened, done = kind(), Counter(), Counter()
    first = random.randrange(10**6) if SOAK else 0
    wanted = world.reached if SOAK else OFTEN
    for played, seed in enumerate(range(first, first + AT_MOST)):
        if played >= LIVES and wanted <= set(happened):
            break
        Life(world, seed, happened, done).play()
    assert not (missing := wanted - set(happened)), (missing, happened)

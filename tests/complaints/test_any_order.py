"""Whatever people, the bank and the clock do, in any order: no case loses its lead, ends in a state nobody knows, or runs
over its time without a mark; and the money always stands where the case says."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints.cases import operations
from complaints.cases.models import Case, CaseEvent
from complaints.cases.states import (
    ENDED,
    LED,
    TRANSITIONS,
    UNDECIDED,
    CallbackState,
    CallResult,
    CaseState,
    EventKind,
    Result,
    Side,
)
from escrow import queries as escrow
from escrow.errors import DomainError
from escrow.models import Refund
from escrow.states import AgreementState
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT
from tests.soak import SOAK

pytestmark = pytest.mark.django_db
EXAMPLES = 500 if SOAK else 12

DEEDS = st.one_of(
    st.tuples(st.just("accept"), st.integers(0, 2)),
    st.tuples(st.just("assign"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("uphold"), st.integers(0, 2), st.sampled_from([0, 1, 100_000, 200_000, 200_001])),
    st.tuples(st.just("reject"), st.integers(0, 2)),
    st.tuples(st.just("record"), st.integers(0, 2)),
    st.tuples(st.just("call"), st.integers(0, 2)),
    st.tuples(st.just("say")),
    st.tuples(st.just("answer")),
    st.tuples(st.just("withdraw")),
    st.tuples(st.just("route")),
    st.tuples(st.just("bank")),
    st.tuples(st.just("call_back"), st.integers(0, 1)),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("wait"), st.integers(1, 12)),
)


class World:
    """One case, three officers (the last of another department), and the time."""

    def __init__(self) -> None:
        self.at = AT
        self.shop = make.shop()
        self.officers = [make.officer(), make.officer("commerce", None), make.officer("sports")]
        self.case = make.complaint(self.shop, routed=False)

    def do(self, deed: str, *facts: int) -> None:
        number, at = self.case.number, self.at
        who = self.officers[facts[0]] if facts and deed not in {"wait", "call_back"} else None
        match deed:
            case "accept":
                operations.accept(number=number, officer=who, at=at)
            case "assign":
                operations.assign(number=number, lead_id=self.officers[facts[1]].pk, officer=who, at=at)
            case "uphold" | "reject":
                upheld = deed == "uphold"
                operations.decide(
                    number=number,
                    officer=who,
                    result=Result.UPHELD if upheld else Result.NOT_UPHELD,
                    amount_fen=facts[1] if upheld else None,
                    basis="judgment" if upheld else "",
                    reasons="判决书",
                    at=at,
                )
            case "record":
                operations.record_statement(number=number, officer=who, side=Side.CONSUMER, text="口述", at=at)
            case "call":
                operations.log_call(number=number, officer=who, side=Side.MERCHANT, result=CallResult.REFUSED, at=at)
            case "say":
                operations.add_statement(number=number, complainant=self.case.complainant, text="补充", at=at)
            case "answer":
                operations.answer(number=number, staff=self.shop.boss, text="答复", offer_fen=1, at=at)
            case "withdraw":
                operations.withdraw(number=number, complainant=self.case.complainant, at=at)
            case "route":
                operations.route_case(case_id=self.case.pk, at=at, actor=ACTOR)
            case "bank":
                Refund.objects.filter(paid_at=None).update(paid_at=at)
            case "call_back":
                said = operations.Answer(reached=True, resolved=bool(facts[0]), satisfied=False)
                operations.answer_callback(callback_id=self.last_callback(), answer=said, at=at)
            case "reopen":
                operations.reopen_case(callback_id=self.last_callback(), text="没有解决", at=at)
            case "sweep":
                operations.sweep(at=at, actor=ACTOR)
            case "wait":
                self.at += timedelta(days=facts[0])

    def last_callback(self) -> int:
        asked = self.case.callbacks.order_by("-id").first()
        return asked.pk if asked else 0

    def check(self, before: Case) -> Case:
        case = Case.objects.get(pk=self.case.pk)
        assert case.state == before.state or case.state in TRANSITIONS[CaseState(before.state)]
        assert (case.state in LED) <= (case.lead_officer_id is not None)
        if before.lead_officer_id is not None:
            assert case.lead_officer_id == before.lead_officer_id, "a case lost its lead"
        assert (case.reopened_at is not None) == hasattr(case, "earlier_outcome")
        assert case.callbacks.filter(state=CallbackState.ASKED).count() <= (case.state in ENDED)
        decided = case.state in {CaseState.EXECUTING, CaseState.CLOSED}
        assert decided == hasattr(case, "outcome")
        held = escrow.holding(case.card.agreement_id).state
        if case.state in UNDECIDED:
            assert held == AgreementState.FROZEN
        elif decided and case.outcome.result == Result.UPHELD:
            assert held == AgreementState.CLOSED
            assert case.outcome.refund.amount_fen == case.outcome.amount_fen
        else:
            assert held == AgreementState.HELD
        self.check_timeline(case)
        return case

    def check_timeline(self, case: Case) -> None:
        state = ""
        for event in CaseEvent.objects.filter(case=case).order_by("id"):
            assert event.from_state == state
            state = event.to_state
        assert state == case.state
        reopened = case.events.filter(kind=EventKind.REOPENED).first()
        marks = case.events.filter(kind=EventKind.OVERDUE, id__gt=reopened.pk if reopened else 0)
        levels = (case.escalated_at, case.city_told_at, case.supervised_at)
        assert marks.count() == sum(level is not None for level in levels)


def test_in_any_order():
    world = World()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(DEEDS, max_size=25))
    def play(deeds):
        with transaction.atomic():
            world.at = AT
            case = Case.objects.get(pk=world.case.pk)
            refused = 0
            for deed in deeds:
                try:
                    world.do(*deed)
                except DomainError:
                    refused += 1
                case = world.check(case)
            far = AT + timedelta(days=200)
            operations.sweep(at=far, actor=ACTOR)
            case = world.check(case)
            ended = case.state in {CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.EXECUTING}
            assert ended or case.is_supervised, "an undecided case is late and not on the supervision list"
            transaction.set_rollback(True)

    play()

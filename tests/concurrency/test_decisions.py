"""Two officers, two windows of one officer, officer and complainant: a case is led by one and decided once. Its callback is asked,
answered and reopened once."""

import pytest

from complaints.cases import operations
from complaints.cases.errors import AlreadyDecided, CallbackAnswered, HasALead, ReopenedBefore
from complaints.cases.models import Callback, Case, Outcome
from complaints.cases.states import CaseState, Result
from escrow import invariants, queries
from escrow.models import Refund
from escrow.states import AgreementState, RefundBasis
from prepaid.cards import operations as cards
from prepaid.cards.errors import RefundAlreadyAsked
from prepaid.cards.states import OPEN_REFUND_STATES, RefundCause
from tests.complaints import factories as make
from tests.complaints.factories import ACTOR, AT
from tests.concurrency.threads import at_once, refusals


def deciding(case: Case, officer, amount_fen: int | None):
    upheld = amount_fen is not None
    return lambda: operations.decide(
        number=case.number,
        officer=officer,
        result=Result.UPHELD if upheld else Result.NOT_UPHELD,
        amount_fen=amount_fen,
        basis=RefundBasis.JUDGMENT if upheld else "",
        reasons="调解协议",
        at=AT,
    )


@pytest.fixture
def case(committed_db) -> Case:
    make.city()
    officer = make.officer()
    return make.led(make.complaint(), officer)


def test_two_officers_accept_at_once_and_one_leads(committed_db):
    make.city()
    officers = [make.officer(), make.officer(name="李警")]
    case = make.complaint()
    results = at_once(*[lambda who=who: operations.accept(number=case.number, officer=who, at=AT) for who in officers])
    assert refusals(results) == [HasALead]


def test_one_case_decided_in_two_windows_pays_once(case):
    lead = case.lead_officer
    results = at_once(deciding(case, lead, 100_000), deciding(case, lead, 120_000), deciding(case, lead, None))
    assert refusals(results) == [AlreadyDecided] * 2
    outcome = Outcome.objects.get()
    assert Refund.objects.count() == (1 if outcome.result == Result.UPHELD else 0)
    assert all(finding.ok for finding in invariants.prove())


@pytest.mark.parametrize("_turn", range(3))
def test_decided_and_withdrawn_at_once_is_one_of_them(case, _turn):
    """The money is back with the consumer, or the card can be used again: never both."""
    results = at_once(
        deciding(case, case.lead_officer, 100_000),
        lambda: operations.withdraw(number=case.number, complainant=case.complainant, at=AT),
    )
    assert refusals(results) == [AlreadyDecided]
    case.refresh_from_db()
    holding = queries.holding(case.card.agreement_id)
    assert (case.state, holding.state) in {
        (CaseState.EXECUTING, AgreementState.CLOSED),
        (CaseState.WITHDRAWN, AgreementState.HELD),
    }
    assert Refund.objects.count() == (case.state == CaseState.EXECUTING)
    assert all(finding.ok for finding in invariants.prove())


@pytest.fixture
def callback(case) -> Callback:
    """Of a case that was not upheld."""
    deciding(case, case.lead_officer, None)()
    operations.ask_callback(case_id=case.pk, at=AT, actor=ACTOR)
    return Callback.objects.get()


def answering(callback: Callback, *, resolved: bool):
    said = operations.Answer(reached=True, resolved=resolved, satisfied=resolved)
    return lambda: operations.answer_callback(callback_id=callback.pk, answer=said, at=AT)


def test_sweeps_at_once_ask_once(case):
    deciding(case, case.lead_officer, None)()
    results = at_once(*[lambda: operations.ask_callback(case_id=case.pk, at=AT, actor=ACTOR)] * 3)
    assert refusals(results) == []
    assert Callback.objects.count() == 1
    assert case.complainant.messages.filter(kind="cases.callback").count() == 2


def test_answers_at_once_are_one(callback):
    results = at_once(*[answering(callback, resolved=resolved) for resolved in (True, False, False)])
    assert refusals(results) == [CallbackAnswered] * 2
    assert callback.case.events.filter(kind="answered_back").count() == 1


def test_reopened_at_once_is_reopened_once(callback):
    answering(callback, resolved=False)()
    reopen = [lambda: operations.reopen_case(callback_id=callback.pk, text="没解决", at=AT)] * 3
    assert refusals(at_once(*reopen)) == [ReopenedBefore] * 2
    callback.case.refresh_from_db()
    assert callback.case.state == CaseState.IN_HAND
    assert queries.holding(callback.case.card.agreement_id).state == AgreementState.FROZEN
    assert all(finding.ok for finding in invariants.prove())


def test_reopened_and_asked_for_anew_at_once_is_one_open_request(callback):
    answering(callback, resolved=False)()
    card = callback.case.card
    results = at_once(
        lambda: operations.reopen_case(callback_id=callback.pk, text="没解决", at=AT),
        lambda: cards.request_refund(card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=AT, actor=ACTOR),
    )
    assert refusals(results) == [RefundAlreadyAsked]
    assert card.refund_requests.filter(state__in=OPEN_REFUND_STATES).count() == 1
    assert queries.holding(card.agreement_id).state == AgreementState.FROZEN

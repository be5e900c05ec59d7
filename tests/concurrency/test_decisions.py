"""Two officers, two windows of one officer, officer and complainant: a case is led by one and decided once."""

import pytest

from complaints.cases import operations
from complaints.cases.errors import AlreadyDecided, HasALead
from complaints.cases.models import Case, Outcome
from complaints.cases.states import CaseState, Result
from escrow import invariants, queries
from escrow.models import Refund
from escrow.states import AgreementState, RefundBasis
from tests.complaints import factories as make
from tests.complaints.factories import AT
from tests.concurrency.threads import at_once, refusals


def deciding(case: Case, officer, amount_fen: int | None):
    upheld = amount_fen is not None
    return lambda: operations.decide(
        number=case.number,
        officer=officer,
        result=Result.UPHELD if upheld else Result.NOT_UPHELD,
        amount_fen=amount_fen,
        basis=RefundBasis.MEDIATION if upheld else "",
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

"""Several people approve one request at the same moment: its deed is done once."""

import threading
import uuid

import pytest
from django.db import IntegrityError

from escrow import invariants
from escrow import operations as escrow
from escrow.errors import ApprovalDecided
from escrow.models import Approval, Refund
from escrow.operations import approvals
from escrow.states import RefundBasis
from tests.concurrency.threads import at_once, refusals
from tests.escrow.factories import AT, held_agreement


def person() -> str:
    return f"user:{uuid.uuid4()}"


@pytest.fixture
def approval(committed_db) -> Approval:
    return escrow.request_manual_refund(
        agreement_id=held_agreement().pk,
        amount_fen=50_000,
        basis=RefundBasis.JUDGMENT,
        because="court",
        at=AT,
        actor=person(),
    )


def approving(approval: Approval):
    return lambda: escrow.approve(approval_id=approval.pk, at=AT, actor=person())


def test_one_of_many_approves_and_the_money_goes_once(approval):
    results = at_once(*[approving(approval) for _ in range(4)])
    assert refusals(results) == [ApprovalDecided] * 3
    assert Refund.objects.get().amount_fen == 50_000
    assert all(finding.ok for finding in invariants.prove())


def test_one_approves_while_another_refuses(approval):
    def refuse() -> object:
        return escrow.refuse(approval_id=approval.pk, because="no", at=AT, actor=person())

    assert refusals(at_once(approving(approval), refuse)) == [ApprovalDecided]
    approval.refresh_from_db()
    assert Refund.objects.count() == (approval.state == "approved")


def test_without_the_lock_both_would_decide_and_the_database_refuses(approval, monkeypatch):
    """The control: two who read the open request at the same time. What is left is the guard of the row itself."""
    both_have_read = threading.Barrier(2)

    def unlocked(approval_id: int) -> Approval:
        row = Approval.objects.get(pk=approval_id)
        both_have_read.wait(timeout=30)
        return row

    monkeypatch.setattr(approvals, "_locked", unlocked)
    with pytest.raises(IntegrityError, match="a decision is not rewritten"):
        at_once(approving(approval), approving(approval))
    assert Refund.objects.count() == 1

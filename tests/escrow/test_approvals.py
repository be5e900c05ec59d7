"""What takes two people: asked by one, done by another, once; and nothing leaves before."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from escrow import invariants, queries, tasks
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import (
    AgreementFrozen,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalOpen,
    NotFound,
    OnlyTheRequester,
    PersonNeeded,
    ReasonRequired,
    RefundExceedsPaid,
    SecondPersonNeeded,
    WrongState,
)
from escrow.models import Agreement, Approval, ApprovalRule, AuditEntry, Beneficiary, Instruction, PayoutHold
from escrow.operations.instructions import record_answer
from escrow.states import AgreementState, ApprovalKind, ApprovalState, InstructionState, RefundBasis
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_uses import charge

pytestmark = pytest.mark.django_db
ONE, OTHER = f"user:{uuid.uuid4()}", f"user:{uuid.uuid4()}"
TOMORROW = AT + timedelta(days=1)
LIMIT = 10_000_000


def large_payout(price_fen: int = 2 * (LIMIT + 1)) -> Instruction:
    """Half of a dear card was used: the payout is one fen above the limit."""
    agreement = held_agreement(price_fen=price_fen, units_total=2)
    charge(agreement, 1)
    return escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=TOMORROW, actor=ACTOR).instruction


def asked(instruction: Instruction) -> Approval:
    return escrow.request_payout_release(instruction_id=instruction.pk, because="weekly", at=TOMORROW, actor=ONE)


def approve(approval: Approval, actor: str = OTHER, at=TOMORROW) -> Approval:
    return escrow.approve(approval_id=approval.pk, at=at, actor=actor)


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_payout_up_to_the_sum_goes_by_itself_and_one_above_it_waits():
    assert ApprovalRule.objects.current(ApprovalKind.PAYOUT_RELEASE, AT.date()).over_fen == LIMIT
    assert large_payout(2 * LIMIT).state == InstructionState.DUE
    held = large_payout()
    assert held.state == InstructionState.HELD
    Instruction.objects.filter(pk=held.pk).update(due_at=timezone.now())
    assert escrow.send_instruction(instruction_id=held.pk, at=TOMORROW).attempts == 0  # the janitor leaves it
    with pytest.raises(WrongState):
        escrow.ask_now(instruction_id=held.pk, at=TOMORROW, actor=ONE)
    assert queries.backing(held.beneficiary_id).payout_fen == held.amount_fen
    assert not proven()


def test_another_person_releases_it_once():
    held = large_payout()
    approval = asked(held)
    with pytest.raises(SecondPersonNeeded):
        approve(approval, ONE)
    with pytest.raises(PersonNeeded):
        approve(approval, "system:payouts")
    held.refresh_from_db()
    assert held.state == InstructionState.HELD
    assert approve(approval).decided_by == OTHER
    held.refresh_from_db()
    assert held.state == InstructionState.DUE
    assert held.due_at <= timezone.now()
    with pytest.raises(ApprovalDecided):
        approve(approval, f"user:{uuid.uuid4()}")
    assert AuditEntry.objects.filter(action="escrow.release_payout", actor=OTHER).count() == 1
    assert not proven()


def test_a_release_refused_gives_the_money_back_and_stops_payouts():
    held = large_payout()
    escrow.refuse(approval_id=asked(held).pk, because="wrong sum", at=TOMORROW, actor=OTHER)
    held.refresh_from_db()
    backing = queries.backing(held.beneficiary_id)
    assert (held.state, backing.payout_fen, backing.payable_fen) == (InstructionState.FAILED, 0, held.amount_fen)
    assert PayoutHold.objects.get(instruction=held).because == "payout not released: wrong sum"
    later = AT + timedelta(days=3)
    assert escrow.pay_out(beneficiary_id=held.beneficiary_id, at=later, actor=ACTOR) is None
    escrow.release_payouts(beneficiary_id=held.beneficiary_id, because="looked at", at=later, actor=ONE)
    again = escrow.pay_out(beneficiary_id=held.beneficiary_id, at=later, actor=ACTOR)
    assert (again.amount_fen, again.instruction.state) == (held.amount_fen, InstructionState.HELD)
    assert not proven()


def test_the_bank_cannot_know_of_what_was_never_sent():
    held = large_payout()
    for state in ("accepted", "succeeded", "failed"):
        with pytest.raises(WrongState):
            record_answer(
                channel=held.channel,
                answer=TransferAnswer(number=held.number, state=state, amount_fen=held.amount_fen),
                at=TOMORROW,
            )


def refused(sql: str, *values: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
    except (IntegrityError, ProgrammingError):  # a guard, or a right the serving role has not
        return True
    return False


def test_the_database_lets_no_large_payout_go_alone():
    held = large_payout()
    assert refused("UPDATE escrow_instruction SET state = 'due' WHERE id = %s", held.pk)
    assert refused("UPDATE escrow_instruction SET amount_fen = 1 WHERE id = %s", held.pk)
    copy = (
        "INSERT INTO escrow_instruction (kind, number, beneficiary_id, channel, amount_fen, state, due_at, attempts,"
        " answer, created_at) SELECT kind, 'PX', beneficiary_id, channel, amount_fen, %s, due_at, 0, '', created_at"
        " FROM escrow_instruction WHERE id = %s"
    )
    assert refused(copy, "due", held.pk)
    assert not refused(copy, "held", held.pk)  # the control: the same row, held


def test_the_database_takes_no_decision_by_the_person_who_asked_and_none_twice():
    approval = asked(large_payout())
    decide = "UPDATE escrow_approval SET state = 'approved', decided_by = %s, decided_at = now() WHERE id = %s"
    assert refused(decide, ONE, approval.pk)
    assert refused(decide, "system:sweep", approval.pk)
    assert refused(decide.replace("decided_at = now()", "requested_by = ''"), ONE, approval.pk)
    assert not refused(decide, OTHER, approval.pk)  # the control: another person
    assert refused("UPDATE escrow_approval SET reason = 'x' WHERE id = %s", approval.pk)
    assert refused("DELETE FROM escrow_approval WHERE id = %s", approval.pk)


def test_a_payout_account_changes_when_another_person_agrees():
    to = beneficiary()
    before = to.payout_account_no

    def request() -> Approval:
        return escrow.request_payout_account(
            beneficiary_id=to.pk,
            account_no="6222020200998877",
            account_name="新户",
            because="moved banks",
            at=AT,
            actor=ONE,
        )

    approval = request()
    with pytest.raises(ApprovalOpen):
        request()
    assert Beneficiary.objects.get(pk=to.pk).payout_account_no == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM escrow_approval")
        assert "6222020200998877" not in cursor.fetchone()[0]
    escrow.refuse(approval_id=approval.pk, because="not reached by phone", at=AT, actor=OTHER)
    assert Beneficiary.objects.get(pk=to.pk).payout_account_no == before
    approve(request(), at=AT)
    changed = Beneficiary.objects.get(pk=to.pk)
    assert (changed.payout_account_no, changed.payout_account_name) == ("6222020200998877", "新户")
    assert not AuditEntry.objects.filter(after__icontains="6222020200998877").exists()


def test_a_refund_by_hand_takes_two_and_settles_the_agreement():
    agreement = held_agreement(price_fen=200_000)

    def request(amount_fen: int = 50_000, of: Agreement = agreement) -> Approval:
        return escrow.request_manual_refund(
            agreement_id=of.pk,
            amount_fen=amount_fen,
            basis=RefundBasis.JUDGMENT,
            because="court",
            at=AT,
            actor=ONE,
        )

    with pytest.raises(RefundExceedsPaid):
        request(200_001)
    frozen = held_agreement()
    escrow.freeze_agreement(agreement_id=frozen.pk, because="complaint", at=AT, actor=ACTOR)
    with pytest.raises(AgreementFrozen):
        request(of=frozen)
    approval = request()
    assert queries.holding(agreement.pk).held_fen == 200_000
    approve(approval, at=AT)
    agreement.refresh_from_db()
    assert (agreement.state, agreement.refund.amount_fen) == (AgreementState.CLOSED, 50_000)
    assert agreement.refund.reference == f"approval:{approval.pk}"
    assert not proven()


def test_a_deed_that_is_refused_leaves_the_request_open():
    agreement = held_agreement()
    approval = escrow.request_manual_refund(
        agreement_id=agreement.pk, amount_fen=1, basis=RefundBasis.CONSENT, because="agreed", at=AT, actor=ONE
    )
    escrow.freeze_agreement(agreement_id=agreement.pk, because="complaint", at=AT, actor=ACTOR)
    with pytest.raises(AgreementFrozen):
        approve(approval, at=AT)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by) == (ApprovalState.OPEN, "")


def test_a_request_is_withdrawn_by_its_author_alone_and_ends_with_its_time(monkeypatch):
    held = large_payout()
    approval = asked(held)
    with pytest.raises(OnlyTheRequester):
        escrow.withdraw(approval_id=approval.pk, at=TOMORROW, actor=OTHER)
    escrow.withdraw(approval_id=approval.pk, at=TOMORROW, actor=ONE)
    second = asked(held)
    after = second.expires_at
    with pytest.raises(ApprovalExpired):
        approve(second, at=after)
    early = {"approval_id": second.pk, "at": after - timedelta(seconds=1), "actor": "system:sweep"}
    assert not escrow.expire_approval(**early)
    monkeypatch.setattr(tasks.clock, "now", lambda: after)
    assert (tasks.expire_approvals(), tasks.expire_approvals()) == (1, 0)
    held.refresh_from_db()
    assert held.state == InstructionState.HELD
    states = list(Approval.objects.order_by("id").values_list("state", flat=True))
    assert states == [ApprovalState.WITHDRAWN, ApprovalState.EXPIRED]
    assert asked(held).state == ApprovalState.OPEN


def test_a_request_needs_a_person_and_a_reason():
    held = large_payout()
    with pytest.raises(PersonNeeded):
        escrow.request_payout_release(instruction_id=held.pk, because="due", at=TOMORROW, actor="system:payouts")
    with pytest.raises(ReasonRequired):
        escrow.request_payout_release(instruction_id=held.pk, because=" ", at=TOMORROW, actor=ONE)
    with pytest.raises(ReasonRequired):
        escrow.refuse(approval_id=asked(held).pk, because="", at=TOMORROW, actor=OTHER)
    with pytest.raises(NotFound):
        escrow.approve(approval_id=0, at=TOMORROW, actor=OTHER)


def test_a_returned_payout_keeps_the_reason_that_held_before():
    agreement = held_agreement()
    charge(agreement, 1)
    payout = escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=TOMORROW, actor=ACTOR)
    escrow.hold_payouts(beneficiary_id=agreement.beneficiary_id, because="court order 7", at=TOMORROW, actor=ONE)
    instruction = payout.instruction
    record_answer(
        channel=instruction.channel,
        answer=TransferAnswer(
            number=instruction.number, state="failed", amount_fen=instruction.amount_fen, reason="closed"
        ),
        at=TOMORROW,
    )
    to = Beneficiary.objects.get(pk=agreement.beneficiary_id)
    assert to.payouts_held_because == "payout returned by the bank: closed; court order 7"
    returned = PayoutHold.objects.get(instruction=instruction)
    escrow.release_payouts(beneficiary_id=to.pk, hold_id=returned.pk, because="new account", at=TOMORROW, actor=ONE)
    to.refresh_from_db()
    assert (to.payouts_held, to.payouts_held_because) == (True, "court order 7")
    with pytest.raises(NotFound):
        escrow.release_payouts(beneficiary_id=to.pk, hold_id=returned.pk, because="again", at=TOMORROW, actor=ONE)
    escrow.release_payouts(beneficiary_id=to.pk, because="lifted", at=TOMORROW, actor=ONE)
    to.refresh_from_db()
    assert not to.payouts_held
    assert not proven()

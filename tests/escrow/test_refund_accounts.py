"""A refund that the channel cannot pay back goes to its owner's bank account, when two people have said so."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from escrow import channels, invariants, queries
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import ApprovalOpen, NameDiffers, NotFound, PersonNeeded, RefundNotReturned, SecondPersonNeeded
from escrow.models import Approval, AuditEntry, Instruction, Payment, Refund
from escrow.operations import instructions
from escrow.operations.approvals import same_name
from escrow.states import InstructionState
from tests.escrow.factories import ACTOR, AT, held_agreement
from tests.escrow.test_approvals import ONE, approve
from tests.escrow.test_claims import owed, paid_out, used
from tests.escrow.test_orders_out import Bank, send
from tests.escrow.test_refunds_and_payments import answered, refund
from tests.escrow.test_statements import Statement

pytestmark = pytest.mark.django_db
ACCOUNT = "6222020200112233445"


def asked(payment: Payment, *, actor: str = ONE, **facts: str) -> Approval:
    wanted = {"account_no": ACCOUNT, "account_name": "张三", "person_name": "张三", "because": "card closed"} | facts
    return escrow.request_refund_account(payment_id=payment.pk, **wanted, at=AT, actor=actor)


def returned(times: int = 1) -> Refund:
    made = refund(held_agreement(), 150_000)
    for _ in range(times):
        answered(made.instruction, "failed")
        made.refresh_from_db()
    return made


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_returned_refund_goes_to_the_account_that_two_people_named(monkeypatch):
    made = returned()
    payment = made.instruction.payment
    waiting = made.instruction
    approval = asked(payment)
    assert approval.amount_fen == 150_000
    with pytest.raises(ApprovalOpen):
        asked(payment)
    with pytest.raises(SecondPersonNeeded):
        approve(approval, ONE, at=AT)
    approve(approval, at=AT)
    waiting.refresh_from_db()
    made.refresh_from_db()
    order = made.instruction
    assert (waiting.state, order.state, order.amount_fen) == (InstructionState.FAILED, InstructionState.DUE, 150_000)
    assert (order.payee_account, order.payee_name, order.payment_id) == (ACCOUNT, "张三", payment.pk)
    assert not AuditEntry.objects.filter(after__icontains=ACCOUNT).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT refund_account, refund_account_name FROM escrow_payment WHERE id = %s", [payment.pk])
        assert not {ACCOUNT, "张三"} & set(cursor.fetchone())
    assert not proven()
    bank = Bank()
    monkeypatch.setattr(instructions, "channel_of", lambda _code: bank)
    send(order)
    assert [(told["to_account_no"], told["to_name"], told["payout_no"]) for told in bank.told] == [
        (ACCOUNT, "张三", order.number)
    ]


def test_the_bank_shows_it_as_a_transfer_and_the_refund_is_paid(monkeypatch):
    bank = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: bank)
    made = returned()
    agreement = made.agreement
    approve(asked(made.instruction.payment), at=AT)
    made.refresh_from_db()
    bank.arrived(agreement)
    bank.add(agreement.beneficiary.custody_no, "out", "payout", made.instruction.number, 150_000)
    escrow.import_statement(channel="sandbox", at=AT)
    made.refresh_from_db()
    assert made.paid_at == AT
    assert queries.backing(agreement.beneficiary_id).refund_fen == 0
    assert not proven()


def test_what_is_under_way_goes_to_the_account_if_it_is_returned_and_so_do_later_parts(monkeypatch):
    made = returned()
    order = made.instruction
    Instruction.objects.filter(pk=order.pk).update(state=InstructionState.UNKNOWN, due_at=timezone.now())
    approve(asked(order.payment), at=AT)
    made.refresh_from_db()
    assert made.instruction == order  # nobody knows what became of it
    answered(order, "failed")
    made.refresh_from_db()
    assert made.instruction.payee_account == ACCOUNT
    answered(made.instruction, "failed")
    made.refresh_from_db()
    assert made.instruction.payee_account == ACCOUNT
    approve(asked(order.payment, account_no="6222020200998877"), at=AT)
    made.refresh_from_db()
    assert made.instruction.payee_account == "6222020200998877"
    assert not proven()


def test_the_parts_of_a_claim_go_there_too():
    card = held_agreement()
    used(card, 5)
    paid_out(card.beneficiary, at=AT)
    made = owed(card, 150_000)
    answered(made.instruction, "failed")
    made.refresh_from_db()
    approve(asked(made.instruction.payment), at=AT)
    other = held_agreement(card.beneficiary)
    used(other, 10)
    escrow.serve_claims(beneficiary_id=card.beneficiary_id, at=AT + 2 * instructions.LONGEST_PAUSE, actor=ACTOR)
    orders = Instruction.objects.filter(payment__agreement=card, state=InstructionState.DUE)
    assert {order.payee_account for order in orders} == {ACCOUNT}
    assert not proven()


def test_nothing_goes_elsewhere_that_the_channel_may_still_pay_back_or_that_is_not_ones_own():
    made = refund(held_agreement(), 150_000)
    payment = made.instruction.payment
    with pytest.raises(RefundNotReturned):
        asked(payment)
    answered(made.instruction, "failed")
    made.refresh_from_db()
    for facts, error in (
        ({"account_name": "李四"}, NameDiffers),
        ({"account_name": "", "person_name": ""}, NameDiffers),
        ({"actor": "system:sweep"}, PersonNeeded),
    ):
        with pytest.raises(error):
            asked(payment, **facts)
    with pytest.raises(NotFound):
        asked(Payment(pk=0))
    assert not Approval.objects.exists()
    approval = asked(payment)
    answered(made.instruction, "succeeded")
    with pytest.raises(RefundNotReturned):
        approve(approval, at=AT)
    payment.refresh_from_db()
    assert payment.refund_account == ""
    assert not proven()


def test_names_are_compared_as_they_are_written():
    assert same_name("阿依古丽·买买提", "阿依古丽•买买提")
    assert same_name("LI  Ming", "Li Ｍing")
    assert not same_name("张三", "张三丰")


def test_a_file_names_the_account_of_a_transfer():
    made = returned()
    approve(asked(made.instruction.payment), at=AT)
    batch = escrow.make_batch(channel="sandbox", kind="refund", at=AT, actor=ACTOR)
    _name, content = escrow.export_batch(batch_id=batch.pk, at=AT, actor=ACTOR)
    line = next(line for line in content.decode("utf-8-sig").splitlines() if ACCOUNT in line)
    assert "划付" in line
    assert "张三" in line


def test_the_database_lets_no_refund_go_elsewhere_alone():
    made = returned()
    copy = (
        "INSERT INTO escrow_instruction (kind, number, beneficiary_id, channel, payment_id, amount_fen, state, due_at,"
        " attempts, answer, created_at, payee_account) SELECT kind, 'RX', beneficiary_id, channel, payment_id, amount_fen,"
        " 'failed', due_at, 0, '', created_at, %s FROM escrow_instruction WHERE id = %s"
    )
    with pytest.raises(IntegrityError, match="second person"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copy, ["x", made.instruction_id])
    with connection.cursor() as cursor:  # the control: back to where it came from
        cursor.execute(copy, ["", made.instruction_id])


def test_the_bank_is_asked_about_a_transfer_as_about_a_payout(monkeypatch):
    made = returned()
    approve(asked(made.instruction.payment), at=AT)
    made.refresh_from_db()
    order = made.instruction
    Instruction.objects.filter(pk=order.pk).update(state=InstructionState.UNKNOWN)

    class Knows:
        def query_payout(self, *, payout_no: str) -> TransferAnswer:
            return TransferAnswer(number=payout_no, state="succeeded", amount_fen=order.amount_fen)

    monkeypatch.setattr(instructions, "channel_of", lambda _code: Knows())
    assert send(order).state == InstructionState.SUCCEEDED

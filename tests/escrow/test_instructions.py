"""What a refusal, a repeated number or a returned order at the bank means for the money."""

from datetime import timedelta

import pytest
from django.utils import timezone

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.channels import ChannelRefused, ChannelUnknown, TransferAnswer
from escrow.errors import NotFound
from escrow.models import Instruction
from escrow.operations import instructions
from escrow.operations.payments import take_payment
from escrow.states import InstructionState
from tests.escrow.factories import ACTOR, AT, held_agreement, open_agreement, order, paid
from tests.escrow.test_refunds_and_payments import answered, refund
from tests.escrow.test_uses import charge

pytestmark = pytest.mark.django_db


class Bank:
    """Answers each call with the next thing it was told to say; an error is raised."""

    def __init__(self, **says):
        self.says = {call: list(answers) for call, answers in says.items()}
        self.asked = []

    def __getattr__(self, call):
        def answer(**_facts):
            self.asked.append(call)
            said = self.says[call].pop(0)
            if isinstance(said, Exception):
                raise said
            return said

        return answer


@pytest.fixture
def bank(monkeypatch):
    def says(**answers) -> Bank:
        made = Bank(**answers)
        monkeypatch.setattr(instructions, "channel_of", lambda _code: made)
        return made

    return says


def sent(instruction: Instruction) -> Instruction:
    Instruction.objects.filter(pk=instruction.pk).update(due_at=timezone.now())
    return escrow.send_instruction(instruction_id=instruction.pk, at=AT)


def payout() -> Instruction:
    agreement = held_agreement()
    charge(agreement, 1)
    return escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR).instruction


def said(instruction: Instruction, state: str) -> TransferAnswer:
    return TransferAnswer(number=instruction.number, state=state, amount_fen=instruction.amount_fen)


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_taken_number_is_no_failure_when_the_first_attempt_pays(bank):
    """The first call arrived after all, and the second differed in a remark: the bank refuses it, and pays the first."""
    row = payout()
    bank(pay_out=[ChannelUnknown("timeout")])
    assert sent(row).state == InstructionState.UNKNOWN
    bank(
        query_payout=[None, said(row, "accepted")],
        pay_out=[ChannelRefused("number_reused", "this number was used before")],
    )
    assert sent(row).state == InstructionState.ACCEPTED
    assert queries.backing(row.beneficiary_id).payable_fen == 0


def test_a_refused_question_says_nothing(bank):
    row = payout()
    bank(pay_out=[ChannelUnknown("timeout")])
    sent(row)
    bank(query_payout=[ChannelRefused("forbidden", "not now")])
    row = sent(row)
    assert (row.state, row.answer) == (InstructionState.UNKNOWN, "forbidden: not now")
    assert queries.backing(row.beneficiary_id).payable_fen == 0


def test_a_refused_order_that_the_bank_never_saw_has_failed(bank):
    row = payout()
    bank(pay_out=[ChannelRefused("no_such_account", "unknown")], query_payout=[None])
    assert sent(row).state == InstructionState.FAILED
    assert queries.backing(row.beneficiary_id).payable_fen == row.amount_fen
    assert not proven()


def test_a_returned_refund_is_ordered_again_under_a_new_number():
    made = refund(held_agreement(), 150_000)
    first = made.instruction
    answered(first, "failed")
    made.refresh_from_db()
    again = made.instruction
    assert again.number != first.number
    assert (again.state, again.amount_fen, again.payment_id) == (InstructionState.DUE, 150_000, first.payment_id)
    assert again.due_at > timezone.now()  # not at once: the bank would say the same
    assert not proven()
    answered(first, "failed")  # once more: nothing
    assert Instruction.objects.count() == 2
    answered(again, "failed")
    made.refresh_from_db()
    assert made.instruction.due_at > again.due_at
    answered(made.instruction, "succeeded")
    made.refresh_from_db()
    assert made.paid_at == AT
    assert not proven()


def test_late_money_that_the_bank_returned_is_sent_back_again():
    agreement = open_agreement()
    payment = order(agreement)
    escrow.cancel_agreement(agreement_id=agreement.pk, at=AT, actor=ACTOR)
    take_payment(channel="sandbox", answer=paid(payment), at=AT)
    answered(payment.refund_instructions.get(), "failed")
    assert payment.refund_instructions.filter(state=InstructionState.DUE).get().amount_fen == payment.amount_fen
    assert queries.backing(agreement.beneficiary_id).refund_fen == payment.amount_fen
    assert not proven()


def test_another_channel_says_nothing_about_an_order_it_never_got():
    row = payout()
    with pytest.raises(NotFound):
        instructions.record_answer(channel="other", answer=said(row, "succeeded"), at=AT)
    row.refresh_from_db()
    assert row.state == InstructionState.DUE
    assert instructions.record_answer(channel="sandbox", answer=said(row, "succeeded"), at=AT).done_at == AT

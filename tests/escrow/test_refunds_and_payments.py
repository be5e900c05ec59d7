"""Money in and out at the edge: funding once, late money sent back, settlement exact, answers that repeat."""

from datetime import timedelta

import pytest
from django.utils import timezone

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.channels import PaymentAnswer, TransferAnswer
from escrow.errors import (
    AnotherAmount,
    BasisRequired,
    InvalidAmount,
    NotFound,
    PayoutAccountMissing,
    RefundExceedsPaid,
    WrongState,
)
from escrow.models import AuditEntry, Beneficiary, Instruction, Refund
from escrow.operations import payments
from escrow.operations.instructions import record_answer
from escrow.operations.payments import take_payment
from escrow.states import AgreementState, InstructionState, PaymentState, Plan, RefundBasis
from tests.escrow.factories import ACTOR, AT, held_agreement, open_agreement, order, paid
from tests.escrow.test_uses import charge, counters, proven

pytestmark = pytest.mark.django_db


def refund(agreement, amount_fen, basis=RefundBasis.CONSENT, **interest):
    facts = {"basis": basis, "reference": "request:1", "at": AT, "actor": ACTOR, **interest}
    return escrow.refund(agreement_id=agreement.pk, amount_fen=amount_fen, **facts)


def answered(instruction: Instruction, state, amount_fen=None):
    return record_answer(
        channel="sandbox",
        answer=TransferAnswer(number=instruction.number, state=state, amount_fen=amount_fen or instruction.amount_fen),
        at=AT,
    )


def test_a_notification_that_comes_twice_funds_once():
    agreement = open_agreement()
    payment = order(agreement)
    for _ in range(3):
        take_payment(channel="sandbox", answer=paid(payment), at=AT)
    assert queries.holding(agreement.pk).held_fen == agreement.price_fen
    assert queries.holding(agreement.pk).units_left == 10
    assert not proven()


def test_a_channel_switched_on_later_pays_beneficiaries_who_were_there_before(monkeypatch):
    agreement = open_agreement()
    answer = PaymentAnswer(order_no="", channel_payment_no="N1", state="created", amount_fen=1, cashier_url="/cashier")
    bank = type("Bank", (), {"create_payment": lambda self, **facts: answer})()
    monkeypatch.setattr(payments, "channel_of", lambda code: bank)
    payment = escrow.start_payment(
        agreement_id=agreement.pk, channel="second", subject="card", return_url="/", at=AT, actor=ACTOR
    )
    take_payment(channel="second", answer=paid(payment), at=AT)
    assert queries.backing(agreement.beneficiary_id).clearing_fen == agreement.price_fen
    assert not proven()


def test_another_amount_than_ours_is_refused():
    agreement = open_agreement()
    payment = order(agreement)
    before = counters()
    with pytest.raises(AnotherAmount):
        take_payment(channel="sandbox", answer=paid(payment, amount_fen=1), at=AT)
    assert counters() == before
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.OPEN


def test_late_money_is_taken_in_and_sent_back():
    agreement = open_agreement()
    payment = order(agreement)
    escrow.cancel_agreement(agreement_id=agreement.pk, at=AT, actor=ACTOR)
    for _ in range(2):
        take_payment(channel="sandbox", answer=paid(payment), at=AT)
    payment.refresh_from_db()
    assert payment.state == PaymentState.LATE
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.held_fen, backing.suspense_fen, backing.refund_fen) == (0, 0, 200_000)
    assert payment.refund_instructions.get().amount_fen == 200_000
    assert not proven()


def test_refund_closes_and_the_rest_is_the_merchants():
    agreement = held_agreement()
    charge(agreement, 3)
    made = refund(agreement, 110_000)
    assert (made.amount_fen, made.settled_fen) == (110_000, 30_000)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.CLOSED
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.held_fen, backing.refund_fen, backing.payable_fen) == (0, 110_000, 90_000)
    holding = queries.holding(agreement.pk)
    assert (holding.units_used, holding.units_left, holding.held_fen) == (3, 0, 0)  # still tells what was used
    assert not proven()


def test_open_reservations_return_before_a_refund():
    agreement = held_agreement(plan=Plan.STORED_VALUE, price_fen=100_000, bonus_fen=20_000)
    charge(agreement, 60_000)
    charge(agreement, 30_000, final=False)
    assert refund(agreement, 50_000).settled_fen == 0
    assert not proven()


def test_the_same_refund_again_is_the_same_and_another_is_refused():
    agreement = held_agreement()
    made = refund(agreement, 150_000)
    assert refund(agreement, 150_000) == made
    before = counters()
    for amount, basis in ((200_000, RefundBasis.CONSENT), (150_000, RefundBasis.JUDGMENT)):
        with pytest.raises(WrongState):
            refund(agreement, amount, basis)
    assert counters() == before
    assert Instruction.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "basis", "error"),
    [
        (200_001, RefundBasis.CONSENT, RefundExceedsPaid),
        (10**18, RefundBasis.CONSENT, RefundExceedsPaid),
        (-1, RefundBasis.CONSENT, InvalidAmount),
        (0.001, RefundBasis.CONSENT, InvalidAmount),
        (100, "because I say so", BasisRequired),
        (100, "", BasisRequired),
    ],
)
def test_a_refund_that_may_not_be_changes_nothing(amount, basis, error):
    agreement = held_agreement()
    before = counters()
    with pytest.raises(error):
        refund(agreement, amount, basis)
    assert counters() == before
    assert not Refund.objects.exists()


def test_nothing_owed_back_settles_without_an_instruction():
    agreement = held_agreement()
    made = refund(agreement, 0)
    assert (made.instruction, made.paid_at) == (None, AT)
    assert queries.backing(agreement.beneficiary_id).payable_fen == 200_000
    assert not proven()


def test_the_banks_answer_counts_once(django_capture_on_commit_callbacks):
    made = refund(held_agreement(), 200_000)
    answered(made.instruction, "accepted")
    answered(made.instruction, "succeeded")
    made.refresh_from_db()
    assert made.paid_at == AT
    entries = AuditEntry.objects.count()
    for state in ("succeeded", "failed", "accepted"):
        answered(made.instruction, state)
    assert AuditEntry.objects.count() == entries
    with pytest.raises(NotFound):
        answered(made.instruction, "succeeded", amount_fen=1)


def test_a_returned_payout_comes_back_and_waits_for_a_person():
    agreement = held_agreement()
    charge(agreement, 1)
    tomorrow = AT + timedelta(days=1)
    payout = escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=tomorrow, actor=ACTOR)
    answered(payout.instruction, "failed")
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.payable_fen, backing.payout_fen) == (20_000, 0)
    assert Beneficiary.objects.get(pk=agreement.beneficiary_id).payouts_held
    later = AT + timedelta(days=7)
    assert escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=later, actor=ACTOR) is None
    escrow.release_payouts(beneficiary_id=agreement.beneficiary_id, because="new account", at=later, actor=ACTOR)
    again = escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=later, actor=ACTOR)
    assert again.amount_fen == 20_000
    assert not proven()


def test_a_payout_without_an_account_says_so():
    agreement = held_agreement()
    charge(agreement, 1)
    Beneficiary.objects.update(payout_account_no="")
    before = queries.backing(agreement.beneficiary_id)
    with pytest.raises(PayoutAccountMissing):
        escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR)
    assert queries.backing(agreement.beneficiary_id) == before


def test_an_instruction_says_unknown_before_anybody_calls(settings):
    settings.SANDBOX_BANK_URL = "http://127.0.0.1:9"  # nobody listens: the call fails after the row was written
    made = refund(held_agreement(), 200_000)
    Instruction.objects.update(due_at=timezone.now())
    sent = escrow.send_instruction(instruction_id=made.instruction_id, at=AT)
    assert (sent.state, sent.attempts) == (InstructionState.UNKNOWN, 1)
    assert sent.due_at > timezone.now()
    again = escrow.send_instruction(instruction_id=made.instruction_id, at=AT)  # not due yet: nobody calls
    assert again.attempts == 1
    assert [f.name for f in invariants.prove() if not f.ok] == []

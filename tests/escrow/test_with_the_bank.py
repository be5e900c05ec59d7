"""The kernel and the real sandbox bank: money in, money out, statements, and every way an answer can fail to come."""

from datetime import timedelta

import httpx
import pytest
from django.db.models import F
from django.utils import timezone

from escrow import invariants, queries, tasks
from escrow import operations as escrow
from escrow.channels import PaymentAnswer
from escrow.errors import AgreementExpired, AlreadyPaid, ChannelUnavailable
from escrow.models import Agreement, BusinessClock, Instruction, Payment, StatementLine
from escrow.states import AgreementState, InstructionState, PaymentState, RefundBasis
from tests.escrow.factories import ACTOR, AT, beneficiary, open_agreement
from tests.sandbox_bank.bank import pay, until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def notified(bank, inbox, settings):
    """The bank notifies the inbox; ``deliver`` hands on what it got."""
    settings.PUBLIC_URL = inbox.url.partition("/notifications/")[0]
    BusinessClock.objects.all().delete()


def started(agreement: Agreement) -> Payment:
    return escrow.start_payment(
        agreement_id=agreement.pk,
        channel="sandbox",
        subject="十次卡",
        return_url="http://127.0.0.1/",
        at=AT,
        actor=ACTOR,
    )


def pay_at_cashier(payment: Payment) -> None:
    answer = PaymentAnswer(payment.order_no, "", "created", payment.amount_fen, cashier_url=payment.cashier_url)
    assert pay(answer).status_code == 303


def deliver(client, inbox, number: str, **forged):
    """Every notification about ``number``, posted to the platform as the bank sent it."""
    until(lambda: inbox.about(number))
    statuses = []
    for path, headers, body in list(inbox.raw):
        if number.encode() in body:
            sent = {key: value for key, value in headers.items() if key.startswith("X-")} | forged
            answer = client.post(path, data=body, content_type="application/json", headers=sent)
            statuses.append(answer.status_code)
    return statuses


def bought(client, inbox) -> Agreement:
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    pay_at_cashier(payment)
    assert set(deliver(client, inbox, payment.order_no)) == {204}
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.HELD
    return agreement


def sent(instruction_id: int) -> Instruction:
    """The instruction after the worker had it until it was done."""

    def done():
        Instruction.objects.filter(pk=instruction_id).update(due_at=timezone.now())
        row = escrow.send_instruction(instruction_id=instruction_id, at=AT)
        return row if row.done_at else None

    return until(done)


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_card_from_payment_to_refund_and_payout(client, inbox):
    agreement = bought(client, inbox)
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=3,
        final=True,
        key="u",
        reference="visit",
        at=AT,
        actor=ACTOR,
    )
    refund = escrow.refund(
        agreement_id=agreement.pk,
        amount_fen=140_000,
        basis=RefundBasis.CONSENT,
        reference="request:1",
        at=AT,
        actor=ACTOR,
    )
    assert sent(refund.instruction_id).state == InstructionState.SUCCEEDED
    refund.refresh_from_db()
    assert refund.paid_at is not None
    payout = escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=AT + timedelta(days=1), actor=ACTOR)
    assert payout.amount_fen == 60_000
    # The money must be in custody before the bank pays it out: the statement says when it arrived.
    escrow.import_statement(channel="sandbox", at=AT)
    assert sent(payout.instruction_id).state == InstructionState.SUCCEEDED
    assert escrow.import_statement(channel="sandbox", at=AT) == 1
    assert escrow.import_statement(channel="sandbox", at=AT) == 0
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.owed_fen, backing.custody_fen, backing.clearing_fen) == (0, 0, 0)
    assert not proven()


def test_a_forged_notification_changes_nothing(client, inbox):
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    pay_at_cashier(payment)
    assert set(deliver(client, inbox, payment.order_no, **{"X-Signature": "AAAA"})) == {401}
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.OPEN
    assert (
        client.post("/api/v1/channel/sandbox/notifications/", data="{}", content_type="application/json").status_code
        == 401
    )
    assert (
        client.post("/api/v1/channel/nobody/notifications/", data="{}", content_type="application/json").status_code
        == 404
    )


def test_a_lost_notification_is_asked_for(bank, inbox):
    bank.behave(lose=1)
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    pay_at_cashier(payment)
    Payment.objects.filter(pk=payment.pk).update(ask_at=timezone.now())
    assert tasks.ask_payments() == 1
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.HELD


def test_the_statement_learns_of_a_payment_nobody_told(bank, inbox):
    bank.behave(lose=1)
    agreement = open_agreement(beneficiary())
    pay_at_cashier(started(agreement))
    escrow.import_statement(channel="sandbox", at=AT)
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.held_fen, backing.custody_fen, backing.clearing_fen) == (200_000, 200_000, 0)
    assert not proven()


def test_starting_twice_is_one_order_and_paid_is_paid(client, inbox):
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    assert started(agreement).order_no == payment.order_no
    pay_at_cashier(payment)
    deliver(client, inbox, payment.order_no)
    with pytest.raises(AlreadyPaid):
        started(agreement)


def test_an_unpaid_order_is_closed_at_the_bank_before_it_is_given_up(bank, inbox):
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    later = AT + timedelta(hours=1)
    escrow.expire_agreement(agreement_id=agreement.pk, at=later, actor=ACTOR)
    agreement.refresh_from_db()
    payment.refresh_from_db()
    assert (agreement.state, payment.state) == (AgreementState.EXPIRED, PaymentState.CLOSED)
    answer = PaymentAnswer(payment.order_no, "", "created", payment.amount_fen, cashier_url=payment.cashier_url)
    assert pay(answer).status_code != 303  # nothing left to press
    with pytest.raises(AgreementExpired):
        started(agreement)


def test_an_order_paid_at_the_last_moment_is_funded_not_expired(bank, inbox):
    bank.behave(lose=1)
    agreement = open_agreement(beneficiary())
    pay_at_cashier(started(agreement))
    escrow.expire_agreement(agreement_id=agreement.pk, at=AT + timedelta(hours=1), actor=ACTOR)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.HELD


def test_money_for_a_cancelled_order_goes_back_to_the_payer(client, inbox):
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    escrow.cancel_agreement(agreement_id=agreement.pk, at=AT, actor=ACTOR)
    pay_at_cashier(payment)
    deliver(client, inbox, payment.order_no)
    escrow.import_statement(channel="sandbox", at=AT)
    assert sent(payment.refund_instructions.get().pk).state == InstructionState.SUCCEEDED
    escrow.import_statement(channel="sandbox", at=AT)
    assert queries.backing(agreement.beneficiary_id).owed_fen == 0
    assert not proven()


def test_a_cancelled_order_is_closed_at_the_bank_and_asked_about_no_more(bank, inbox):
    agreement = open_agreement(beneficiary())
    payment = started(agreement)
    escrow.cancel_agreement(agreement_id=agreement.pk, at=AT, actor=ACTOR)
    assert tasks.ask_payments() == 1
    payment.refresh_from_db()
    assert (payment.state, payment.ask_at) == (PaymentState.CLOSED, None)
    answer = PaymentAnswer(payment.order_no, "", "created", payment.amount_fen, cashier_url=payment.cashier_url)
    assert pay(answer).status_code != 303  # nothing left to press
    assert tasks.ask_payments() == 0


def test_a_call_that_times_out_is_unknown_until_the_bank_says(client, inbox, bank, monkeypatch):
    agreement = bought(client, inbox)
    refund = escrow.refund(
        agreement_id=agreement.pk, amount_fen=200_000, basis=RefundBasis.CONSENT, reference="r", at=AT, actor=ACTOR
    )
    bank.behave(hang=1, hang_seconds=7, lose=1)  # it takes effect, and nobody hears of it
    Instruction.objects.update(due_at=timezone.now())
    unknown = escrow.send_instruction(instruction_id=refund.instruction_id, at=AT)
    assert unknown.state == InstructionState.UNKNOWN
    bank.behave()
    assert sent(refund.instruction_id).state == InstructionState.SUCCEEDED
    escrow.import_statement(channel="sandbox", at=AT)
    out = StatementLine.objects.filter(beneficiary=agreement.beneficiary_id, direction="out")
    assert [line.amount_fen for line in out] == [200_000]
    assert not proven()


def test_a_dead_bank_takes_no_order_and_loses_none(settings, bank, inbox):
    alive, settings.SANDBOX_BANK_URL = settings.SANDBOX_BANK_URL, "http://127.0.0.1:9"
    agreement = open_agreement(beneficiary())
    with pytest.raises(ChannelUnavailable):
        started(agreement)
    with pytest.raises(ChannelUnavailable):
        escrow.import_statement(channel="sandbox", at=AT)
    settings.SANDBOX_BANK_URL = alive
    assert started(agreement).cashier_url


def test_one_sweep_does_everything_that_is_due(client, inbox, bank):
    agreement = bought(client, inbox)
    now = timezone.now()
    escrow.load_working_days(first_year=now.year, last_year=now.year + 1, confirmed_until=now.year)
    long_ago = now - timedelta(days=14)
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=1,
        final=True,
        key="a",
        reference="v",
        at=long_ago,
        actor=ACTOR,
    )
    waiting = escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=2,
        final=False,
        key="b",
        reference="v",
        confirm_until=long_ago + timedelta(days=1),
        at=long_ago,
        actor=ACTOR,
    )
    bank.behave(settle_seconds=0)
    tasks.sweep()
    waiting.refresh_from_db()
    assert waiting.state == "expired"
    assert Instruction.objects.get(kind="payout").amount_fen == 20_000

    def paid():
        Instruction.objects.update(due_at=F("created_at"))
        tasks.sweep()
        return queries.backing(agreement.beneficiary_id).custody_fen == 180_000

    until(paid)
    assert not proven()


def owed_together(client, inbox, count: int = 3) -> list[int]:
    """Orders of refunds that nobody has sent."""
    orders = []
    for _nth in range(count):
        agreement = bought(client, inbox)
        refund = escrow.refund(
            agreement_id=agreement.pk, amount_fen=agreement.price_fen, basis=RefundBasis.CLOSURE, reference="closing",
            at=AT, actor=ACTOR,
        )  # fmt: skip
        orders.append(refund.instruction_id)
    return orders


def test_refunds_of_one_call_are_accepted_together_and_each_ends_by_itself(client, inbox):
    orders = owed_together(client, inbox)
    assert escrow.send_refunds(channel="sandbox", at=AT) == 3
    assert escrow.send_refunds(channel="sandbox", at=AT) == 0
    rows = Instruction.objects.filter(pk__in=orders)
    assert set(rows.values_list("state", "attempts")) == {(InstructionState.ACCEPTED, 1)}
    assert {sent(pk).state for pk in orders} == {InstructionState.SUCCEEDED}
    assert all(finding.ok for finding in invariants.prove())


def test_a_call_that_nobody_answered_leaves_each_unknown_and_each_is_asked_about(client, inbox, bank, monkeypatch):
    orders = owed_together(client, inbox)
    bank.behave(hang=1, hang_seconds=3)  # it happens, and nobody hears of it
    monkeypatch.setattr("escrow.channels.sandbox.MANY_TIMEOUT", httpx.Timeout(1))
    assert escrow.send_refunds(channel="sandbox", at=AT) == 0
    bank.behave()
    rows = Instruction.objects.filter(pk__in=orders)
    assert set(rows.values_list("state", flat=True)) == {InstructionState.UNKNOWN}
    assert {sent(pk).state for pk in orders} == {InstructionState.SUCCEEDED}
    assert rows.count() == Instruction.objects.count() == 3
    assert all(finding.ok for finding in invariants.prove())


def test_what_the_bank_refuses_within_a_call_is_asked_about_before_it_counts_as_failed(client, inbox):
    first, second = owed_together(client, inbox, 2)
    Payment.objects.filter(refund_instructions=first).update(order_no="unheard-of")
    assert escrow.send_refunds(channel="sandbox", at=AT) == 2
    states = dict(Instruction.objects.values_list("pk", "state"))
    assert (states[first], states[second]) == (InstructionState.UNKNOWN, InstructionState.ACCEPTED)
    assert sent(first).state == InstructionState.FAILED

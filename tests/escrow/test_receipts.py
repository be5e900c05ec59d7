"""Lines of the bank that nobody can explain: each has an account, an age, and a way out of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from escrow import channels, invariants, queries, reconciliation
from escrow import operations as escrow
from escrow.errors import (
    ApprovalOpen,
    LineExplained,
    NotFound,
    NothingFits,
    PersonNeeded,
    ReasonRequired,
    ReturnAccountMissing,
    SecondPersonNeeded,
)
from escrow.models import AuditEntry, Beneficiary, Instruction, Payment, PayoutHold, Refund, Transfer
from escrow.models import StatementLine as Kept
from escrow.operations.instructions import Payee
from escrow.operations.payments import take_payment
from escrow.operations.receipts import send_back
from escrow.states import InstructionKind, InstructionState, LineKind
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement, open_agreement, order, paid
from tests.escrow.test_bank_files import camt, order_no, take
from tests.escrow.test_refunds_and_payments import answered, refund
from tests.escrow.test_statements import Statement

pytestmark = pytest.mark.django_db
ONE, TWO = "user:one", "user:two"


@pytest.fixture
def bank(monkeypatch) -> Statement:
    made = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: made)
    return made


def unproven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def stands(of: Beneficiary) -> tuple[int, int, int]:
    """What is at the bank, what of it nobody can explain, what the bank took unexplained."""
    backing = queries.backing(of.pk)
    assert backing.owed_fen == backing.covered_fen
    return backing.custody_fen, backing.suspense_fen, backing.unexplained_fen


def line(bank: Statement, of: Beneficiary, direction: str, amount_fen: int, reference: str = "nobody's") -> Kept:
    bank.add(of.custody_no, direction, "other", reference, amount_fen)
    escrow.import_statement(channel="sandbox", at=AT)
    return Kept.objects.latest("line_no")


def codes(of: Kept) -> list[str]:
    return [one.code for one in reconciliation.fitting(of)]


def assign(of: Kept, to: str) -> Kept:
    return escrow.assign_line(line_id=of.pk, to=to, because="asked the bank", at=AT, actor=ONE)


def everything() -> tuple[int, int, int]:
    return Transfer.objects.count(), AuditEntry.objects.count(), Kept.objects.filter(matched_at=None).count()


# A card's name is no bank fee


@pytest.mark.parametrize("name", ["洗衣服务费卡", "利息理财课", "手续费优惠卡"])
def test_a_payment_whose_product_is_called_like_a_fee_clears(name):
    agreement = held_agreement()
    number = order_no(agreement)
    raw = camt(agreement.beneficiary.custody_no, [(200_000, "NOTPROVIDED", "1")])
    take(raw.replace(b"</Refs>", f"</Refs><RmtInf><Ustrd>京城 {name} {number}</Ustrd></RmtInf>".encode()))
    assert (Kept.objects.get().kind, Kept.objects.get().reference) == ("payment", number)
    assert queries.backing(agreement.beneficiary_id).clearing_fen == 0
    assert not unproven()


def test_neither_is_its_refund_nor_a_refund_of_another_sum():
    agreement = held_agreement()
    back = refund(agreement, 150_000)
    of = agreement.beneficiary
    numbers = [(200_000, order_no(agreement), "1"), (-150_000, back.instruction.number, "2"),
               (-49_999, back.instruction.number, "3")]  # fmt: skip
    raw = camt(of.custody_no, numbers)
    take(raw.replace(b"</Refs>", "</Refs><RmtInf><Ustrd>服务费卡</Ustrd></RmtInf>".encode()))
    assert list(Kept.objects.order_by("id").values_list("kind", flat=True)) == ["payment", "refund", "other"]
    assert queries.backing(of.pk).fees_fen == 0
    assert stands(of) == (1, 0, 49_999)
    assert not unproven()


def test_an_order_comes_before_the_bank_s_code_and_a_fee_may_name_its_order():
    agreement = held_agreement()
    number = order_no(agreement)
    fee = "<BkTxCd><Domn><Fmly><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    take(camt(agreement.beneficiary.custody_no, [(200_000, number, "1", fee), (-50, number, "2", fee)]))
    assert list(Kept.objects.order_by("id").values_list("kind", flat=True)) == ["payment", "fee"]
    assert queries.backing(agreement.beneficiary_id).fees_fen == 50
    assert not unproven()


def test_words_tell_where_no_order_is_named():
    of = beneficiary()
    entries = [(900, "NOTPROVIDED", "1"), (-50, "NOTPROVIDED", "2")]
    raw = camt(of.custody_no, entries)
    raw = raw.replace(b"</Refs>", "</Refs><RmtInf><Ustrd>结息</Ustrd></RmtInf>".encode(), 1)
    head, tail = raw.rsplit(b"</Refs>", 1)
    take(head + "</Refs><RmtInf><Ustrd>账户管理费</Ustrd></RmtInf>".encode() + tail)
    assert list(Kept.objects.order_by("id").values_list("kind", flat=True)) == ["interest", "fee"]
    assert not unproven()


def test_a_fee_given_back_that_was_never_taken_is_for_a_person(bank):
    of = beneficiary()
    bank.add(of.custody_no, "in", "fee", "", 40)
    escrow.import_statement(channel="sandbox", at=AT)
    assert stands(of) == (40, 40, 0)
    assert not unproven()


# Set aside


def test_what_nobody_can_explain_has_an_account_and_the_ledger_is_proven(bank):
    of = beneficiary()
    came = line(bank, of, "in", 900)
    went = line(bank, of, "out", 200)
    assert stands(of) == (700, 900, 200)
    assert (came.matched_at, came.booked_at, came.booked_as) == (None, AT, f"L{came.pk}")
    assert set(reconciliation.unmatched_lines(beneficiary_id=of.pk)) == {came, went}
    escrow.match_open_lines(at=AT)  # it is set aside once
    escrow.import_statement(channel="sandbox", at=AT)
    assert stands(of) == (700, 900, 200)
    assert not unproven()


def test_a_line_of_another_currency_is_listed_and_moves_nothing():
    of = beneficiary()
    take(camt(of.custody_no, [(900, "nobody's", "1")]).replace(b"Ccy='CNY'>9", b"Ccy='USD'>9"))
    assert Kept.objects.get().currency == "USD"
    assert stands(of) == (0, 0, 0)
    assert not unproven()


def test_a_payment_that_comes_to_be_takes_its_line_out_of_suspense(bank):
    """Paid after its order was given up; the statement is faster than the notification."""
    agreement = open_agreement()
    payment = order(agreement)
    escrow.cancel_agreement(agreement_id=agreement.pk, at=AT, actor=ACTOR)
    Payment.objects.filter(pk=payment.pk).update(state="closed")
    bank.arrived(agreement)
    escrow.import_statement(channel="sandbox", at=AT)
    assert stands(agreement.beneficiary) == (200_000, 200_000, 0)
    take_payment(channel="sandbox", answer=paid(payment), at=AT)
    assert escrow.match_open_lines(at=AT) == 1
    assert stands(agreement.beneficiary) == (200_000, 0, 0)
    assert queries.backing(agreement.beneficiary_id).clearing_fen == 0
    assert Kept.objects.get().kind == LineKind.PAYMENT
    assert not unproven()


# Assigned


def test_a_receipt_is_the_payment_that_waits(bank):
    agreement = held_agreement()
    came = line(bank, agreement.beneficiary, "in", 200_000)
    number = order_no(agreement)
    assert codes(came) == [number, "interest", "fee"]
    done = assign(came, number)
    assert (done.kind, done.reference, done.booked_as) == ("payment", number, f"L{came.pk}")
    assert stands(agreement.beneficiary) == (200_000, 0, 0)
    assert queries.backing(agreement.beneficiary_id).clearing_fen == 0
    assert not reconciliation.awaited_lines(agreement.beneficiary_id)
    assert not unproven()


def test_a_payout_that_came_back_is_earned_again_and_holds_the_next(bank):
    agreement = held_agreement()
    of = agreement.beneficiary
    bank.arrived(agreement)
    charge = {"units": 1, "final": True, "key": "k", "reference": "v", "at": AT, "actor": ACTOR}
    escrow.charge(beneficiary_id=of.pk, agreement_id=agreement.pk, **charge)
    made = escrow.pay_out(beneficiary_id=of.pk, at=AT + timedelta(days=1), actor=ACTOR)
    answered(made.instruction, "succeeded")
    bank.add(of.custody_no, "out", "payout", made.instruction.number, 20_000)
    came = line(bank, of, "in", 20_000)
    assign(came, made.instruction.number)
    backing = queries.backing(of.pk)
    assert (backing.payable_fen, backing.payout_fen, backing.suspense_fen) == (20_000, 0, 0)
    assert PayoutHold.objects.get(beneficiary=of).instruction_id == made.instruction_id
    assert escrow.pay_out(beneficiary_id=of.pk, at=AT + timedelta(days=7), actor=ACTOR) is None
    escrow.release_payouts(beneficiary_id=of.pk, because="new account", at=AT, actor=ONE)
    again = escrow.pay_out(beneficiary_id=of.pk, at=AT + timedelta(days=7), actor=ACTOR)
    assert again.amount_fen == 20_000
    assert not unproven()
    second = line(bank, of, "in", 20_000)
    assert made.instruction.number not in codes(second)  # once


def test_a_refund_that_came_back_is_ordered_again(bank):
    agreement = held_agreement()
    of = agreement.beneficiary
    bank.arrived(agreement)
    back = refund(agreement, 200_000)
    answered(back.instruction, "succeeded")
    bank.add(of.custody_no, "out", "refund", back.instruction.number, 200_000)
    came = line(bank, of, "in", 200_000)
    assign(came, back.instruction.number)
    now = Refund.objects.get()
    assert now.paid_at is None
    assert (now.instruction_id != back.instruction_id, now.instruction.state) == (True, InstructionState.DUE)
    assert queries.way_back_closed(now.instruction.payment_id)  # so that it may go to an account instead
    assert queries.backing(of.pk).refund_fen == 200_000
    assert not unproven()
    answered(now.instruction, "succeeded")
    bank.add(of.custody_no, "out", "refund", now.instruction.number, 200_000)
    escrow.import_statement(channel="sandbox", at=AT)
    assert stands(of) == (0, 0, 0)
    assert not unproven()


def test_what_the_bank_took_is_the_payout_that_waits_or_a_fee(bank):
    agreement = held_agreement()
    of = agreement.beneficiary
    bank.arrived(agreement)
    back = refund(agreement, 200_000)
    Instruction.objects.filter(pk=back.instruction_id).update(state=InstructionState.UNKNOWN)
    went = line(bank, of, "out", 200_000)
    assert stands(of) == (0, 0, 200_000)
    assert codes(went) == [back.instruction.number, "fee"]
    assign(went, back.instruction.number)
    assert Instruction.objects.get(pk=back.instruction_id).state == InstructionState.SUCCEEDED
    assert stands(of) == (0, 0, 0)
    line(bank, of, "in", 500)
    assign(line(bank, of, "out", 30), "fee")
    assert queries.backing(of.pk).fees_fen == 30
    assert not unproven()


def test_what_the_bank_took_and_gave_back_cancels_out(bank):
    of = beneficiary()
    line(bank, of, "in", 500)
    went = line(bank, of, "out", 200)
    came = line(bank, of, "in", 200)
    assert codes(came) == [f"L{went.pk}", "interest", "fee"]
    assign(came, f"L{went.pk}")
    assert stands(of) == (500, 500, 0)
    assert {one.reference for one in Kept.objects.filter(matched_at=AT)} == {f"L{went.pk}", f"L{came.pk}"}
    assert not unproven()


@pytest.mark.parametrize("to", ["O-another", "L999999999", "", "payout"])
def test_what_does_not_fit_is_refused_and_changes_nothing(bank, to):
    came = line(bank, beneficiary(), "in", 7)
    other = held_agreement()
    before = everything()
    with pytest.raises(NothingFits):
        assign(came, to)
    with pytest.raises(NothingFits):
        assign(came, order_no(other))  # of another merchant
    with pytest.raises(ReasonRequired):
        escrow.assign_line(line_id=came.pk, to="interest", because=" ", at=AT, actor=ONE)
    with pytest.raises(NotFound):
        escrow.assign_line(line_id=came.pk + 1, to="interest", because="x", at=AT, actor=ONE)
    assert everything() == before


def test_it_is_explained_once(bank):
    came = line(bank, beneficiary(), "in", 7)
    assign(came, "interest")
    before = everything()
    with pytest.raises(LineExplained):
        assign(came, "interest")
    with pytest.raises(LineExplained):
        ask(came)
    assert everything() == before


# Sent back


def ask(of: Kept, **where: str):
    return escrow.request_receipt_return(line_id=of.pk, because="not ours", at=AT, actor=ONE, **where)


def test_two_people_send_a_receipt_back(bank):
    of = beneficiary()
    came = line(bank, of, "in", 900)
    asked = ask(came, account_no="6217", account_name="王五")
    with pytest.raises(SecondPersonNeeded):
        escrow.approve(approval_id=asked.pk, at=AT, actor=ONE)
    assert stands(of) == (900, 900, 0)
    escrow.approve(approval_id=asked.pk, at=AT, actor=TWO)
    sent = Instruction.objects.get()
    assert (sent.kind, sent.receipt_id, sent.amount_fen) == (InstructionKind.RETURN, came.pk, 900)
    assert (queries.backing(of.pk).refund_fen, stands(of)) == (900, (900, 0, 0))
    with pytest.raises(LineExplained):
        assign(came, "interest")
    answered(sent, "succeeded")
    bank.add(of.custody_no, "out", "other", sent.number, 900)
    escrow.import_statement(channel="sandbox", at=AT)
    assert stands(of) == (0, 0, 0)
    assert Kept.objects.latest("line_no").kind == LineKind.RETURN
    assert not unproven()


def test_it_goes_to_the_account_that_was_approved(bank, monkeypatch):
    came = line(bank, of := beneficiary(), "in", 900)
    asked = ask(came, account_no="6217", account_name="王五")
    escrow.approve(approval_id=asked.pk, at=AT, actor=TWO)
    called = {}

    def pay_out(**order):
        called.update(order)
        return channels.TransferAnswer(number=order["payout_no"], state="accepted", amount_fen=order["amount_fen"])

    bank.pay_out = pay_out
    bank.query_payout = lambda **_: None
    monkeypatch.setattr("escrow.operations.instructions.channel_of", lambda _code: bank)
    escrow.send_instruction(instruction_id=Instruction.objects.get().pk, at=AT)
    assert (called["account"], called["to_account_no"], called["to_name"]) == (of.custody_no, "6217", "王五")
    assert Instruction.objects.get().state == InstructionState.ACCEPTED


def test_the_bank_s_own_account_is_taken_or_one_is_asked_for(bank):
    came = line(bank, beneficiary(), "in", 900)
    with pytest.raises(ReturnAccountMissing):
        ask(came)
    Kept.objects.filter(pk=came.pk).update(counterparty_account="6228", counterparty_name="赵六")
    asked = ask(came)
    assert {"account_no": "6228", "account_name": "赵六"}.items() <= escrow.payload_of(asked).items()
    with pytest.raises(ApprovalOpen):
        ask(came)


def test_what_cannot_be_sent_back_is_in_suspense_again(bank):
    of = beneficiary()
    came = line(bank, of, "in", 900)
    escrow.approve(approval_id=ask(came, account_no="6217", account_name="王五").pk, at=AT, actor=TWO)
    answered(Instruction.objects.get(), "failed")
    assert stands(of) == (900, 900, 0)
    assert not unproven()
    escrow.approve(approval_id=ask(came, account_no="6218", account_name="王五").pk, at=AT, actor=TWO)
    assert stands(of) == (900, 0, 0)
    assert not unproven()


def test_who_may_not_ask(bank):
    of = beneficiary()
    came, went = line(bank, of, "in", 900), line(bank, of, "out", 100)
    before = everything()
    with pytest.raises(PersonNeeded):
        escrow.request_receipt_return(
            line_id=came.pk, account_no="1", account_name="a", because="x", at=AT, actor="system:x"
        )
    with pytest.raises(NothingFits):
        ask(went, account_no="6217", account_name="王五")
    assert everything() == before


def test_the_database_sends_nothing_back_without_a_second_person(bank):
    came = line(bank, of := beneficiary(), "in", 900)
    ask(came, account_no="6217", account_name="王五")
    with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
        Instruction.objects.create(
            kind=InstructionKind.RETURN,
            number="T1",
            beneficiary=of,
            channel="sandbox",
            receipt=came,
            amount_fen=900,
            due_at=AT,
            created_at=AT,
        )


def test_the_database_sends_a_receipt_back_once_an_approval(bank):
    of = beneficiary()
    came = line(bank, of, "in", 900)
    escrow.approve(approval_id=ask(came, account_no="6217", account_name="王五").pk, at=AT, actor=TWO)
    answered(Instruction.objects.get(), "failed")
    before = everything()
    with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
        send_back(line_id=came.pk, payee=Payee(account_no="6218", name="王五"), at=AT, actor=TWO)
    assert everything() == before
    escrow.approve(approval_id=ask(came, account_no="6218", account_name="王五").pk, at=AT, actor=TWO)
    assert Instruction.objects.count() == 2
    assert not unproven()

"""What is owed of an agreement is assigned: its refunds go to the account that was named, by every way, and never back."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from escrow import channels, invariants, queries
from escrow import operations as escrow
from escrow.errors import AgreementFrozen, NameDiffers, NotFound, PersonNeeded, SecondPersonNeeded, WrongState
from escrow.models import Agreement, Assignment, AuditEntry, Instruction, Payment
from escrow.operations import instructions
from escrow.operations.instructions import Payee
from escrow.states import InstructionState
from tests.escrow.factories import ACTOR, AT, held_agreement, open_agreement
from tests.escrow.test_claims import owed, paid_out, used
from tests.escrow.test_refunds_and_payments import answered, refund
from tests.escrow.test_statements import Statement

pytestmark = pytest.mark.django_db
ACCOUNT, HERS = "6222020200112233440", Payee(account_no="6222020200112233440", name="王芳")


def assign(*agreements: Agreement, payee: Payee = HERS, **facts: str) -> list[Assignment]:
    wanted = {"person_name": "王芳", "assigned_by": "user:one", "accepted_by": "user:two"} | facts
    ids = [agreement.pk for agreement in agreements]
    return escrow.assign(agreement_ids=ids, payee=payee, **wanted, at=AT, actor="user:two")


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_the_bank_pays_the_refund_to_the_account_and_the_ledger_agrees(monkeypatch):
    bank = Statement()
    monkeypatch.setattr(channels, "channel", lambda _code: bank)
    agreement = held_agreement()
    before = queries.holding(agreement.pk)
    assign(agreement)
    assert queries.holding(agreement.pk) == before
    made = refund(agreement, 150_000)
    order = made.instruction
    assert (order.payee_account, order.payee_name, order.payment.agreement_id) == (ACCOUNT, "王芳", agreement.pk)
    assert not AuditEntry.objects.filter(after__icontains=ACCOUNT).exists()
    bank.arrived(agreement)
    bank.add(agreement.beneficiary.custody_no, "out", "payout", order.number, 150_000)
    escrow.import_statement(channel="sandbox", at=AT)
    made.refresh_from_db()
    assert made.paid_at == AT
    assert not proven()


def test_claims_and_returned_refunds_go_there_too_and_the_newest_account_counts():
    card = held_agreement()
    used(card, 5)
    assign(card)
    his = Payee(account_no="6222020200998877", name="李四")
    assign(card, payee=his, person_name="李四", assigned_by="user:two", accepted_by="user:three")
    paid_out(card.beneficiary, at=AT)
    made = owed(card, 150_000)
    answered(made.instruction, "failed")
    other = held_agreement(card.beneficiary)
    used(other, 10)
    escrow.serve_claims(beneficiary_id=card.beneficiary_id, at=AT + 2 * instructions.LONGEST_PAUSE, actor=ACTOR)
    orders = Instruction.objects.filter(payment__agreement=card)
    assert {order.payee_account for order in orders} == {"6222020200998877"}
    assert orders.filter(state=InstructionState.DUE).exists()
    assert not proven()


def test_what_cannot_be_assigned_is_refused_and_nothing_changes():
    agreement, unpaid = held_agreement(), open_agreement()
    for facts, error in (
        ({"person_name": "张三"}, NameDiffers),
        ({"accepted_by": "system:sweep"}, PersonNeeded),
        ({"accepted_by": "user:one"}, SecondPersonNeeded),
    ):
        with pytest.raises(error):
            assign(agreement, **facts)
    with pytest.raises(WrongState):
        assign(agreement, unpaid)
    with pytest.raises(NotFound):
        assign(agreement, Agreement(pk=0))
    escrow.freeze_agreement(agreement_id=agreement.pk, because="x", at=AT, actor=ACTOR)
    with pytest.raises(AgreementFrozen):
        assign(agreement)
    escrow.thaw_agreement(agreement_id=agreement.pk, because="x", at=AT, actor=ACTOR)
    refund(agreement, 100)
    with pytest.raises(WrongState):
        assign(agreement)
    assert not Assignment.objects.exists()
    assert not Payment.objects.exclude(refund_account="").exists()


def test_the_database_lets_no_refund_go_back_and_no_assignment_change():
    agreement = held_agreement()
    [made] = assign(agreement)
    Payment.objects.filter(agreement=agreement).update(refund_account="")
    with pytest.raises(IntegrityError, match="does not go back"), transaction.atomic():
        refund(agreement, 100)
    assert "assignments_are_of_what_was_paid" in proven()
    for change in ("UPDATE escrow_assignment SET accepted_by = 'user:x'", "DELETE FROM escrow_assignment"):
        with (
            pytest.raises(DatabaseError, match=r"written once|permission"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"{change} WHERE id = %s", [made.pk])

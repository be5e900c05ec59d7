"""What leaves goes where somebody meant it to go, and only while nobody has said that it shall not."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from escrow import invariants
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.models import Instruction
from escrow.operations import instructions
from tests.escrow.factories import ACTOR, AT
from tests.escrow.test_approvals import approve, asked, large_payout
from tests.escrow.test_instructions import payout

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MEANT, ELSEWHERE = "6222020200112233", "6222020200998877"
PERSON = f"user:{uuid.uuid4()}"


class Bank:
    """Accepts every order and keeps what it was told of each."""

    def __init__(self) -> None:
        self.told: list[dict[str, object]] = []

    def pay_out(self, **facts) -> TransferAnswer:
        self.told.append(facts)
        return TransferAnswer(number=facts["payout_no"], state="accepted", amount_fen=facts["amount_fen"])


@pytest.fixture
def bank(monkeypatch) -> Bank:
    made = Bank()
    monkeypatch.setattr(instructions, "channel_of", lambda _code: made)
    return made


def send(order: Instruction) -> Instruction:
    Instruction.objects.filter(pk=order.pk).update(due_at=timezone.now())
    return escrow.send_instruction(instruction_id=order.pk, at=AT)


def moved_bank(order: Instruction) -> None:
    escrow.set_payout_account(
        beneficiary_id=order.beneficiary_id, account_no=ELSEWHERE, account_name="新户", at=AT, actor=ACTOR
    )


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_a_payout_goes_to_the_account_that_was_approved(bank):
    held = large_payout()
    approval = asked(held)
    moved_bank(held)
    approve(approval)
    send(held)
    assert [(told["to_account_no"], told["to_name"]) for told in bank.told] == [(MEANT, "京城健身")]


def test_a_file_of_orders_says_where_each_was_to_go_when_it_was_made():
    order = payout()
    moved_bank(order)
    batch = escrow.make_batch(channel="sandbox", kind="payout", at=AT, actor=ACTOR)
    _name, content = escrow.export_batch(batch_id=batch.pk, at=AT, actor=ACTOR)
    assert MEANT in content.decode("utf-8-sig")
    assert ELSEWHERE not in content.decode("utf-8-sig")


def test_where_an_order_goes_is_encrypted_and_does_not_change():
    order = payout()
    with connection.cursor() as cursor:
        cursor.execute("SELECT payee_account, payee_name FROM escrow_instruction WHERE id = %s", [order.pk])
        kept = cursor.fetchone()
    assert all(kept)
    assert not {MEANT, "京城健身"} & set(kept)
    with pytest.raises(IntegrityError, match="where an order goes"), transaction.atomic():
        Instruction.objects.filter(pk=order.pk).update(payee_account=ELSEWHERE)

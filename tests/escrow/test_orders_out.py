"""What leaves goes where somebody meant it to go, and only while nobody has said that it shall not."""

import uuid
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from escrow import clock, invariants, queries, tasks
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import PayoutAccountMissing, PayoutsHeld, WrongState
from escrow.models import Beneficiary, Claim, Instruction
from escrow.operations import instructions, legal_holds
from escrow.states import ApprovalState, InstructionState
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_approvals import OTHER, approve, asked, large_payout
from tests.escrow.test_claims import used
from tests.escrow.test_instructions import payout
from tests.escrow.test_refunds_and_payments import refund

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


def held(order: Instruction, because: str = "watch") -> None:
    escrow.hold_payouts(beneficiary_id=order.beneficiary_id, because=because, at=AT, actor=ACTOR)


def ordered(to: int, sum_fen: int, *, number: str = "(2026)京01执1号"):
    facts = {"order_no": number, "issued_by": "北京一中院", "sum_fen": sum_fen, "expires_on": date(2026, 12, 31)}
    return escrow.order_hold(beneficiary_id=to, **facts, at=AT + DAY, actor=ACTOR)


def test_a_held_payout_is_not_released_while_payouts_are_held(bank):
    waits = large_payout()
    approval = asked(waits)
    held(waits)
    with pytest.raises(PayoutsHeld):
        approve(approval)
    waits.refresh_from_db()
    approval.refresh_from_db()
    assert (waits.state, approval.state) == (InstructionState.HELD, ApprovalState.OPEN)
    escrow.release_payouts(beneficiary_id=waits.beneficiary_id, because="looked at", at=AT, actor=ACTOR)
    approve(approval)
    assert send(waits).state == InstructionState.ACCEPTED


def test_nothing_leaves_while_payouts_are_held_neither_by_a_call_nor_in_a_file(bank):
    order = payout()
    held(order)
    assert (send(order).state, send(order).attempts) == (InstructionState.DUE, 0)
    with pytest.raises(PayoutsHeld):
        escrow.ask_now(instruction_id=order.pk, at=AT, actor=PERSON)
    assert escrow.make_batch(channel="sandbox", kind="payout", at=AT, actor=ACTOR) is None
    assert tasks.send_instructions() == 0
    assert not bank.told
    escrow.release_payouts(beneficiary_id=order.beneficiary_id, because="looked at", at=AT, actor=ACTOR)
    assert tasks.send_instructions() == 1
    assert len(bank.told) == 1


def test_a_payout_that_the_bank_never_saw_is_not_sent_again_while_payouts_are_held(bank, monkeypatch):
    order = payout()
    monkeypatch.setattr(Bank, "query_payout", lambda self, *, payout_no: None, raising=False)
    Instruction.objects.filter(pk=order.pk).update(state=InstructionState.UNKNOWN, attempts=1)
    held(order)
    assert send(order).state == InstructionState.UNKNOWN
    assert not bank.told
    escrow.release_payouts(beneficiary_id=order.beneficiary_id, because="looked at", at=AT, actor=ACTOR)
    assert send(order).state == InstructionState.ACCEPTED


def test_a_consumers_refund_leaves_while_the_merchants_payouts_are_held():
    made = refund(held_agreement(), 150_000)
    held(made.instruction)
    assert escrow.make_batch(channel="sandbox", kind="refund", at=AT, actor=ACTOR).count == 1


def test_an_order_takes_back_payouts_that_have_not_left_the_newest_first(bank):
    to = beneficiary()
    card = held_agreement(to)
    orders = []
    for day in range(3):
        used(card, 2, at=AT + day * DAY)
        orders.append(escrow.pay_out(beneficiary_id=to.pk, at=AT + (day + 1) * DAY, actor=ACTOR).instruction)
    send(orders[2])
    hold = ordered(to.pk, 50_000)
    assert hold.blocked_fen == 50_000
    states = [Instruction.objects.get(pk=order.pk).state for order in orders]
    assert states == [InstructionState.FAILED, InstructionState.FAILED, InstructionState.ACCEPTED]
    backing = queries.backing(to.pk)
    assert (backing.payable_fen, backing.payout_fen) == (30_000, 40_000)
    assert not Beneficiary.objects.get(pk=to.pk).payouts_held  # the rest is the merchant's, and is paid again
    assert escrow.pay_out(beneficiary_id=to.pk, at=AT + 4 * DAY, actor=ACTOR).amount_fen == 30_000
    assert not proven()


def test_an_order_that_what_is_earned_fills_takes_no_payout_back():
    order = payout()
    card = held_agreement(Beneficiary.objects.get(pk=order.beneficiary_id))
    used(card, 1)
    assert ordered(order.beneficiary_id, 20_000).blocked_fen == 20_000
    order.refresh_from_db()
    assert order.state == InstructionState.DUE


def test_the_release_of_a_payout_that_an_order_took_back_can_only_be_refused():
    waits = large_payout()
    approval = asked(waits)
    ordered(waits.beneficiary_id, 1_000)
    with pytest.raises(WrongState):
        approve(approval)
    escrow.refuse(approval_id=approval.pk, because="taken back", at=AT + DAY, actor=OTHER)
    assert not Beneficiary.objects.get(pk=waits.beneficiary_id).payouts_held
    assert not proven()


def test_orders_are_filled_while_payouts_are_held_and_where_there_is_no_account():
    to = beneficiary()
    card = held_agreement(to)
    first, second = ordered(to.pk, 20_000), ordered(to.pk, 50_000, number="2")
    used(card, 2)
    escrow.hold_payouts(beneficiary_id=to.pk, because="watch", at=AT, actor=ACTOR)
    with_clock = AT + 2 * DAY
    assert escrow.pay_out(beneficiary_id=to.pk, at=with_clock, actor=ACTOR) is None
    escrow.release_payouts(beneficiary_id=to.pk, because="looked at", at=AT, actor=ACTOR)
    Beneficiary.objects.filter(pk=to.pk).update(payout_account_no="")
    used(card, 4, at=AT + 2 * DAY)
    with pytest.raises(PayoutAccountMissing):
        escrow.pay_out(beneficiary_id=to.pk, at=AT + 3 * DAY, actor=ACTOR)
    for hold, blocked in ((first, 20_000), (second, 50_000)):
        hold.refresh_from_db()
        assert hold.blocked_fen == blocked
    assert queries.backing(to.pk).payable_fen == 50_000
    assert not proven()


def test_the_run_looks_at_held_merchants_with_orders_to_fill(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT + 2 * DAY)
    to = beneficiary()
    hold = ordered(to.pk, 20_000)
    used(held_agreement(to), 2)
    escrow.hold_payouts(beneficiary_id=to.pk, because="watch", at=AT, actor=ACTOR)
    tasks.run_payouts()
    hold.refresh_from_db()
    assert hold.blocked_fen == 20_000


def test_claims_are_served_in_the_deed_that_pays_and_stay_served_where_there_is_no_account(monkeypatch):
    to = beneficiary()
    gone, card = held_agreement(to), held_agreement(to)
    used(gone, 10)
    escrow.pay_out(beneficiary_id=to.pk, at=AT + DAY, actor=ACTOR)
    refund(gone, 30_000)
    used(card, 4, at=AT + DAY)
    Beneficiary.objects.filter(pk=to.pk).update(payout_account_no="")
    with pytest.raises(PayoutAccountMissing):
        escrow.pay_out(beneficiary_id=to.pk, at=AT + 2 * DAY, actor=ACTOR)
    assert Claim.objects.get().paid_fen == 30_000
    assert queries.backing(to.pk).payable_fen == 50_000
    assert not proven()


def test_one_order_that_cannot_be_lifted_keeps_no_other_and_no_sweep(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: AT + 60 * DAY)
    to = beneficiary()
    bad, good = ordered(to.pk, 1_000), ordered(to.pk, 1_000, number="2")
    lift = legal_holds.LegalHold.objects.get

    def fails(**facts):
        if facts["pk"] == bad.pk:
            raise RuntimeError("broken row")
        return lift(**facts)

    monkeypatch.setattr(legal_holds.LegalHold.objects, "get", fails)
    assert tasks.expire_holds() == 1
    good.refresh_from_db()
    assert good.lifted_at is not None


def test_a_later_order_waits_for_the_earlier_one_also_at_the_moment_it_comes():
    to = beneficiary()
    card = held_agreement(to)
    first = ordered(to.pk, 50_000)
    used(card, 2)  # earned after the first order, not yet due
    second = ordered(to.pk, 30_000, number="2")
    first.refresh_from_db()
    assert (first.blocked_fen, second.blocked_fen) == (40_000, 0)
    used(card, 3, at=AT + DAY)
    assert escrow.pay_out(beneficiary_id=to.pk, at=AT + 2 * DAY, actor=ACTOR).amount_fen == 20_000
    for hold, blocked in ((first, 50_000), (second, 30_000)):
        hold.refresh_from_db()
        assert hold.blocked_fen == blocked
    assert not proven()


def test_consumers_open_claims_come_before_an_order_from_the_first_moment():
    to = beneficiary()
    lost, other = held_agreement(to), held_agreement(to)
    used(lost, 5)
    order = escrow.pay_out(beneficiary_id=to.pk, at=AT + DAY, actor=ACTOR).instruction
    Instruction.objects.filter(pk=order.pk).update(state="accepted")  # it has left
    escrow.refund(
        agreement_id=lost.pk, amount_fen=130_000, basis="judgment", reference="case 1", at=AT + DAY, actor=ACTOR
    )
    claim = Claim.objects.get()
    assert claim.amount_fen == 30_000
    used(other, 2, at=AT + DAY)
    assert ordered(to.pk, 50_000).blocked_fen == 40_000 - 30_000
    escrow.pay_out(beneficiary_id=to.pk, at=AT + 2 * DAY, actor=ACTOR)
    claim.refresh_from_db()
    assert claim.paid_fen == 30_000
    assert not proven()

"""Orders against each other: by file and by call, parts of one claim answered at once, a refund by hand and a freeze."""

import threading
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from escrow import invariants
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import WrongState
from escrow.models import Claim, Instruction, InstructionBatch, Refund
from escrow.operations import approvals, instructions, payouts
from escrow.operations.instructions import record_answer
from escrow.states import InstructionKind, RefundBasis
from tests.concurrency.test_approvals import person
from tests.concurrency.threads import at_once, until_somebody_waits
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_claims import owed, used
from tests.escrow.test_orders_out import Bank

DAY = timedelta(days=1)
GATE = 77  # an advisory lock that nothing else takes


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def sent_while_a_file_is_made(monkeypatch) -> Bank:
    """The call's query has begun and reaches the row when the file with it is there."""
    bank = Bank()
    monkeypatch.setattr(instructions, "channel_of", lambda _code: bank)
    monkeypatch.setattr(Bank, "query_payout", lambda self, *, payout_no: None, raising=False)
    card = held_agreement()
    used(card, 1)
    order = escrow.pay_out(beneficiary_id=card.beneficiary_id, at=AT + DAY, actor=ACTOR).instruction
    Instruction.objects.update(due_at=timezone.now())
    closed, caller = threading.Event(), threading.local()
    select_for_update = Instruction.objects.select_for_update

    def through_the_gate(**options):
        rows = select_for_update(**options)
        waits = getattr(caller, "waits", False)
        return rows.extra(where=[f"pg_advisory_xact_lock({GATE}) IS NOT NULL"]) if waits else rows

    def by_call() -> object:
        assert closed.wait(timeout=30)
        caller.waits = True
        return escrow.send_instruction(instruction_id=order.pk, at=AT + DAY)

    def by_file() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
            closed.set()
            until_somebody_waits()
            batch = escrow.make_batch(channel="sandbox", kind=InstructionKind.PAYOUT, at=AT + DAY, actor=ACTOR)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])
        return batch

    monkeypatch.setattr(Instruction.objects, "select_for_update", through_the_gate)
    at_once(by_call, by_file)
    assert InstructionBatch.objects.get().count == 1
    return bank


def test_an_order_that_went_into_a_file_meanwhile_is_not_sent(committed_db, monkeypatch):
    assert not sent_while_a_file_is_made(monkeypatch).told


def test_without_a_look_after_the_lock_it_would_be_sent_twice(committed_db, monkeypatch):
    """The control: the lock that waited saw the row of now, and no file."""
    monkeypatch.setattr(instructions, "_in_a_file", lambda _instruction: False)
    assert len(sent_while_a_file_is_made(monkeypatch).told) == 1


def two_parts() -> tuple[Refund, list[Instruction]]:
    """A refund that is all claim, served by two payouts and not answered yet."""
    to = beneficiary()
    gone, card = held_agreement(to), held_agreement(to)
    used(gone, 10)
    escrow.pay_out(beneficiary_id=to.pk, at=AT + DAY, actor=ACTOR)
    made = owed(gone, 60_000)
    for day in (1, 2):
        used(card, 2, at=AT + day * DAY)
        escrow.pay_out(beneficiary_id=to.pk, at=AT + (day + 1) * DAY, actor=ACTOR)
    assert Claim.objects.get().closed_at is not None
    return made, list(Instruction.objects.filter(claim_payment__claim__refund=made))


def answered(order: Instruction):
    answer = TransferAnswer(number=order.number, state="succeeded", amount_fen=order.amount_fen)
    return lambda: record_answer(channel=order.channel, answer=answer, at=AT + 4 * DAY)


def both_at_once(monkeypatch) -> Refund:
    made, parts = two_parts()
    both, complete = threading.Barrier(2), instructions._complete

    def together(*facts) -> None:
        both.wait(timeout=30)
        complete(*facts)

    monkeypatch.setattr(instructions, "_complete", together)
    at_once(*[answered(part) for part in parts])
    made.refresh_from_db()
    return made


def test_the_last_two_parts_answered_at_once_complete_the_refund(committed_db, monkeypatch):
    assert both_at_once(monkeypatch).paid_at == AT + 4 * DAY
    assert not proven()


def test_without_the_lock_neither_would_see_the_other(committed_db, monkeypatch):
    """The control: both have looked before either commits."""
    looked, record = threading.Barrier(2), instructions.audit.record

    def after_both(**facts) -> None:
        if facts["action"] == "escrow.instruction_answered":
            looked.wait(timeout=30)
        record(**facts)

    monkeypatch.setattr(Refund.objects, "select_for_update", lambda **_options: Refund.objects.all())
    monkeypatch.setattr(instructions.audit, "record", after_both)
    assert both_at_once(monkeypatch).paid_at is None
    assert proven() == ["refunds_equal_their_instructions"]


def test_a_refund_by_hand_and_a_freeze_do_not_wait_for_each_other(committed_db, monkeypatch):
    """Both lock the card; the refund also takes from what is earned, and says so from the start."""
    agreement = held_agreement()
    approval = escrow.request_manual_refund(
        agreement_id=agreement.pk,
        amount_fen=50_000,
        basis=RefundBasis.JUDGMENT,
        because="court",
        at=AT,
        actor=person(),
    )
    locked, settle = threading.Event(), approvals.refund

    def slowly(**facts):
        locked.set()
        until_somebody_waits()
        return settle(**facts)

    def freeze() -> object:
        assert locked.wait(timeout=30)
        return escrow.freeze_agreement(agreement_id=agreement.pk, because="complaint", at=AT, actor=ACTOR)

    monkeypatch.setattr(approvals, "refund", slowly)
    _done, refused = at_once(lambda: escrow.approve(approval_id=approval.pk, at=AT, actor=person()), freeze)
    assert refused is WrongState
    assert Refund.objects.get().amount_fen == 50_000


def test_claims_are_served_by_whoever_pays_out_alone_with_the_merchant(committed_db, monkeypatch):
    """Whatever else would earn or owe waits until both are done."""
    to = beneficiary()
    alone = []
    serve = payouts.serve_claims

    def seen(**facts) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"
                " AND mode = 'ExclusiveLock' AND objid = %s",
                [to.pk],
            )
            alone.append(cursor.fetchone()[0])
        return serve(**facts)

    monkeypatch.setattr(payouts, "serve_claims", seen)
    escrow.pay_out(beneficiary_id=to.pk, at=AT, actor=ACTOR)
    assert alone == [1]

"""Payouts against each other, against a payout that comes back, and against a charge that is undone."""

import threading
from datetime import timedelta

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.channels import TransferAnswer
from escrow.errors import TooLateToUndo
from escrow.models import Agreement, Payout, Use
from escrow.operations import payouts
from escrow.operations.instructions import record_answer
from tests.concurrency.threads import at_once, until_somebody_waits
from tests.escrow.factories import ACTOR, AT, held_agreement

TOMORROW = AT + timedelta(days=1)


def charged(agreement: Agreement, *, key: str, at=AT) -> Use:
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=1,
        final=True,
        key=key,
        reference="race",
        at=at,
        actor=ACTOR,
    )


def pay_out(agreement: Agreement, at=TOMORROW) -> Payout | None:
    return escrow.pay_out(beneficiary_id=agreement.beneficiary_id, at=at, actor=ACTOR)


def proven() -> list[str]:
    return [finding.name for finding in invariants.prove() if not finding.ok]


def test_many_payout_runs_at_once_pay_once(committed_db):
    agreement = held_agreement()
    charged(agreement, key="one")
    results = at_once(*[lambda: pay_out(agreement)] * 8)
    assert len([made for made in results if made is not None]) == 1
    assert Payout.objects.get().amount_fen == 20_000
    assert queries.backing(agreement.beneficiary_id).payable_fen == 0
    assert not proven()


def test_a_payout_that_comes_back_while_the_next_is_made(committed_db, monkeypatch):
    """Both lock the beneficiary first and then its accounts, so neither waits for the other in a circle."""
    agreement = held_agreement()
    charged(agreement, key="one")
    first = pay_out(agreement)
    charged(agreement, key="two", at=TOMORROW)
    locked = threading.Event()
    lines = queries.unpaid_lines

    def slowly(beneficiary_id: int):
        locked.set()
        until_somebody_waits()
        return lines(beneficiary_id)

    def comes_back() -> object:
        assert locked.wait(timeout=30)
        number, amount_fen = first.instruction.number, first.amount_fen
        return record_answer(
            channel="sandbox", answer=TransferAnswer(number=number, state="failed", amount_fen=amount_fen), at=TOMORROW
        )

    monkeypatch.setattr(payouts.queries, "unpaid_lines", slowly)
    second, _returned = at_once(lambda: pay_out(agreement, AT + timedelta(days=2)), comes_back)
    assert second.amount_fen == 20_000
    backing = queries.backing(agreement.beneficiary_id)
    assert (backing.payable_fen, backing.payout_fen) == (20_000, 20_000)
    assert not proven()


def test_a_charge_is_not_undone_while_it_is_being_paid_out(committed_db, monkeypatch):
    """There is other money in the account, so the account alone would not stop it."""
    agreement = held_agreement()
    use = charged(agreement, key="one")
    charged(agreement, key="two", at=TOMORROW)  # due the day after
    counted = threading.Event()
    create = Payout.objects.create

    def slowly(**facts):
        counted.set()
        until_somebody_waits()
        return create(**facts)

    def undo() -> object:
        assert counted.wait(timeout=30)
        return escrow.undo_use(use_id=use.pk, at=TOMORROW, actor=ACTOR)

    monkeypatch.setattr(payouts.Payout.objects, "create", slowly)
    payout, refused = at_once(lambda: pay_out(agreement), undo)
    assert (payout.amount_fen, refused) == (20_000, TooLateToUndo)
    assert queries.backing(agreement.beneficiary_id).payable_fen == 20_000
    assert not proven()

"""The five faults that users of payment systems report everywhere, each with a control that shows the test would see it.

Double refund under concurrency, holds not counted in what is available, commit or void replayed, duplicate notifications,
slow balances.
"""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.errors import NotEnoughLeft, ReservationConfirmed, ReservationVoided, WrongState
from escrow.models import Agreement, Refund, Transfer
from escrow.operations import payments
from escrow.operations.payments import take_payment
from escrow.states import Reason, RefundBasis
from tests.concurrency.threads import at_once, refusals
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement, open_agreement, order, paid
from tests.sandbox_bank.bank import until

MANY = 8


def found() -> set[str]:
    return {finding.name for finding in invariants.prove() if not finding.ok}


def as_owner(databases, name: str, *statements: str) -> None:
    with databases.use(name, as_owner=True), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def without(databases, name: str, function: str, *cuts: tuple[str, str]) -> None:
    """The function as it is, with parts of its text replaced."""
    with databases.use(name, as_owner=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(to_regproc(%s)::oid)", [function])
        text = cursor.fetchone()[0]
        for old, new in cuts:
            assert old in text, old
            text = text.replace(old, new)
        cursor.execute(text)


def charge(agreement, units, *, final=True):
    return escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=units,
        final=final,
        key=f"{units}-{final}",
        reference="visit",
        confirm_until=AT + timedelta(days=1),
        at=AT,
        actor=ACTOR,
    )


def refunds_at_once(agreement) -> list[object]:
    facts = {"basis": RefundBasis.CONSENT, "reference": "r", "at": AT, "actor": ACTOR}
    return at_once(
        *(
            lambda sum_=sum_: escrow.refund(agreement_id=agreement.pk, amount_fen=sum_, **facts)
            for sum_ in range(1, MANY + 1)
        )
    )


def test_a_card_is_refunded_once_whoever_asks_at_once(committed_db):
    agreement = held_agreement()
    assert refusals(refunds_at_once(agreement)) == [WrongState] * (MANY - 1)
    assert Transfer.objects.filter(reason=Reason.REFUND).count() == Refund.objects.count() == 1
    assert not found()


def test_control_without_locks_and_nets_a_card_is_refunded_twice(committed_db, databases):
    agreement = held_agreement()
    without(
        databases,
        committed_db,
        "escrow_settle",
        ("PERFORM escrow_fold(beneficiary);", ""),
        ("ORDER BY a.id FOR NO KEY UPDATE", ""),
        ("    -- Open reservations return first;", "    PERFORM pg_sleep(1);\n    -- Open reservations return first;"),
    )
    as_owner(
        databases,
        committed_db,
        "ALTER TABLE escrow_refund DROP CONSTRAINT escrow_refund_agreement_id_key",
        "ALTER TABLE escrow_account DROP CONSTRAINT account_at_least_zero",
    )
    refunds_at_once(agreement)
    assert Transfer.objects.filter(reason=Reason.REFUND).count() > 1
    assert "nothing_below_zero" in found()


@pytest.mark.django_db
def test_what_is_reserved_is_not_available():
    agreement = held_agreement()
    charge(agreement, 6, final=False)
    with pytest.raises(NotEnoughLeft):
        charge(agreement, 5)
    assert charge(agreement, 4)
    assert queries.holding(agreement.pk).units_left == 0


def test_control_where_reservations_do_not_count_more_is_used_than_there_is(committed_db, databases):
    agreement = held_agreement()
    charge(agreement, 6, final=False)
    without(databases, committed_db, "escrow_standing", ("p.reserved := p.other_pending;", "p.reserved := 0;"))
    with pytest.raises(NotEnoughLeft):  # the row's own CHECK is the second net
        charge(agreement, 5)
    as_owner(databases, committed_db, "ALTER TABLE escrow_account DROP CONSTRAINT account_at_least_zero")
    charge(agreement, 5)
    assert "nothing_below_zero" in found()


@pytest.mark.django_db
def test_a_decided_reservation_is_not_decided_again():
    confirmed, voided = (charge(held_agreement(), 2, final=False) for _ in range(2))
    escrow.confirm_use(use_id=confirmed.pk, at=AT, actor=ACTOR)
    escrow.void_use(use_id=voided.pk, at=AT, actor=ACTOR)
    transfers = Transfer.objects.count()
    for verb in (escrow.confirm_use, escrow.void_use):
        for use, error in ((confirmed, ReservationConfirmed), (voided, ReservationVoided)):
            with pytest.raises(error):
                verb(use_id=use.pk, at=AT, actor=ACTOR)
    assert Transfer.objects.count() == transfers


def test_control_where_a_decision_is_not_looked_at_it_moves_money_again(committed_db, databases):
    use = charge(held_agreement(), 2, final=False)
    escrow.confirm_use(use_id=use.pk, at=AT, actor=ACTOR)
    without(databases, committed_db, "escrow_resolve", ("u.state IN ('final', 'undone')", "false"))
    as_owner(
        databases,
        committed_db,
        "ALTER DOMAIN escrow_counter DROP CONSTRAINT account_counters_not_negative",
    )
    escrow.confirm_use(use_id=use.pk, at=AT, actor=ACTOR)
    assert {"reservations_resolved_once", "shares_exact"} <= found()


def notified_at_once(answer) -> list[object]:
    return at_once(*[lambda: take_payment(channel="sandbox", answer=answer, at=AT)] * MANY)


def test_a_payment_notified_many_times_at_once_funds_once(committed_db):
    agreement = open_agreement()
    assert not refusals(notified_at_once(paid(order(agreement))))
    assert Transfer.objects.filter(reason=Reason.FUND, asset="CNY").count() == 1
    assert queries.holding(agreement.pk).held_fen == agreement.price_fen
    assert not found()


def test_control_without_the_lock_a_payment_funds_again(committed_db, monkeypatch):
    answer = paid(order(open_agreement()))
    everybody_has_read = threading.Barrier(MANY)
    fund = payments.fund

    def later(*facts):
        everybody_has_read.wait(timeout=60)
        fund(*facts)

    monkeypatch.setattr(payments, "locked_agreement", lambda agreement_id: Agreement.objects.get(pk=agreement_id))
    monkeypatch.setattr(payments, "fund", later)
    # Nor does the payment's row hold anybody up: it is written with everything else, afterwards.
    monkeypatch.setattr("escrow.models.Payment.save", lambda *_args, **_options: None)
    assert not refusals(notified_at_once(answer))
    assert Transfer.objects.filter(reason=Reason.FUND, asset="CNY").count() > 1
    assert "agreements_accounted_for" in found()


def blocks(sql: str, *values: object) -> int:
    """Pages that the statement touches by an index, found in memory or not. (A table of few pages is read whole once
    PostgreSQL has counted it, and a new session reads its catalogue the first time.)"""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        for _twice in range(2):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
        plan = cursor.fetchone()[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_a_balance_costs_the_same_after_a_thousand_uses(committed_db, databases):
    agreement = held_agreement(to := beneficiary(), price_fen=10_000_000, units_total=5_000)
    balance = "SELECT credits_posted - debits_posted FROM escrow_account WHERE agreement_id = %s AND asset = 'CNY'"
    history = "SELECT sum(amount) FROM escrow_transfer WHERE beneficiary_id = %s AND agreement_id = %s"
    first = blocks(balance, agreement.pk), blocks(history, to.pk, agreement.pk)
    for some in range(20):
        commands = [
            escrow.Charge(
                beneficiary_id=to.pk,
                agreement_id=agreement.pk,
                units=1,
                final=True,
                key=f"{some}-{n}",
                reference="visit",
            )
            for n in range(50)
        ]
        escrow.charge_many(commands, at=AT, actor=ACTOR)
    assert queries.holding(agreement.pk).units_used == 1_000

    def tidied() -> bool:
        """As autovacuum does; versions of the row that another session still sees stay until it ends."""
        as_owner(databases, committed_db, "VACUUM escrow_account")
        return blocks(balance, agreement.pk) <= first[0] + 3

    until(tidied, seconds=60)
    assert blocks(history, to.pk, agreement.pk) > first[1] + 20  # the control: a sum over history grows with it

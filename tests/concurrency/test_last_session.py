"""32 counters redeem the last session of one card at the same moment: exactly one succeeds.

Two controls show that the test would see the race: with the lock off the database's CHECK is the second net, and with
that gone too, more than one gets through.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.errors import DomainError, NotEnoughLeft
from escrow.models import Agreement
from escrow.operations import uses
from tests.escrow.factories import ACTOR, AT, held_agreement

THREADS = 32


def redeem_at_once(agreement_id: int) -> list[object]:
    """What each thread got: a use, or the error's class."""
    start = threading.Barrier(THREADS)

    def redeem(number: int) -> object:
        try:
            start.wait(timeout=60)
            return escrow.charge(
                agreement_id=agreement_id,
                units=1,
                final=True,
                key=f"counter-{number}",
                reference="race",
                at=AT + timedelta(hours=1),
                actor=ACTOR,
            )
        except DomainError as error:
            return type(error)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(redeem, range(THREADS)))


def one_session_left() -> int:
    agreement = held_agreement(price_fen=100, units_total=3)
    escrow.charge(agreement_id=agreement.pk, units=2, final=True, key="before", reference="race", at=AT, actor=ACTOR)
    return agreement.pk


def successes(results: list[object]) -> int:
    assert {result for result in results if isinstance(result, type)} <= {NotEnoughLeft}
    return sum(not isinstance(result, type) for result in results)


@pytest.fixture
def lock_off(monkeypatch):
    """Everybody reads what is left before anybody writes."""
    monkeypatch.setattr(uses, "locked_agreement", lambda agreement_id: Agreement.objects.get(pk=agreement_id))
    everybody_has_read = threading.Barrier(THREADS)
    read = queries.holding

    def holding(agreement_id: int) -> queries.Holding:
        found = read(agreement_id)
        if threading.current_thread() is not threading.main_thread():
            everybody_has_read.wait(timeout=60)
        return found

    monkeypatch.setattr(queries, "holding", holding)


def test_exactly_one_gets_the_last_session(committed_db):
    agreement_id = one_session_left()
    assert successes(redeem_at_once(agreement_id)) == 1
    holding = queries.holding(agreement_id)
    assert (holding.units_used, holding.held_fen) == (3, 0)
    assert all(finding.ok for finding in invariants.prove())


def test_without_the_lock_the_database_still_refuses(committed_db, lock_off):
    agreement_id = one_session_left()
    assert successes(redeem_at_once(agreement_id)) == 1
    assert all(finding.ok for finding in invariants.prove())


def test_control_without_lock_and_check_the_race_shows(committed_db, databases, lock_off):
    agreement_id = one_session_left()
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE escrow_account DROP CONSTRAINT account_owes_at_least_zero")
    assert successes(redeem_at_once(agreement_id)) > 1
    assert not all(finding.ok for finding in invariants.prove())

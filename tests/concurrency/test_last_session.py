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
from tests.escrow.factories import ACTOR, AT, held_agreement

THREADS = 32


def redeem_at_once(agreement: Agreement) -> list[object]:
    """What each thread got: a use, or the error's class."""
    start = threading.Barrier(THREADS)

    def redeem(number: int) -> object:
        try:
            start.wait(timeout=60)
            return escrow.charge(
                beneficiary_id=agreement.beneficiary_id,
                agreement_id=agreement.pk,
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


def one_session_left() -> Agreement:
    agreement = held_agreement(price_fen=100, units_total=3)
    escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=2,
        final=True,
        key="before",
        reference="before",
        at=AT,
        actor=ACTOR,
    )
    return agreement


def successes(results: list[object]) -> int:
    assert {result for result in results if isinstance(result, type)} <= {NotEnoughLeft}
    return sum(not isinstance(result, type) for result in results)


@pytest.fixture
def lock_off(committed_db, databases):
    """Nobody waits for anybody, and everybody has read what is left before anybody takes it."""
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('escrow_standing(bigint, bigint, date)'::regprocedure)")
        locking = cursor.fetchone()[0]
        assert "FOR NO KEY UPDATE" in locking
        cursor.execute(locking.replace("FOR NO KEY UPDATE", ""))
        cursor.execute(
            """
            CREATE FUNCTION a_moment() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(CASE WHEN NEW.reference = 'race' THEN 2 ELSE 0 END); RETURN NEW; END $$;
            CREATE TRIGGER a_moment BEFORE INSERT ON escrow_use FOR EACH ROW EXECUTE FUNCTION a_moment();
            """
        )


def test_exactly_one_gets_the_last_session(committed_db):
    agreement = one_session_left()
    assert successes(redeem_at_once(agreement)) == 1
    holding = queries.holding(agreement.pk)
    assert (holding.units_used, holding.held_fen) == (3, 0)
    assert all(finding.ok for finding in invariants.prove())


def test_without_the_lock_the_database_still_refuses(committed_db, lock_off):
    agreement = one_session_left()
    assert successes(redeem_at_once(agreement)) == 1
    assert all(finding.ok for finding in invariants.prove())


def test_control_without_lock_and_check_the_race_shows(committed_db, databases, lock_off):
    agreement = one_session_left()
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE escrow_account DROP CONSTRAINT account_at_least_zero")
    assert successes(redeem_at_once(agreement)) > 1
    assert not all(finding.ok for finding in invariants.prove())

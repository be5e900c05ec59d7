"""The holder's yes, the holder's no, the merchant's withdrawal and silence at the same moment: one of them decides the use."""

from datetime import timedelta
from functools import partial

from django.db import connection

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.models import Transfer, Use
from escrow.operations.uses import resolve_many
from escrow.states import Silence, StoppageKind, UseState
from escrow.transactions import transaction
from tests.concurrency.threads import at_once, until_somebody_waits
from tests.escrow.factories import ACTOR, AT, held_agreement

ROUNDS = 8
LATE = AT + timedelta(days=60)


def waiting_use() -> Use:
    agreement = held_agreement()
    use = escrow.charge(
        beneficiary_id=agreement.beneficiary_id,
        agreement_id=agreement.pk,
        units=3,
        final=False,
        key=f"k{agreement.pk}",
        reference="race",
        place="7",
        silence=Silence.CONFIRMS,
        silence_days=15,
        at=AT,
        actor=ACTOR,
    )
    return escrow.notice_delivered(use_id=use.pk, at=AT, actor=ACTOR)


def by_silence(use: Use) -> object:
    [error] = resolve_many([(use.pk, UseState.FINAL, "silence", None)], at=LATE, actor="system:sweep")
    return type(error) if error else use


def test_one_of_four_answers_decides(committed_db):
    for _ in range(ROUNDS):
        use = waiting_use()
        answer = {"use_id": use.pk, "at": LATE, "actor": ACTOR}
        results = at_once(
            partial(escrow.confirm_use, units=2, **answer),
            partial(escrow.void_use, **answer),
            partial(by_silence, use),
            partial(by_silence, use),
        )
        assert sum(not isinstance(result, type) for result in results) == 1
        done = Use.objects.get(pk=use.pk)
        assert done.state in {UseState.FINAL, UseState.VOIDED}
        used = done.units if done.state == UseState.FINAL else 0
        holding = queries.holding(use.agreement_id)
        assert (holding.units_used, holding.units_reserved) == (used, 0)
        assert Transfer.objects.filter(use_id=use.pk, kind="resolved", asset="VISIT").count() == 1
    assert all(finding.ok for finding in invariants.prove())


def test_a_dispute_and_silence(committed_db):
    for _ in range(ROUNDS):
        use = waiting_use()
        at_once(
            partial(escrow.dispute_use, use_id=use.pk, at=LATE, actor=ACTOR),
            partial(by_silence, use),
            partial(escrow.dispute_use, use_id=use.pk, at=LATE, actor=ACTOR),
        )
        done = Use.objects.get(pk=use.pk)
        holding = queries.holding(use.agreement_id)
        expected = {UseState.FINAL: (3, 0), UseState.DISPUTED: (0, 3)}
        assert (holding.units_used, holding.units_reserved) == expected[UseState(done.state)]


def test_silence_waits_for_a_stoppage_that_is_just_being_written(committed_db):
    use = waiting_use()

    def stop() -> object:
        with transaction():
            stopped = escrow.begin_stoppage(
                beneficiary_id=use.beneficiary_id,
                kind=StoppageKind.WATCH,
                because="巡查",
                at=LATE,
                actor=ACTOR,
            )
            until_somebody_waits()
        return stopped

    def confirm() -> object:
        with connection.cursor() as cursor:  # not before the stoppage is written and not committed
            cursor.execute("SELECT pg_sleep(0.5)")
        return by_silence(use)

    at_once(stop, confirm)
    assert Use.objects.get(pk=use.pk).state == UseState.RESERVED


def test_control_without_its_lock_silence_passes_by_the_stoppage(committed_db, databases):
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION escrow_exclusive_lock(beneficiary bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$"
        )
    use = waiting_use()

    def stop() -> object:
        with transaction():
            stopped = escrow.begin_stoppage(
                beneficiary_id=use.beneficiary_id, kind=StoppageKind.WATCH, because="巡查", at=LATE, actor=ACTOR
            )
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(2)")
        return stopped

    def confirm() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.5)")
        return by_silence(use)

    at_once(stop, confirm)
    assert Use.objects.get(pk=use.pk).state == UseState.FINAL

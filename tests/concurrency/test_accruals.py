"""Accrual runs against each other, against refunds, stoppages and pauses."""

from datetime import timedelta
from functools import partial

from django.db import connection

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import Agreement, Stoppage, Use
from escrow.operations import accruals
from escrow.states import AgreementState, Party, Plan, RefundBasis, StoppageKind, UseState
from escrow.transactions import transaction
from tests.concurrency.threads import at_once, until_somebody_waits
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement

PAID_ON = beijing_date(AT)
LATER = AT + timedelta(days=20)
ROUNDS = 6


def cards(number: int) -> list[Agreement]:
    to = beneficiary()
    return [held_agreement(to, plan=Plan.PERIOD, price_fen=36_500, units_total=365) for _ in range(number)]


def run(at=LATER) -> object:
    return escrow.accrue(at=at, actor=ACTOR)


def proven() -> list[str]:
    return [f.name for f in invariants.prove() if not f.ok]


def test_eight_runs_at_once_accrue_each_day_once(committed_db, monkeypatch):
    monkeypatch.setattr(accruals, "CHUNK", 2)
    made = cards(5)
    done = at_once(*[run] * 8)
    assert sum(result.accrued for result in done) == 5 * 19
    assert sum(result.final for result in done) == 5 * 12
    assert Use.objects.count() == 5 * 19
    assert {queries.holding(card.pk).held_fen for card in made} == {36_500 - 1_200}
    assert not proven()


def test_a_run_and_a_refund(committed_db):
    for _ in range(ROUNDS):
        [card] = cards(1)
        run(AT + timedelta(days=10))
        refund = partial(
            escrow.refund,
            agreement_id=card.pk,
            amount_fen=30_000,
            basis=RefundBasis.CONSENT,
            reference="race",
            at=LATER,
            actor=ACTOR,
        )
        at_once(run, refund, run)
        card.refresh_from_db()
        assert card.state == AgreementState.CLOSED
        assert not Use.objects.filter(agreement=card, state=UseState.RESERVED).exists()
        final = Use.objects.filter(agreement=card, state=UseState.FINAL).count()
        assert final in {2, 12}, "the run came before the refund or after it"
        assert card.refund.settled_fen == 6_500 - 100 * final
    assert not proven()


def stopping(card: Agreement) -> object:
    """Recorded, and committed when somebody has come to wait for it."""
    with transaction():
        made = escrow.begin_stoppage(
            beneficiary_id=card.beneficiary_id,
            kind=StoppageKind.DARK,
            because="nobody there",
            since=PAID_ON + timedelta(days=5),
            at=LATER,
            actor=ACTOR,
        )
        until_somebody_waits()
    return made


def soon() -> object:
    with connection.cursor() as cursor:  # not before the stoppage is written and not committed
        cursor.execute("SELECT pg_sleep(0.5)")
    return run()


def test_a_run_waits_for_a_stoppage_that_is_just_being_written(committed_db):
    [card] = cards(1)
    run(AT + timedelta(days=8))
    at_once(partial(stopping, card), soon)
    days = Use.objects.filter(agreement=card).exclude(state=UseState.VOIDED)
    assert sorted((use.day - PAID_ON).days for use in days) == [1, 2, 3, 4]
    assert not proven()


def test_control_a_run_passes_by_a_stoppage_that_is_written_without_the_locks(committed_db):
    [card] = cards(1)

    def stop() -> object:
        with transaction(), connection.cursor() as cursor:
            made = Stoppage.objects.create(
                beneficiary_id=card.beneficiary_id,
                kind=StoppageKind.DARK,
                because="nobody there",
                since=PAID_ON + timedelta(days=5),
                created_at=AT,
            )
            cursor.execute("SELECT pg_sleep(2)")
        return made

    at_once(stop, soon)
    assert Use.objects.filter(agreement=card, day__gte=PAID_ON + timedelta(days=5)).exists()
    assert "no_day_accrues_that_nobody_served" in proven()


def test_a_pause_and_a_run(committed_db):
    for _ in range(ROUNDS):
        [card] = cards(1)
        pause = escrow.ask_pause(
            agreement_id=card.pk,
            side=Party.FUNDER,
            since=beijing_date(LATER),
            until=beijing_date(LATER) + timedelta(days=9),
            because="away",
            at=LATER,
            actor=ACTOR,
        )
        agree = partial(escrow.agree_pause, pause_id=pause.pk, side=Party.BENEFICIARY, at=LATER, actor=ACTOR)
        at_once(run, agree, run)
        run(LATER + timedelta(days=12))
        days = {(use.day - PAID_ON).days for use in Use.objects.filter(agreement=card)}
        assert days == {*range(1, 20), 30, 31}
    assert not proven()

"""The sweep: rows that fail every time do not keep others waiting, and a message that fails fails nothing else."""

from datetime import timedelta

import pytest

from escrow import clock, tasks
from escrow import operations as escrow
from escrow.models import Beneficiary, Payout
from escrow.signals import use_recorded
from escrow.transactions import ring, transaction
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_uses import charge

pytestmark = pytest.mark.django_db


def test_payouts_that_always_fail_do_not_stand_before_the_others(monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=1))
    nowhere = [beneficiary() for _ in range(2)]
    for number, to in enumerate([*nowhere, beneficiary()]):
        agreement = held_agreement(to)
        escrow.charge(
            beneficiary_id=to.pk,
            agreement_id=agreement.pk,
            units=1,
            final=True,
            key=f"k{number}",
            reference="visit",
            at=AT,
            actor=ACTOR,
        )
    Beneficiary.objects.filter(pk__in=[to.pk for to in nowhere]).update(payout_account_no="")
    for _ in range(60):  # a third of the chance each time: all miss once in 10^10
        tasks.run_payouts()
    assert Payout.objects.count() == 1


def test_a_message_that_fails_does_not_fail_the_deed(monkeypatch, django_capture_on_commit_callbacks):
    heard = []

    def fails(**_facts):
        raise RuntimeError("no paper")

    use_recorded.connect(fails)
    try:
        with django_capture_on_commit_callbacks(execute=True), transaction():
            charge(held_agreement(), 1)
            monkeypatch.setattr("escrow.transactions.current_app.send_task", lambda *what, **how: heard.append(what))
            ring("escrow.tasks.sweep")
    finally:
        use_recorded.disconnect(fails)
    assert len(heard) == 1

"""Several runs of early release at once, with charges, a refund and a payout in between, and one that is killed: each
beneficiary gets one release a day, and nothing is lost."""

from datetime import timedelta
from functools import partial

import pytest

from escrow import invariants, queries
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.models import EarlyRelease
from escrow.operations import advances
from escrow.states import RefundBasis
from tests.concurrency.threads import at_once, refusals
from tests.escrow.factories import ACTOR, AT, beneficiary, held_agreement
from tests.escrow.test_advances import DAY, PROVEN, WINDOW, used

NOW = AT + PROVEN * DAY


def shop():
    """Somebody who has earned 10,000 yuan in the last 30 days, and three cards of 2,000 that leave 70 % free."""
    to = beneficiary()
    steady = held_agreement(to, price_fen=3_200_000, units_total=32)
    used(steady, 1, at=AT)
    used(steady, WINDOW, at=NOW - DAY)
    return to, [held_agreement(to, free_percent=70) for _ in range(3)]


def found() -> list[str]:
    return [f.name for f in invariants.prove() if not f.ok and f.name != "statement_lines_matched"]


def test_one_release_a_day_whoever_runs_and_whatever_else_happens(committed_db):
    to, (one, two, three) = shop()
    run = partial(escrow.release_early, at=NOW, actor=ACTOR)
    refund = partial(
        escrow.refund, agreement_id=three.pk, amount_fen=200_000, basis=RefundBasis.CLOSURE, reference="x", at=NOW, actor=ACTOR
    )  # fmt: skip
    results = at_once(
        run,
        run,
        run,
        refund,
        partial(used, one, 3, at=NOW),
        partial(used, two, 2, at=NOW, final=False),
        partial(escrow.pay_out, beneficiary_id=to.pk, at=NOW, actor=ACTOR),
    )
    assert not refusals(results)
    assert EarlyRelease.objects.filter(beneficiary=to, day=beijing_date(NOW)).count() <= 1
    for agreement in (one, two):
        held = queries.holding(agreement.pk)
        assert held.unearned_fen == 200_000 - held.units_used * 20_000
    assert queries.holding(three.pk).unearned_fen == 0
    assert not found()
    escrow.release_early(at=NOW + timedelta(days=1), actor=ACTOR)
    assert queries.holding(one.pk).advanced_fen > 0
    assert not found()


def test_a_run_that_dies_between_two_is_ended_by_the_next(committed_db, monkeypatch):
    places = [shop()[0] for _ in range(3)]
    calls = iter(range(10))

    def dies(*args):
        if next(calls) == 1:
            raise KeyboardInterrupt
        return call(*args)

    call = advances.call
    monkeypatch.setattr(advances, "call", dies)
    with pytest.raises(KeyboardInterrupt):
        escrow.release_early(at=NOW, actor=ACTOR)
    assert EarlyRelease.objects.count() == 1
    monkeypatch.undo()
    assert escrow.release_early(at=NOW, actor=ACTOR).beneficiaries == 2
    assert {release.beneficiary_id for release in EarlyRelease.objects.all()} == {to.pk for to in places}
    assert escrow.release_early(at=NOW, actor=ACTOR).beneficiaries == 0
    assert not found()

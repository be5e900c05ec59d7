"""``manage.py close-merchant``: carries out an approved closing only, exactly once, and says what became of it."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from escrow import clock, invariants
from escrow.models import AuditEntry, Refund
from escrow.states import RefundBasis
from prepaid.cards.models import PayBackFault, RefundRequest
from prepaid.cards.operations import closings as verbs
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import ClosingKind
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_closings import announced, confirmed, found, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def close(capsys):
    """Runs it: its exit status, what it prints as JSON, and what it says on stderr."""

    def run(number: int, *flags: str) -> tuple[int, dict, str]:
        status = 0
        try:
            call_command("close-merchant", str(number), "--json", *flags)
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return status, json.loads(said.out), said.err

    return run


def shut(cards: int = 3, *, approved: bool = True):
    """A shop with cards that an official found shut, and mostly a second one has confirmed it."""
    shop = factories.shop()
    for _nth in range(cards):
        sold(shop)
    clock.advance(timedelta(days=14))
    closing = found(shop, factories.people.officer())
    if approved:
        confirmed(closing, factories.people.operator())
    return closing


def traces() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (AuditEntry, Refund, RefundRequest, Message))


def test_what_nobody_approved_is_not_carried_out(close):
    closing = shut(approved=False)
    before = traces()
    status, said, words = close(closing.pk)
    assert (status, said["ok"], said["error"]["code"]) == (1, False, "ClosingNotApproved")
    assert words.startswith("ClosingNotApproved: ")
    assert traces() == before


def test_a_dry_run_says_what_it_comes_to_and_changes_nothing(close):
    closing = shut(approved=False)
    before = traces()
    status, said, _words = close(closing.pk, "--dry-run")
    assert (status, said["approved"], said["owed"]) == (0, False, {"cards": 3, "fen": 600_000})
    assert traces() == before
    closing.refresh_from_db()
    assert closing.ended_at is None


def test_it_does_what_the_dry_run_foretold_and_nothing_twice(close):
    closing = shut()
    _status, foretold, _words = close(closing.pk, "--dry-run")
    status, said, _words = close(closing.pk)
    assert (status, said["ok"], said["granted"], said["waiting"]["cards"]) == (0, True, foretold["owed"], 0)
    told = Message.objects.count()
    before = traces()
    status, again, _words = close(closing.pk)
    assert (status, again["granted"]) == (0, said["granted"])
    assert (traces(), Message.objects.count()) == (before, told)
    assert Refund.objects.filter(basis=RefundBasis.CLOSURE).count() == 3
    closing.refresh_from_db()
    assert None not in (closing.ended_at, closing.refunded_at, closing.told_at)
    assert not [one.name for one in invariants.prove() if not one.ok]


def test_a_card_that_cannot_be_paid_back_is_named_and_the_next_run_pays_it(close, monkeypatch):
    closing = shut()
    real, broken = verbs.grant_many, []

    def fails(granted, **facts):
        broken.extend(one.request.card_id for one in granted if not broken)
        if any(one.request.card_id == broken[0] for one in granted):
            raise RuntimeError("out of order")
        return real(granted, **facts)

    monkeypatch.setattr(verbs, "grant_many", fails)
    status, said, _words = close(closing.pk)
    assert (status, said["ok"], said["granted"]["cards"], said["waiting"]["cards"]) == (1, False, 2, 1)
    assert [one["code"] for one in said["faults"]] == ["RuntimeError"]
    assert said["faults"][0]["card"] == PayBackFault.objects.get().card.number
    monkeypatch.undo()
    status, said, _words = close(closing.pk)
    assert (status, said["granted"]["cards"], said["faults"]) == (0, 3, [])


def test_before_the_last_day_is_over_and_for_a_move_it_is_refused(close):
    shop = factories.shop()
    sold(shop)
    later = announced(shop)
    before = traces()
    status, said, _words = close(later.pk)
    assert (status, said["error"]["code"]) == (1, "ClosingNotOver")
    assert later.last_day.isoformat() in said["error"]["message"]
    other = factories.shop()
    moves = announced(other, store=other.stores[0], kind=ClosingKind.MOVE)
    status, said, _words = close(moves.pk)
    assert (status, said["error"]["code"]) == (1, "ClosingNothingToPayBack")
    merchants.withdraw_closing(closing_id=later.pk, by=shop.boss, at=clock.now(), actor="system:test")
    status, said, _words = close(later.pk)
    assert (status, said["error"]["code"]) == (1, "ClosingNothingToPayBack")
    assert traces()[1:3] == before[1:3] == (0, 0)
    status, said, _words = close(10**9)
    assert (status, said["error"]["code"]) == (1, "NotFound")


def test_in_words_it_names_the_sums(capsys):
    closing = shut(1)
    call_command("close-merchant", str(closing.pk))
    said = capsys.readouterr().out
    assert closing.merchant.name in said
    assert "2,000.00" in said

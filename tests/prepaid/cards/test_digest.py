"""The weekly letter: what was used and what waits, once a person and week, and only where there is something to say."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow import operations as escrow
from prepaid.cards import operations, queries, tasks
from prepaid.cards.models import Digest
from prepaid.notices.models import Message
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 9)


def at(day: int, hour: int = 10) -> datetime:
    """In that March, in Beijing."""
    return datetime(2026, 3, day, hour, tzinfo=clock.BEIJING)


@pytest.fixture
def used(monkeypatch):
    """A card of ten: one session on Tuesday, two that wait since Sunday; everybody reads English."""
    shop = factories.shop()
    card = factories.card(shop, at=at(2))
    card.holder.language = "en"
    card.holder.save()
    factories.charge(card, shop.boss, at=at(3))
    factories.charge(card, shop.boss, units=2, age=1, at=at(8))
    monkeypatch.setattr(clock, "now", lambda: at(9))
    return card


def letters(card) -> list[Message]:
    return list(Message.objects.filter(recipient=card.holder, kind="cards.digest"))


def test_one_letter_says_what_was_used_and_what_becomes_of_what_waits(used):
    assert queries.monday_of(clock.today()) == MONDAY
    assert tasks.send_digests() == 1
    assert tasks.send_digests() == 0
    [letter] = letters(used)
    assert letter.title == "Your cards last week"
    assert f"{used.version.product.name} {used}: 1 charge, ¥200.00." in letter.body
    assert "2 sessions" in letter.body
    assert "after 2026-03-09 they return to the card" in letter.body
    assert Digest.objects.get().monday == MONDAY


def test_two_at_once_send_one(used):
    facts = {"user_id": used.holder_id, "monday": MONDAY, "at": at(9)}
    assert [operations.send_digest(**facts), operations.send_digest(**facts)] == [True, False]
    assert len(letters(used)) == 1


def test_a_week_without_anything_and_a_charge_taken_back_are_no_letter(used, monkeypatch):
    quiet = factories.card(factories.shop(), at=at(2))
    for charge in used.redemptions.all():
        staff = used.issuer.staff.first()
        operations.undo_redemption(staff=staff, redemption_id=charge.pk, at=charge.at, actor="user:x")
    tasks.send_digests()
    assert letters(used) == letters(quiet) == []
    assert tasks.send_digests() == 0, "and nobody is asked about again"


def test_what_was_missed_is_sent_late_and_an_older_week_is_not(used, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: at(12))
    assert tasks.send_digests() == 1
    Digest.objects.all().delete()
    Message.objects.filter(kind="cards.digest").delete()
    monkeypatch.setattr(clock, "now", lambda: at(9) + timedelta(days=14))
    escrow.pass_silence(at=clock.now(), actor="system:sweep")  # what waited has returned
    assert tasks.send_digests() == 0
    assert letters(used) == []


def test_one_letter_that_fails_keeps_nobody_elses(used, monkeypatch):
    other = factories.card(factories.shop(), at=at(2))
    factories.charge(other, other.issuer.staff.first(), at=at(4))
    send = operations.send_digest

    def fails_once(*, user_id, **facts):
        if user_id == used.holder_id:
            raise RuntimeError("broken")
        return send(user_id=user_id, **facts)

    monkeypatch.setattr(operations, "send_digest", fails_once)
    assert tasks.send_digests() == 1
    assert (len(letters(used)), len(letters(other))) == (0, 1)
    monkeypatch.setattr(operations, "send_digest", send)
    assert tasks.send_digests() == 1
    assert len(letters(used)) == 1


def test_who_switched_it_off_gets_none(used):
    client = Client()
    client.force_login(used.holder)
    assert client.post(reverse("set_digest"), {"digest": "0"}).status_code == 302
    assert tasks.send_digests() == 0
    assert client.post(reverse("set_digest"), {"digest": "1"}).status_code == 302
    assert tasks.send_digests() == 1

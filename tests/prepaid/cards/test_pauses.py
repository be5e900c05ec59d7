"""Pausing a card on its pages: the customer asks and the merchant agrees, or the reverse; everybody only their own."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow import operations as escrow
from escrow.errors import PauseAlreadyThere, PauseTooLong
from escrow.models import Pause, Use
from escrow.states import PauseState, Plan
from prepaid.cards import errors, queries
from prepaid.merchants.models import Store
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, refused, signed_in, text_of

pytestmark = pytest.mark.django_db


def days(first: int, last: int) -> dict[str, date | str]:
    today = clock.today()
    return {"since": today + timedelta(days=first), "until": today + timedelta(days=last), "because": "出差"}


@pytest.fixture
def shop():
    return factories.shop()


@pytest.fixture
def card(shop):
    return factories.card(shop, Plan.PERIOD)


def test_the_customer_asks_on_the_phone_and_the_merchant_agrees_on_the_dashboard(shop, card) -> None:
    phone, desk = signed_in(card.holder), signed_in(shop.owner)
    answer = phone.post(reverse("card_pause", args=[card.number]), days(1, 10), follow=True)
    assert "You asked for a pause" in text_of(answer)
    assert "asks for a pause" in text_of(desk.get(reverse("shop_home")))
    pause = Pause.objects.get()
    assert "出差" in text_of(desk.get(reverse("shop_pauses")))
    assert queries.face_of(card=card, today=clock.today()).last_day == card.expires_on
    desk.post(reverse("shop_pause", args=[pause.pk]), {"agree": "1"})
    assert queries.face_of(card=card, today=clock.today()).last_day == card.expires_on + timedelta(days=10)
    page = text_of(phone.get(reverse("card_detail", args=[card.number])))
    assert str(card.expires_on + timedelta(days=10)) in page
    assert f"by the contract {card.expires_on}" in page
    assert {m.kind for m in Message.objects.filter(kind__startswith="cards.pause")} == {
        "cards.pause_asked",
        "cards.pause_answered",
    }
    pause.refresh_from_db()
    assert (pause.asked_by, pause.answered_by) == (card.holder.actor, shop.owner.actor)


def test_the_merchant_asks_and_the_customer_refuses(shop, card) -> None:
    phone, desk = signed_in(card.holder), signed_in(shop.owner)
    desk.post(reverse("shop_pauses"), {"number": str(card), **days(1, 10)})
    pause = Pause.objects.get()
    page = phone.get(reverse("card_pause", args=[card.number]))
    assert "The merchant asks for a pause" in text_of(page)
    refused(desk, reverse("shop_pauses"), {"number": card.number, **days(2, 3)}, says=PauseAlreadyThere, status=409)
    phone.post(reverse("card_pause", args=[card.number]), {"pause": pause.pk, "refuse": "1"})
    pause.refresh_from_db()
    assert pause.state == PauseState.REFUSED


def test_a_paused_card_is_not_checked_in_with_until_the_customer_ends_it(shop, card) -> None:
    phone, desk = signed_in(card.holder), signed_in(shop.owner)
    phone.post(reverse("card_pause", args=[card.number]), days(0, 10))
    pause = Pause.objects.get()
    desk.post(reverse("shop_pause", args=[pause.pk]), {"agree": "1"})
    page = text_of(phone.get(reverse("card_detail", args=[card.number])))
    assert "paused" in page
    assert "Show the code" not in page
    with pytest.raises(errors.CardPaused):
        factories.charge(card, shop.boss)
    clock.advance(timedelta(days=3))
    phone.post(reverse("card_pause", args=[card.number]), {"pause": pause.pk, "end": "1"})
    assert factories.charge(card, shop.boss).units == 0
    escrow.accrue(at=clock.now() + timedelta(days=2), actor="system:test")
    assert [u.day for u in Use.objects.filter(agreement=card.agreement)] == [
        clock.today(),
        clock.today() + timedelta(days=1),
    ]


def test_what_cannot_be_changes_nothing_and_says_why(shop, card) -> None:
    phone = signed_in(card.holder)
    url = reverse("card_pause", args=[card.number])
    refused(phone, url, days(1, 100), says=PauseTooLong, status=400)
    answer = phone.post(url, {"since": "soon", "until": "", "because": ""})
    assert answer.status_code == 400
    assert "Say why, so that the other side can agree." in answer.content.decode()
    assert not Pause.objects.exists()
    visits = factories.card(shop)
    assert signed_in(visits.holder).get(reverse("card_pause", args=[visits.number])).status_code == 404


def test_nobody_touches_the_pauses_of_others(shop, card) -> None:
    signed_in(card.holder).post(reverse("card_pause", args=[card.number]), days(1, 10))
    pause = Pause.objects.get()
    stranger, rival = signed_in(factories.person()), signed_in(factories.shop().owner)
    cashier = signed_in(factories.cashier(shop).user)
    assert stranger.get(reverse("card_pause", args=[card.number])).status_code == 404
    other = factories.card(shop, Plan.PERIOD)
    answer = signed_in(other.holder).post(reverse("card_pause", args=[other.number]), {"pause": pause.pk, "end": "1"})
    assert answer.status_code == 404
    assert rival.post(reverse("shop_pause", args=[pause.pk]), {"agree": "1"}).status_code == 404
    assert rival.post(reverse("shop_pauses"), {"number": other.number, **days(1, 2)}).status_code == 404
    assert cashier.post(reverse("shop_pause", args=[pause.pk]), {"agree": "1"}).status_code == 403
    assert Client().get(reverse("shop_pauses")).status_code == 302
    pause.refresh_from_db()
    assert pause.state == PauseState.ASKED
    assert Pause.objects.count() == 1


def test_the_list_of_pauses_costs_the_same_for_many(shop, card, django_assert_max_num_queries) -> None:
    for _n in range(5):
        made = factories.card(shop, Plan.PERIOD)
        signed_in(made.holder).post(reverse("card_pause", args=[made.number]), days(1, 10))
    desk = signed_in(shop.owner)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert desk.get(reverse("shop_pauses")).content.decode().count('name="agree"') == 5


def test_the_card_tells_what_was_used_and_that_the_shop_does_not_serve(shop, card) -> None:
    clock.advance(timedelta(days=20))
    escrow.accrue(at=clock.now(), actor="system:test")
    escrow.begin_stoppage(
        beneficiary_id=card.agreement.beneficiary_id,
        kind="dark",
        because="nobody there",
        since=clock.today() - timedelta(days=5),
        at=clock.now(),
        actor="system:test",
    )
    page = text_of(signed_in(card.holder).get(reverse("card_detail", args=[card.number])))
    assert "14 / 365" in page
    assert f"has not served since {clock.today() - timedelta(days=5)}" in page
    statement = text_of(signed_in(card.holder).get(reverse("card_statement", args=[card.number])))
    assert "12 days" in statement


def test_a_pause_does_not_move_the_last_day_past_a_lease(shop, card) -> None:
    """Neither when it is asked for nor, if the lease was shortened meanwhile, when it is agreed to."""
    phone, desk = signed_in(card.holder), signed_in(shop.owner)
    store = Store.objects.filter(pk=shop.stores[0].pk)
    store.update(lease_ends_on=card.expires_on + timedelta(days=9))
    asking = reverse("card_pause", args=[card.number])
    refused(phone, asking, days(1, 10), says=errors.PauseOutlastsLease, status=422)
    assert not Pause.objects.exists()
    phone.post(asking, days(1, 9))
    pause = Pause.objects.get()
    store.update(lease_ends_on=card.expires_on + timedelta(days=8))
    answering = reverse("shop_pause", args=[pause.pk])
    assert "With this pause the card would run until" in text_of(desk.post(answering, {"agree": "1"}, follow=True))
    pause.refresh_from_db()
    assert pause.state == PauseState.ASKED
    desk.post(answering, {"refuse": "1"})
    pause.refresh_from_db()
    assert pause.state == PauseState.REFUSED

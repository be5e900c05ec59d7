"""The till prepares a purchase; the customer reads, accepts and pays on her own phone."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from escrow.states import Plan
from prepaid.cards import operations
from prepaid.cards.models import Card
from prepaid.cards.operations import prepared
from prepaid.notices.models import Message
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_pages import MOST_QUERIES, fields_of, signed_in, text_of

pytestmark = pytest.mark.django_db


def path_of(address: str) -> str:
    return address.removeprefix(settings.PUBLIC_URL)


def buy(client, path: str):
    page = client.get(path)
    ticks = dict.fromkeys([*page.context["form"].risks, "accepted"], "on")
    return client.post(path, {**fields_of(page), **ticks, "channel": "sandbox"})


def test_the_customer_decides_on_her_own_phone_and_the_card_says_who_prepared_it(django_assert_max_num_queries) -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    cashier = factories.cashier(shop)
    till = signed_in(cashier.user)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert version.product.name in text_of(till.get(reverse("shop_sell")))
    with django_assert_max_num_queries(MOST_QUERIES):
        assert "<svg" in till.get(reverse("shop_sell_product", args=[version.pk])).content.decode()
    address = operations.prepared_address(staff=cashier, version=version)
    customer = factories.person("顾客")
    client = signed_in(customer)
    assert f"{cashier.user.display_name} of {shop.merchant.name} chose this card" in text_of(
        client.get(path_of(address))
    )
    buy(client, path_of(address))
    card = Card.objects.get()
    assert (card.holder, card.prepared_by) == (customer, cashier)
    assert "赵" in text_of(till.get(reverse("shop_sell")))


@pytest.mark.parametrize("why", ["another product", "forged", "old", "has left"])
def test_a_note_that_is_not_ours_any_more_says_nothing(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = factories.shop()
    version = factories.on_sale(shop, Plan.STORED_VALUE)
    cashier = factories.cashier(shop)
    path = path_of(operations.prepared_address(staff=cashier, version=version))
    if why == "another product":
        other = factories.on_sale(shop)
        path = path.replace(reverse("buy", args=[version.pk]), reverse("buy", args=[other.pk]))
    elif why == "forged":
        path = path[:-1] + ("A" if path[-1] != "A" else "B")
    elif why == "old":
        monkeypatch.setattr(prepared, "LASTS", timedelta(seconds=-1))
    else:
        type(cashier).objects.filter(pk=cashier.pk).update(is_active=False)
    client = signed_in(factories.person())
    page = client.get(path)
    assert page.status_code == 200
    assert "chose this card" not in text_of(page)
    buy(client, path)
    assert Card.objects.get().prepared_by is None


def test_a_link_by_sms_is_counted_and_nothing_goes_to_what_is_no_number() -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    till, url = signed_in(shop.owner), reverse("shop_sell_product", args=[version.pk])
    sent = Message.objects.filter(kind="cards.prepared")
    assert till.post(url, {"phone": "12345"}).status_code == 400
    assert not sent.exists()
    answers = [till.post(url, {"phone": "13911112222"}).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]
    assert sent.count() == 3
    assert reverse("buy", args=[version.pk]) in sent.first().body


def test_another_merchants_product_is_not_sold_here() -> None:
    version = factories.on_sale(factories.shop())
    till, url = signed_in(factories.shop().owner), reverse("shop_sell_product", args=[version.pk])
    assert till.get(url).status_code == 404
    assert till.post(url, {"phone": "13911112222"}).status_code == 404
    assert not Message.objects.filter(kind="cards.prepared").exists()

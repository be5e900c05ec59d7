"""Discount cards from the sale to the refund: the till types the list price, the card gives its rate of it, both are kept."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from escrow import clock, invariants
from escrow import queries as escrow_queries
from escrow.errors import InvalidAmount
from escrow.models import Use
from escrow.states import Plan, UseState
from prepaid.cards import errors, operations, queries
from prepaid.cards.models import Card, Redemption
from prepaid.cards.states import RefundCause
from prepaid.products.refund_rules import RefundRule
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused

pytestmark = pytest.mark.django_db

LATER = 10  # days: the cooling-off is over


def signed_in(user, language="en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="prepaid.people.backends.RoleBackend")
    return client


def held_fen(card: Card) -> int:
    return escrow_queries.holding(card.agreement_id).held_fen


def refund(card: Card, cause: RefundCause):
    return queries.refund_quote(card=card, cause=cause, at=clock.now() + timedelta(days=LATER))


def test_the_list_price_is_typed_and_its_rate_is_charged_the_odd_fen_being_the_holders():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)  # 500 yuan, 80 %, a usual visit 68 yuan
    charge = factories.charge(card, shop.boss, amount_fen=6_799)
    assert (charge.units, charge.list_fen) == (5_439, 6_799)  # 5,439.2
    assert not charge.is_waiting
    assert held_fen(card) == 50_000 - 5_439
    with override("en"):
        assert charge.figure == "¥54.39 (list price ¥67.99)"


def test_up_to_the_usual_visit_a_scan_is_final_more_waits_and_the_tap_names_both_prices():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    assert not factories.charge(card, shop.boss, amount_fen=6_800).is_waiting
    charge = factories.charge(card, shop.boss, amount_fen=10_000, age=1)
    assert charge.is_waiting
    client = signed_in(card.holder)
    page = client.get(reverse("redemption_confirm", args=[charge.pk])).content.decode()
    assert "Yes, charge ¥80.00 (list price ¥100.00)" in page
    assert client.post(reverse("redemption_confirm", args=[charge.pk])).status_code == 302
    assert held_fen(card) == 50_000 - 5_440 - 8_000
    statement = client.get(reverse("card_statement", args=[card.number])).content.decode()
    assert "List price" in statement
    assert "100.00" in statement
    assert all(finding.ok for finding in invariants.prove())


def test_a_part_is_confirmed_after_the_discount_and_its_list_price_follows():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    charge = factories.charge(card, shop.boss, amount_fen=10_001)  # 80.00
    url = reverse("redemption_confirm", args=[charge.pk])
    client = signed_in(card.holder)
    assert "after the discount" in client.get(url).content.decode()
    for wrong in ("0", "80.01", "x", "-1", ""):
        assert client.post(url, {"part": wrong}).status_code == 400, wrong
    assert client.post(url, {"part": "40.00"}).status_code == 302
    charge = Redemption.objects.get(pk=charge.pk)
    assert (charge.use.units, charge.list_fen_of(charge.use.units)) == (4_000, 5_000)  # 5,000.5
    assert refund(card, RefundCause.CONSUMER).refund_fen == 50_000 - 5_000


def test_undo_gives_it_back_and_it_counts_no_more():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    charge = factories.charge(card, shop.boss, amount_fen=5_000)
    operations.undo_redemption(staff=shop.boss, redemption_id=charge.pk, at=clock.now(), actor="user:x")
    assert held_fen(card) == 50_000
    assert refund(card, RefundCause.CONSUMER).refund_fen == 50_000


def test_a_dispute_returns_it_all():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    charge = factories.charge(card, shop.boss, amount_fen=20_000)
    assert signed_in(card.holder).post(reverse("redemption_dispute", args=[charge.pk])).status_code == 302
    assert Use.objects.get(pk=charge.use_id).state == UseState.VOIDED
    assert held_fen(card) == 50_000


def test_the_refund_counts_discounted_prices_or_for_the_holders_cause_list_prices():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    factories.charge(card, shop.boss, amount_fen=6_800)
    factories.charge(card, shop.boss, amount_fen=6_000, age=1)
    by_merchant, by_holder = refund(card, RefundCause.OPERATOR), refund(card, RefundCause.CONSUMER)
    assert (by_merchant.refund_fen, by_merchant.rule) == (50_000 - 5_440 - 4_800, RefundRule.SOLD_PRICE)
    assert (by_holder.refund_fen, by_holder.rule) == (50_000 - 12_800, RefundRule.LIST_PRICE)
    assert by_merchant.refund_fen == held_fen(card)


def test_what_is_refused_changes_nothing():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    error = refused(errors.ListPriceTooLarge, lambda: factories.charge(card, shop.boss, amount_fen=62_502))
    assert "625.01" in str(error)
    refused(errors.NothingToCharge, lambda: factories.charge(card, shop.boss, amount_fen=1))
    refused(errors.AmountNeeded, lambda: factories.charge(card, shop.boss))
    refused(errors.SessionsNotCharged, lambda: factories.charge(card, shop.boss, amount_fen=100, units=1))
    refused(errors.NotACourse, lambda: factories.charge(card, shop.boss, amount_fen=100, lesson_class="素描"))
    for amount in (0, -1, 0.5, 10**18):
        refused(InvalidAmount, lambda amount=amount: factories.charge(card, shop.boss, amount_fen=amount))
    waiting = factories.charge(card, shop.boss, amount_fen=62_501)  # all of it: 50,000.8
    assert waiting.units == 50_000
    refused(errors.CardUsedUp, lambda: factories.charge(card, shop.boss, amount_fen=100, age=1))


def test_the_counter_and_the_api_charge_it():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    client = signed_in(shop.owner)
    typed = {"key": "a" * 32, "code": factories.shown(card), "amount": "50.00", "units": "", "note": ""}
    page = client.post(reverse("shop_counter"), typed, follow=True).content.decode()
    assert "¥40.00 (list price ¥50.00)" in page
    body = {"code": factories.shown(factories.card(shop, Plan.DISCOUNT)), "amount_fen": 10_000}
    answer = client.post(
        reverse("api_charges"), body, content_type="application/json", headers={"Idempotency-Key": "b" * 32}
    ).json()
    assert (answer["plan"], answer["state"], answer["units"], answer["list_fen"]) == (
        "discount",
        "reserved",
        8_000,
        10_000,
    )


def test_the_statement_over_the_api_names_list_prices():
    shop = factories.shop()
    card = factories.card(shop, Plan.DISCOUNT)
    factories.charge(card, shop.boss, amount_fen=5_000)
    lines = signed_in(card.holder).get(reverse("api_statement", args=[card.number])).json()["lines"]
    assert [(line["amount_fen"], line["list_fen"]) for line in lines] == [(-4_000, 5_000), (50_000, 0)]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_its_pages_say_what_it_pays(language):
    shop = factories.shop()
    version = factories.on_sale(shop, Plan.DISCOUNT, discount_bp=8_550)
    card = factories.pay(factories.order(version))
    factories.charge(card, shop.boss, amount_fen=1_000)
    client = signed_in(card.holder, language)
    for url in (
        reverse("product_detail", args=[version.pk]),
        reverse("merchant_detail", args=[shop.merchant.pk]),
        reverse("buy", args=[version.pk]),
        reverse("wallet"),
        reverse("card_detail", args=[card.number]),
    ):
        assert "85.5%" in client.get(url).content.decode(), url

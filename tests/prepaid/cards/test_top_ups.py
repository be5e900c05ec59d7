"""Further payments for a card: its own terms, one code, a refund of its own; refusals change nothing."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import CannotTopUp, KeyReused, LessonCharged
from escrow.models import Payment
from escrow.states import AgreementState, PaymentState, Plan
from prepaid.cards import codes, errors, operations, queries
from prepaid.cards.models import Card
from prepaid.cards.states import RefundCause, RefundState
from prepaid.merchants.models import SectorRule
from prepaid.products import operations as products
from prepaid.products.errors import PriceCapExceeded
from tests.prepaid.cards import factories
from tests.prepaid.cards.test_counter import refused
from tests.prepaid.cards.test_pages import fields_of, signed_in, text_of

pytestmark = pytest.mark.django_db


def top_up(card: Card, **facts) -> Card:
    return factories.order(card.version, card.holder, tops_up_id=card.pk, **facts)


def left(card: Card) -> int:
    return escrow_queries.holding(card.agreement_id).units_left


def test_the_page_shows_the_cards_own_contract_and_one_form_is_one_top_up(django_assert_max_num_queries) -> None:
    card = factories.card(factories.shop(), Plan.STORED_VALUE)
    client, url = signed_in(card.holder), reverse("card_top_up", args=[card.number])
    assert url in client.get(reverse("card_detail", args=[card.number])).content.decode()
    with CaptureQueriesContext(connection) as bought:
        client.get(reverse("buy", args=[card.version_id]))
    with django_assert_max_num_queries(len(bought) + 1):  # the page of buying, and the card
        page = client.get(url)
    assert f"You pay once more for your card {card}" in text_of(page)
    ticks = dict.fromkeys([*page.context["form"].risks, "accepted"], "on")
    form = {**fields_of(page), **ticks, "channel": "sandbox"}
    for _time in range(2):  # the channel is not there; the order stands, once
        client.post(url, form)
    added = Card.objects.get(tops_up=card)
    assert added.agreement.state == AgreementState.OPEN
    assert (added.agreement.tops_up_id, added.contract_sha256) == (card.agreement_id, card.contract_sha256)
    assert added.contract.content["number"] == added.number
    factories.pay(added)
    page = client.get(reverse("card_detail", args=[card.number]))
    assert "Top-ups" in text_of(page)
    assert text_of(client.get(reverse("card_detail", args=[added.number]))).count(str(card)) == 1
    assert client.get(reverse("card_code", args=[added.number])).url == reverse("card_code", args=[card.number])
    assert signed_in(factories.person("别人")).get(url).status_code == 404


def test_what_cannot_be_topped_up_is_refused_and_nothing_changes() -> None:
    shop = factories.shop()
    card = factories.card(shop, Plan.STORED_VALUE)
    token = uuid.uuid4()
    added = top_up(card, token=token)
    assert top_up(card, token=token) == added
    refused(KeyReused, lambda: factories.order(card.version, card.holder, token=token))
    factories.pay(added)
    refused(CannotTopUp, lambda: factories.order(card.version, card.holder, tops_up_id=added.pk))
    other = factories.on_sale(shop, Plan.STORED_VALUE)
    refused(errors.TopUpTermsGone, lambda: factories.order(other, card.holder, tops_up_id=card.pk))
    days = factories.card(shop, Plan.PERIOD, holder=card.holder, price_fen=36_500)
    refused(CannotTopUp, lambda: top_up(days))
    unpaid = factories.order(card.version, card.holder)
    refused(CannotTopUp, lambda: top_up(unpaid))
    operations.request_refund(card_id=card.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor="user:1")
    refused(CannotTopUp, lambda: top_up(card))
    gone = factories.card(shop, holder=card.holder, price_fen=20_000, list_price_fen=3_000)
    products.withdraw_version(merchant_id=shop.merchant.pk, version_id=gone.version_id, at=clock.now(), actor="user:1")
    page = signed_in(card.holder).get(reverse("card_top_up", args=[gone.number]))
    assert page.status_code == 409
    assert "not sold any more" in text_of(page)


def test_the_cap_counts_what_is_on_the_card_already() -> None:
    card = factories.card(factories.shop(), Plan.STORED_VALUE)
    SectorRule.objects.filter(sector=card.issuer.sector).update(max_price_fen=150_000)
    refused(PriceCapExceeded, lambda: top_up(card))


def test_one_code_draws_from_the_oldest_payment_that_is_enough_and_counts_once_for_all_of_them() -> None:
    shop = factories.shop()
    first = factories.card(shop, Plan.STORED_VALUE)  # 1,200 of face value
    second = factories.pay(top_up(first))
    factories.charge(first, shop.boss, amount_fen=119_000)
    drawn = factories.charge(first, shop.boss, amount_fen=5_000, age=1)
    assert (drawn.card, left(first), left(second)) == (second, 1_000, 115_000)
    at_real = timezone.now() + timedelta(seconds=codes.STEP_SECONDS)
    again = {"code": factories.shown(first, at_real=at_real), "at_real": at_real}
    refused(errors.CodeUsed, lambda: factories.charge(first, shop.boss, amount_fen=500, **again))
    smaller = factories.charge(first, shop.boss, amount_fen=500, age=2)
    assert smaller.card == first
    error = refused(errors.LotsTooSmall, lambda: factories.charge(first, shop.boss, amount_fen=115_100, age=3))
    assert "¥1,150.00" in str(error)


def test_a_lesson_that_used_up_one_payment_is_not_charged_again_to_the_next() -> None:
    shop = factories.shop(sector="arts")
    first = factories.card(shop, Plan.COURSE, sessions=1, price_fen=10_000, days=40)
    second = factories.pay(top_up(first))
    lesson = factories.charge(first, shop.boss, lesson_class="周三素描班")
    refused(LessonCharged, lambda: factories.charge(first, shop.boss, lesson_class="周三素描班", age=1))
    assert (lesson.card, left(first), left(second)) == (first, 0, 1)
    assert factories.charge(first, shop.boss, lesson_class="周四素描班", age=2).card == second


def test_each_payment_goes_back_by_itself_and_the_code_serves_what_is_left() -> None:
    shop = factories.shop()
    first = factories.card(shop, Plan.STORED_VALUE)
    second = factories.pay(top_up(first))
    factories.charge(first, shop.boss, amount_fen=2_000)
    asked = operations.request_refund(
        card_id=second.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor="user:1"
    )
    assert (asked.state, asked.granted_fen) == (RefundState.GRANTED, 100_000), "nothing of it was redeemed"
    assert factories.charge(first, shop.boss, amount_fen=1_000, age=1).card == first
    third = factories.pay(top_up(first))
    operations.request_refund(card_id=first.pk, cause=RefundCause.CONSUMER, reason="", at=clock.now(), actor="user:1")
    assert factories.charge(first, shop.boss, amount_fen=1_000, age=2).card == third
    assert queries.face_to_show(card=first, today=clock.today()).card == third


def test_an_unpaid_top_up_lapses_and_money_that_comes_later_goes_back() -> None:
    card = factories.card(factories.shop(), Plan.STORED_VALUE)
    added = top_up(card)
    late = added.agreement.pay_until + timedelta(minutes=1)
    escrow.cancel_agreement(agreement_id=added.agreement_id, at=late, actor="system:test")
    factories.pay(added, at=late)
    assert Payment.objects.get(agreement=added.agreement).state == PaymentState.LATE
    assert queries.top_ups_of(card=card, today=clock.today()) == []
    assert left(card) == 120_000

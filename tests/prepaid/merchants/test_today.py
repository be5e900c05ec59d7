"""The merchant's first page: what waits for an answer, what happened today, and a navigation that leads nowhere forbidden."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from complaints.cases import operations as cases
from escrow import clock
from prepaid.cards import operations as cards
from prepaid.cards.states import RefundCause
from prepaid.products import operations as products
from prepaid.products.models import FilingWarning
from tests.complaints.factories import complaint
from tests.prepaid.cards import factories as made
from tests.prepaid.products.factories import make_filing, officer_for

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12  # one of them asks what there is, and only that is read


def test_what_waits_is_named_with_its_last_day_and_goes_when_it_is_answered(
    client: Client, django_assert_max_num_queries
) -> None:
    shop = made.shop()
    card = made.card(shop, at=clock.now() - timedelta(days=30))
    asked = cards.request_refund(
        card_id=card.pk, cause=RefundCause.CONSUMER, reason="搬家", at=clock.now(), actor=card.holder.actor
    )
    case = complaint(shop, at=clock.now())
    FilingWarning.objects.create(
        merchant=shop.merchant,
        threshold_fen=50_000_000,
        balance_fen=40_000_000,
        passes_on=clock.today() + timedelta(days=90),
        told_at=clock.now(),
    )
    client.force_login(shop.owner)
    with django_assert_max_num_queries(MOST_QUERIES):
        page = client.get(reverse("shop_home"))
    waiting = {matter.url: matter.due_on for matter in page.context["matters"]}
    assert waiting == {
        reverse("shop_refund", args=[asked.pk]): asked.answer_due_on,
        reverse("shop_case", args=[case.number]): case.merchant_answer_due_on,
        reverse("shop_products"): clock.today() + timedelta(days=90),
    }
    assert list(waiting.values()) == sorted(waiting.values())

    cards.refuse_refund(staff=shop.boss, request_id=asked.pk, text="不退", at=clock.now(), actor=shop.owner.actor)
    cases.answer(number=case.number, staff=shop.boss, text="已按约定提供服务", offer_fen=None, at=clock.now())
    assert [m.url for m in client.get(reverse("shop_home")).context["matters"]] == [reverse("shop_products")]


def test_a_returned_filing_waits_until_it_is_revised(client: Client) -> None:
    filing = make_filing()
    version, merchant = filing.version, filing.version.product.merchant
    owner = merchant.staff.get(role="owner").user
    by = officer_for(filing)
    products.return_filing(filing_id=filing.pk, reason="请写明时长", by=by, at=clock.now(), actor=by.actor)
    client.force_login(owner)
    (matter,) = client.get(reverse("shop_home")).context["matters"]
    assert (matter.url, matter.note) == (reverse("shop_version", args=[version.pk]), "请写明时长")
    products.revise(version_id=version.pk, merchant_id=merchant.pk, at=clock.now(), actor=owner.actor)
    assert client.get(reverse("shop_home")).context["matters"] == []


def test_todays_charges_stand_on_the_first_page_and_yesterdays_do_not(client: Client) -> None:
    shop = made.shop()
    card = made.card(shop)
    made.charge(card, shop.boss, at=clock.now() - timedelta(days=1), age=1)
    made.charge(card, shop.boss)
    client.force_login(shop.owner)
    (event,) = client.get(reverse("shop_home")).context["events"]
    assert str(card) in event.label
    assert event.tone == "ok"


@pytest.mark.parametrize("manages", [True, False])
def test_every_place_of_the_navigation_opens(client: Client, manages: bool) -> None:
    shop = made.shop()
    client.force_login(shop.owner if manages else made.cashier(shop).user)
    page = client.get(reverse("shop_counter")).content.decode()
    places = re.findall(r'class="sidenav-item" href="([^"]+)"', page)
    assert len(places) == (11 if manages else 1)
    for place in places:
        assert client.get(place).status_code == 200, place
    assert (reverse("shop_refunds") in places) is manages

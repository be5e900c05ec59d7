"""One box over merchants, cards, contracts, complaints and filings: within the post, masked, and the address says all of it."""

import pytest
from django.test import Client
from django.urls import reverse

from prepaid.people import admin_site
from prepaid.products.models import Filing
from tests.complaints import factories as make
from tests.prepaid.cards import factories as cards

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def test_everything_of_the_post_and_nothing_else(django_assert_max_num_queries) -> None:
    case = make.complaint()
    shop, other = cards.shop(), cards.shop(head_office=make.FENGTAI, stores=(make.FENGTAI,))
    sold, elsewhere = [cards.pay(cards.order(cards.on_sale(one))) for one in (shop, other)]
    filing = Filing.objects.filter(version=sold.version).first()
    client = signed_in(make.officer(shop.merchant.sector.lead_department_id))
    page = reverse("admin:search")

    def found(words: str, **more) -> str:
        return client.get(page, {"q": words, **more}).content.decode()

    client.get(page)
    with django_assert_max_num_queries(12):
        everything = found(shop.merchant.name)
    assert reverse("admin:merchants_merchant_change", args=[shop.merchant.pk]) in everything
    assert reverse("admin:cards_contract_change", args=[sold.contract.pk]) in everything
    assert reverse("admin:cards_card_change", args=[sold.pk]) in found(f"{sold.number[:4]} {sold.number[4:]}")
    assert sold.holder.display_name in found(sold.number)
    assert sold.holder.name not in found(sold.number)
    assert reverse("admin:cases_case_change", args=[case.pk]) in found(case.number)
    if filing:
        assert reverse("admin:products_filing_change", args=[filing.pk]) in found(filing.number)
    assert shop.merchant.name in found(shop.merchant.uscc, kind="merchants")
    for hidden in (other.merchant.uscc, elsewhere.number):
        text = found(hidden)
        assert "没有找到" in text
        assert other.merchant.name not in text
    assert found("京城", kind="nonsense").count("<tr>") == found("京城").count("<tr>") > 2
    for odd in ("京", "\0\0", "%%", "BA20269999999999999", "x" * 500):
        assert client.get(page, {"q": odd, "page": "x"}).status_code == 200
    assert client.get(reverse("admin:cards_card_change", args=[elsewhere.pk])).status_code == 404
    assert Client().get(page, {"q": "京城"}).status_code == 302


def test_one_kind_is_paged_and_the_address_brings_it_back(monkeypatch) -> None:
    monkeypatch.setattr(admin_site, "FOUND_FIRST", 1)
    monkeypatch.setattr(admin_site, "FOUND_A_PAGE", 1)
    names = [make.shop().merchant.name for _number in range(2)]
    client, page = signed_in(make.operator()), reverse("admin:search")
    assert "kind=merchants" in client.get(page, {"q": "京城"}).content.decode()
    shown = [client.get(page, {"q": "京城", "kind": "merchants", "page": number}).content.decode() for number in (1, 2)]
    assert [[name in text for name in names] for text in shown] in (
        [[True, False], [False, True]],
        [[False, True], [True, False]],
    )
    assert "q=%E4%BA%AC%E5%9F%8E" in shown[0]
    assert "page=2" in shown[0]

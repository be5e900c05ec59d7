"""The public search: what it finds among very many merchants, however it is asked, and that it follows what is written."""

from unicodedata import normalize

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escrow import clock
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Merchant
from prepaid.products import operations as products
from prepaid.products.models import Searchable
from prepaid.products.queries import search_merchants
from tests.complaints.factories import CHAOYANG, FENGTAI, FENGTAI_STREET, Shop
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db

#: Emoji, a character of four bytes from GB 18030's extensions, script, quotes, wildcards of LIKE, a backslash, control characters.
NASTY = [
    "😀",
    "𠮷野家",
    "㐂",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "%",
    "_",
    "\\",
    "100%",
    "q\tQ",
    "{{ 7 }}",
    "\u202e反",
    "é",
    "Ｑ",
]


def named(shop: Shop, name: str) -> Shop:
    shop.merchant.name = name
    shop.merchant.save()
    return shop


def found(text: str = "", **filters: str) -> list[str]:
    return [merchant.name for merchant in search_merchants(text=text, **filters)]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_is_found_as_it_is_written(name: str) -> None:
    """Nothing in a name or a question is read as anything but text."""
    factories.on_sale(named(factories.shop(), f"甲{name}乙"))
    factories.on_sale(named(factories.shop(), "别的店"))
    assert found(name) == [f"甲{name}乙"]


@pytest.mark.parametrize("asked", ["ｇｙｍ", "Gym", "GYM", "１２"])
def test_width_and_case_make_no_difference(asked: str) -> None:
    factories.on_sale(named(factories.shop(), "ＧＹＭ 12 健身"))
    assert found(asked) == ["ＧＹＭ 12 健身"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("海棠美发健身 aＡ1%_\\'<😀𠮷¨"), max_size=8))
def test_it_finds_what_a_plain_reading_would_find(text: str) -> None:
    """Every word is somewhere in what is listed: compared with reading each row."""
    for name in ("海棠美发", "健身 aA1", "𠮷野%_\\'<😀", "a¨"):
        if not Merchant.objects.filter(name=name).exists():
            factories.on_sale(named(factories.shop(), name))
    rows = Searchable.objects.order_by("pk").values_list("merchant__name", "document")
    words = [normalize("NFKC", word).lower() for word in text.split()]
    assert found(text) == [name for name, document in rows if all(word in document for word in words)]


def test_words_of_different_lines_do_not_run_together() -> None:
    """The last sign of one field and the first of the next are no word."""
    factories.on_sale(named(factories.shop(), "海棠"))
    assert found("棠门") == []
    assert found("棠 门") == ["海棠"]


class TestFollows:
    """The listing is kept by the database, by whatever way a row is written."""

    def test_a_new_name(self) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        Merchant.objects.filter(pk=shop.merchant.pk).update(name="新名字")
        assert found("新名字") == ["新名字"]

    def test_a_store_that_moves_closes_and_opens(self) -> None:
        shop = named(factories.shop(stores=(CHAOYANG,)), "海棠")
        factories.on_sale(shop)
        (store,) = shop.stores
        place = {"name": "南店", "address": "丰台路9号", "district_code": FENGTAI, "subdistrict_code": FENGTAI_STREET}

        def edit(*, is_open: bool) -> None:
            merchants.edit_store(
                merchant_id=shop.merchant.pk, store_id=store.pk, lease_ends_on=None, is_open=is_open, at=clock.now(),
                actor="system:test", **place,
            )  # fmt: skip

        edit(is_open=True)
        assert found("丰台路9号") == found(district_code=FENGTAI) == ["海棠"]
        assert found("朝阳路") == found(district_code=CHAOYANG) == []
        edit(is_open=False)
        assert found() == []
        edit(is_open=True)
        assert found() == ["海棠"]

    def test_a_product_that_goes_off_sale(self) -> None:
        shop = factories.shop()
        first, second = factories.on_sale(shop), factories.on_sale(shop)
        for version, left in ((first, 1), (second, 0)):
            products.withdraw_version(
                merchant_id=shop.merchant.pk, version_id=version.pk, at=clock.now(), actor=shop.owner.actor
            )
            assert len(found()) == left

    def test_another_name_of_the_district_and_of_the_sector(self) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        district, sector = shop.stores[0].district, shop.merchant.sector
        district.name_zh, sector.name_zh = "新朝阳", "新行业"
        district.save()
        sector.save()
        assert len(found("新朝阳 新行业")) == 1

    def test_it_says_the_same_as_if_it_were_made_anew(self) -> None:
        for _ in range(2):
            factories.on_sale(factories.shop(stores=(CHAOYANG, FENGTAI)))
        kept = list(Searchable.objects.order_by("pk").values())
        Searchable.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("SELECT products_list_merchants(ARRAY(SELECT id FROM merchants_merchant))")
        assert list(Searchable.objects.order_by("pk").values()) == kept != []


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e9", "９", "9" * 5000, "😀", "1;drop"])
def test_any_page_number_is_a_page(client: Client, number: str) -> None:
    factories.on_sale(factories.shop())
    assert client.get(reverse("home"), {"page": number}).status_code == 200

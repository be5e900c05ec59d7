"""What everybody may see: the search, a merchant, a product's contract with the refund shown in advance."""

import gzip
import re
from html import unescape

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.states import Plan
from prepaid.products import operations as products
from prepaid.products.contract import twelve_items
from prepaid.products.models import ProductVersion
from prepaid.products.views.public import MERCHANTS_A_PAGE
from tests.complaints.factories import CHAOYANG, FENGTAI, Shop
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
QUERIES_A_PAGE = 12


def page(client: Client, address: str, **parameters: str) -> str:
    """The page's text. English, so that the tests read the same sentences as the code."""
    answer = client.get(address, parameters, headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def found(client: Client, **parameters: str) -> str:
    return page(client, reverse("home"), **parameters)


def named(shop: Shop, name: str) -> Shop:
    shop.merchant.name = name
    shop.merchant.save()
    return shop


def draft(shop: Shop) -> ProductVersion:
    """A product that is not on sale."""
    made = products.Draft(
        name="草稿卡",
        kind=Plan.SESSIONS,
        price_fen=100_000,
        sessions=10,
        list_price_fen=20_000,
        store_ids=[shop.stores[0].pk],
        service="理发",
    )
    return products.draft_product(merchant_id=shop.merchant.pk, draft=made, at=clock.now(), actor="system:test")


class TestSearch:
    def test_finds_by_a_part_of_the_name(self, client: Client) -> None:
        """Only what matches is listed, with the way to it."""
        wanted, other = named(factories.shop(), "海棠美发"), named(factories.shop(), "玉兰美发")
        for shop in (wanted, other):
            factories.on_sale(shop)
        text = found(client, q="海棠")
        assert "海棠美发" in text
        assert reverse("merchant_detail", args=[wanted.merchant.pk]) in text
        assert "玉兰美发" not in text

    @pytest.mark.parametrize("words", ["朝阳路1号", "门店1", "beauty 海棠", "朝阳 海棠", "  海棠  "])
    def test_every_word_may_be_of_the_name_the_sector_the_district_or_a_store(self, client: Client, words: str) -> None:
        """People type what they remember."""
        factories.on_sale(named(factories.shop(), "海棠美发"))
        assert "海棠美发" in found(client, q=words)

    def test_all_words_have_to_fit(self, client: Client) -> None:
        """One that fits is not enough."""
        factories.on_sale(named(factories.shop(), "海棠美发"))
        assert "海棠美发" not in found(client, q="海棠 丰台")

    def test_district_and_sector_narrow_it_down(self, client: Client) -> None:
        """The district is that of a store, not of the head office."""
        north = named(factories.shop(stores=(CHAOYANG,)), "朝阳店家")
        south = named(factories.shop(stores=(FENGTAI,)), "丰台店家")
        gym = named(factories.shop(sector="fitness", stores=(FENGTAI,)), "丰台健身")
        for shop in (north, south, gym):
            factories.on_sale(shop, list_price_fen=30_000, price_fen=200_000, days=90)
        in_fengtai = found(client, district=FENGTAI)
        assert "丰台店家" in in_fengtai
        assert "丰台健身" in in_fengtai
        assert "朝阳店家" not in in_fengtai
        both = found(client, district=FENGTAI, sector="fitness")
        assert "丰台健身" in both
        assert "丰台店家" not in both

    def test_a_merchant_without_anything_on_sale_is_not_listed(self, client: Client) -> None:
        """Anybody can register; the public sees who has passed filing."""
        draft(named(factories.shop(), "还没备案"))
        assert "还没备案" not in found(client)

    def test_nothing_found_says_what_to_do(self, client: Client) -> None:
        """The empty state warns before anything is paid in advance."""
        factories.on_sale(factories.shop())
        text = found(client, q="不存在的店")
        assert "This merchant is not here" in text
        assert "pay nothing in advance" in text
        assert f"{reverse('invite')}?name=%E4%B8%8D%E5%AD%98%E5%9C%A8%E7%9A%84%E5%BA%97" in text

    @pytest.mark.parametrize("parameters", [{"district": "999999"}, {"sector": "casino"}, {"q": "x" * 101}])
    def test_a_bad_filter_is_named(self, client: Client, parameters: dict[str, str]) -> None:
        """An unknown district does not silently become all of Beijing."""
        factories.on_sale(named(factories.shop(), "海棠美发"))
        answer = client.get(reverse("home"), parameters)
        text = answer.content.decode()
        assert answer.status_code == 400
        assert "error-summary" in text
        assert "海棠美发" not in text

    def test_pages_keep_the_question(self, client: Client) -> None:
        """Twenty a page; the link to the next one carries the search; beyond the last is the last."""
        for number in range(MERCHANTS_A_PAGE + 1):
            factories.on_sale(named(factories.shop(), f"连锁{number:02d}号"))
        first = found(client, q="连锁")
        assert "连锁00号" in first
        assert "连锁20号" not in first
        link = re.search(r'rel="next" href="([^"]+)"', first)
        assert link is not None
        second = page(client, reverse("home") + link[1])
        assert "连锁20号" in second
        assert "连锁00号" not in second
        assert "连锁20号" in found(client, q="连锁", page="99")

    def test_the_number_of_queries_does_not_grow(self, client: Client, django_assert_max_num_queries) -> None:
        """Bounded, however many merchants are listed."""
        for _ in range(3):
            factories.card(factories.shop())
        with django_assert_max_num_queries(QUERIES_A_PAGE):
            found(client)

    def test_the_first_page_is_light(self, client: Client) -> None:
        """Under 150 kB over the wire with everything it loads (`python -m embedded assets` brings WeUI)."""
        factories.on_sale(factories.shop())
        text = found(client)
        loaded = set(re.findall(r'(?:href|src)="/static/([^"#?]+)', text))
        assert {"tokens.css", "vendor/weui.min.css", "django_htmx/htmx-2.min.js"} <= loaded
        total = len(text.encode())
        for name in loaded:
            path = finders.find(name)
            assert path is not None, f"{name} is not there"
            with open(path, "rb") as file:
                total += len(gzip.compress(file.read()))
        assert total < 150_000


class TestMerchant:
    def test_shows_filing_custody_stores_and_products(self, client: Client) -> None:
        """All a consumer may query before paying (BJ 19)."""
        shop = named(factories.shop(), "海棠美发")
        card = factories.card(shop)
        text = page(client, reverse("merchant_detail", args=[shop.merchant.pk]))
        assert "海棠美发" in text
        assert shop.merchant.uscc in text
        assert "¥2,000.00" in text
        assert "fully covered" in text
        assert "朝阳路1号" in text
        assert card.version.product.name in text
        assert reverse("product_detail", args=[card.version_id]) in text

    def test_lists_only_what_is_on_sale(self, client: Client) -> None:
        """Drafts and withdrawn versions are not offered."""
        shop = factories.shop()
        gone = factories.on_sale(shop)
        products.withdraw_version(
            merchant_id=shop.merchant.pk, version_id=gone.pk, at=clock.now(), actor=shop.owner.actor
        )
        draft(shop)
        text = page(client, reverse("merchant_detail", args=[shop.merchant.pk]))
        assert gone.product.name not in text
        assert "草稿卡" not in text
        assert "sells no cards now" in text

    def test_no_personal_data(self, client: Client) -> None:
        """The legal representative's name is not for everybody."""
        shop = factories.shop()
        factories.on_sale(shop)
        text = page(client, reverse("merchant_detail", args=[shop.merchant.pk]))
        assert shop.merchant.legal_representative not in text

    def test_unknown_is_404(self, client: Client) -> None:
        assert client.get(reverse("merchant_detail", args=[999_999])).status_code == 404

    def test_the_number_of_queries_is_bounded(self, client: Client, django_assert_max_num_queries) -> None:
        shop = factories.shop(stores=(CHAOYANG, FENGTAI))
        for _ in range(3):
            factories.on_sale(shop)
        with django_assert_max_num_queries(QUERIES_A_PAGE):
            page(client, reverse("merchant_detail", args=[shop.merchant.pk]))


class TestProduct:
    def test_the_contract_has_all_twelve_items(self, client: Client) -> None:
        """Each title and each line of it (BJ 13)."""
        version = factories.on_sale(factories.shop())
        text = page(client, reverse("product_detail", args=[version.pk]))
        for item in twelve_items(version.terms):
            assert item.title in text
        assert len(re.findall(r"<li> <h3>", text)) == 12
        assert version.terms_sha256 in text
        assert version.terms.service in text

    def test_the_refund_is_shown_in_advance(self, client: Client) -> None:
        """2,000 yuan for 10 visits at a list price of 300: after 5 visits 1,000 or 500 yuan, by whose cause it is."""
        version = factories.on_sale(factories.shop())
        text = page(client, reverse("product_detail", args=[version.pk]))
        row = re.search(r"<tr>(?:(?!</tr>).)*5 sessions used.*?</tr>", text)
        assert row is not None
        assert re.findall(r"¥[\d,.]+", row[0]) == ["¥1,000.00", "¥500.00"]
        assert "Within 7 days of buying" in text

    def test_principal_and_gift_are_two_sums(self, client: Client) -> None:
        """Gift money is never added to what was paid."""
        version = factories.on_sale(factories.shop(), Plan.STORED_VALUE)
        text = page(client, reverse("product_detail", args=[version.pk]))
        assert re.search(r'money-large">¥1,000.00<', text)
        assert "Gift money on top" in text

    def test_one_action_leads_to_buying(self, client: Client) -> None:
        version = factories.on_sale(factories.shop())
        text = page(client, reverse("product_detail", args=[version.pk]))
        assert re.search(rf'weui-btn_primary" href="{reverse("buy", args=[version.pk])}"', text)

    def test_a_withdrawn_version_can_be_read_but_not_bought(self, client: Client) -> None:
        """Holders keep its terms."""
        shop = factories.shop()
        version = factories.on_sale(shop)
        products.withdraw_version(
            merchant_id=shop.merchant.pk, version_id=version.pk, at=clock.now(), actor=shop.owner.actor
        )
        text = page(client, reverse("product_detail", args=[version.pk]))
        assert "no longer sold" in text
        assert reverse("buy", args=[version.pk]) not in text

    def test_a_draft_does_not_exist_for_the_public(self, client: Client) -> None:
        """Not even for its owner, at this address."""
        shop = factories.shop()
        client.force_login(shop.owner)
        assert client.get(reverse("product_detail", args=[draft(shop).pk])).status_code == 404

    def test_a_filing_not_yet_decided_does_not_exist_either(self, client: Client) -> None:
        """Submitted is not approved."""
        shop = factories.shop(sector="vocational")
        version = draft(shop)
        filing = products.submit_filing(version_id=version.pk, at=clock.now(), actor="system:test")
        assert filing.required
        assert client.get(reverse("product_detail", args=[version.pk])).status_code == 404

    def test_the_number_of_queries_is_bounded(self, client: Client, django_assert_max_num_queries) -> None:
        version = factories.on_sale(factories.shop())
        with django_assert_max_num_queries(QUERIES_A_PAGE):
            page(client, reverse("product_detail", args=[version.pk]))


@pytest.mark.parametrize("name", ["home", "merchant_detail", "product_detail"])
def test_pages_are_read_only(client: Client, name: str) -> None:
    """A POST is refused, whoever sends it."""
    address = reverse(name, args=[] if name == "home" else [1])
    assert client.post(address).status_code == 405

"""What the public reads of a merchant: filing, cover in words, rating, complaints by how they ended, and a store's live status."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from complaints.cases import operations as cases
from complaints.cases.states import Result
from escrow import clock
from escrow.states import Plan, RefundBasis, StoppageKind
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import SectorRule, StaffMember
from prepaid.products import operations as products
from prepaid.products.models import ProductVersion
from prepaid.products.states import VersionState
from tests.complaints import factories as people
from tests.complaints.factories import CHAOYANG, FENGTAI, Shop
from tests.prepaid.cards import factories

pytestmark = pytest.mark.django_db
QUERIES_A_PAGE = 12


def page(name: str, pk: int, client: Client | None = None) -> str:
    """The page's text. English, so that the tests read the same sentences as the code."""
    answer = (client or Client()).get(reverse(name, args=[pk]), headers={"accept-language": "en"})
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


def merchant_page(shop: Shop) -> str:
    return page("merchant_detail", shop.merchant.pk)


def status_page(shop: Shop, store: int = 0) -> str:
    return page("store_status", shop.stores[store].pk)


def complained_of(shop: Shop) -> str:
    """Its page; the cards that were complained of are no longer sold."""
    ProductVersion.objects.filter(product__merchant=shop.merchant).update(state=VersionState.WITHDRAWN)
    return merchant_page(shop)


def stop(shop: Shop, kind: StoppageKind = StoppageKind.DARK, store: int | None = None) -> None:
    merchants.begin_stoppage(
        merchant_id=shop.merchant.pk,
        store_id=None if store is None else shop.stores[store].pk,
        kind=kind,
        because="内部线索",
        at=clock.now(),
        actor="system:test",
    )


def needs_filing() -> None:
    """From now on every card of the sector has to be filed."""
    SectorRule.objects.update(filing_balance_fen=1)


class TestFiling:
    def test_number_authority_and_day(self) -> None:
        shop = factories.shop(sector="vocational")
        version = factories.on_sale(shop)
        filing = version.filing
        text = merchant_page(shop)
        assert filing.number in text
        assert filing.authority in text
        assert f"since {clock.beijing_date(filing.decided_at):%Y-%m-%d}" in text

    def test_below_the_threshold_it_says_so(self) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        assert "need no filing yet" in merchant_page(shop)

    def test_what_has_to_be_filed_and_is_not_is_not_praised(self) -> None:
        """The page says what the sale would: no card is sold."""
        shop = factories.shop()
        factories.card(shop)
        needs_filing()
        assert "filing is missing" in merchant_page(shop)
        text = status_page(shop)
        assert "No: do not prepay here now" in text
        assert "reached the sum from which cards must be filed" in text


class TestRating:
    def test_without_one_it_says_how_it_is_made(self) -> None:
        text = merchant_page(factories.shop())
        assert "not rated" in text
        assert "given by hand" in text

    def test_the_rating_and_since_when(self) -> None:
        shop = factories.shop()
        merchants.rate_merchant(
            merchant_id=shop.merchant.pk, rating="B", because="检查良好", at=clock.now(), actor="system:test"
        )
        text = merchant_page(shop)
        assert f"Since {clock.today()}" in text
        assert "检查良好" not in text


class TestComplaints:
    def test_none(self) -> None:
        assert "No complaint about it" in merchant_page(factories.shop())

    def test_they_are_counted_by_how_they_ended_and_nobody_is_named(self) -> None:
        shop = people.shop()
        officer = people.officer()
        upheld, dismissed, withdrawn, running = (people.complaint(shop) for _ in range(4))
        for case, result in ((upheld, Result.UPHELD), (dismissed, Result.NOT_UPHELD)):
            people.led(case, officer)
            facts = {"amount_fen": 100_000, "basis": RefundBasis.JUDGMENT} if result == Result.UPHELD else {}
            decide = {"amount_fen": None, "basis": None, **facts}
            cases.decide(number=case.number, officer=officer, result=result, reasons="理由", at=people.AT, **decide)
        cases.withdraw(number=withdrawn.number, complainant=withdrawn.complainant, at=people.AT)
        text = complained_of(shop)
        counts = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)", text))
        assert counts["Upheld: money back, or a charge reduced"] == "1"
        assert counts["Not upheld"] == counts["Withdrawn by who complained"] == counts["Not decided yet"] == "1"
        assert "The merchant gave in" not in text
        for secret in (running.complainant.name, running.complainant.phone, running.number, running.text, "理由"):
            assert secret not in text

    def test_another_merchants_are_not_counted(self) -> None:
        people.complaint(people.shop())
        assert "No complaint about it" in merchant_page(people.shop())


class TestCover:
    def test_in_words(self) -> None:
        shop = factories.shop()
        factories.card(shop)
        assert "All that its customers have prepaid and not used lies at the bank" in merchant_page(shop)

    def test_nothing_prepaid(self) -> None:
        assert "Nobody has prepaid anything here" in merchant_page(factories.shop())


class TestStopped:
    def test_since_when_and_what_but_not_the_clue(self) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        stop(shop)
        for text in (merchant_page(shop), status_page(shop)):
            assert f"closed, no service · since {clock.today()}" in text
            assert "内部线索" not in text

    def test_the_pages_stay_within_their_queries(self, client: Client, django_assert_max_num_queries) -> None:
        shop = factories.shop(stores=(CHAOYANG, FENGTAI))
        for _ in range(3):
            factories.on_sale(shop)
        factories.card(shop)
        stop(shop, store=0)
        merchants.rate_merchant(
            merchant_id=shop.merchant.pk, rating="A", because="x", at=clock.now(), actor="system:test"
        )
        with django_assert_max_num_queries(QUERIES_A_PAGE):
            page("merchant_detail", shop.merchant.pk, client)
        with django_assert_max_num_queries(QUERIES_A_PAGE):
            page("store_status", shop.stores[0].pk, client)


class TestStatus:
    def test_all_is_well(self) -> None:
        """In words, with the moment of the check."""
        shop = factories.shop(sector="vocational")
        version = factories.on_sale(shop)
        text = status_page(shop)
        assert "All is in order" in text
        assert "not stopped" in text
        assert version.filing.number in text
        assert f"{clock.now().astimezone():%Y}" in text
        assert re.search(r'Checked <time datetime="\d{4}-\d\d-\d\dT', text)

    def test_it_is_never_kept(self) -> None:
        shop = factories.shop()
        answer = Client().get(reverse("store_status", args=[shop.stores[0].pk]))
        assert "no-store" in answer.headers["Cache-Control"]

    def test_another_stores_stop_is_not_this_ones(self) -> None:
        shop = factories.shop(stores=(CHAOYANG, FENGTAI))
        factories.on_sale(shop)
        stop(shop, store=1)
        assert "All is in order" in status_page(shop, 0)
        assert "No: do not prepay here now" in status_page(shop, 1)

    def test_the_standing_register_stops_it_since_its_day_with_its_article(self) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        day = clock.today() - timedelta(days=3)
        entry = merchants.Entry(
            uscc=shop.merchant.uscc, kind="abnormal", number="异字1号", listed_on=day, source="市监局"
        )
        merchants.list_operator(entry=entry, at=clock.now(), actor="system:test")
        for text in (merchant_page(shop), status_page(shop)):
            assert f"list of abnormal operations · 异字1号 · since {day}" in text
            assert "art. 11" in text
        text = status_page(shop)
        assert "No: do not prepay here now" in text
        assert f"Stopped since {day}" in text
        assert f"sales stopped since {day}" in Client(headers={"accept-language": "en"}).get("/").content.decode()

    @pytest.mark.parametrize(
        ("kind", "store"), [(StoppageKind.WATCH, None), (StoppageKind.WATCH, 0), (StoppageKind.CHANGED_HANDS, 0)]
    )
    def test_what_is_to_be_known_is_amber(self, kind: StoppageKind, store: int | None) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        stop(shop, kind, store)
        text = status_page(shop)
        assert "Careful" in text
        assert "not stopped" in text

    def test_nothing_on_sale_or_withdrawn(self) -> None:
        shop = factories.shop()
        assert "No: do not prepay here now" in status_page(shop)
        version = factories.on_sale(shop)
        assert "All is in order" in status_page(shop)
        products.withdraw_version(
            merchant_id=shop.merchant.pk, version_id=version.pk, at=clock.now(), actor=shop.owner.actor
        )
        assert "No card for this store is on sale now" in status_page(shop)

    def test_a_closed_store_says_so(self) -> None:
        shop = factories.shop()
        factories.on_sale(shop)
        store = shop.stores[0]
        merchants.edit_store(
            merchant_id=shop.merchant.pk, store_id=store.pk, name=store.name, address=store.address,
            district_code=store.district_id, subdistrict_code=store.subdistrict_id, lease_ends_on=None, is_open=False,
            at=clock.now(), actor="system:test",
        )  # fmt: skip
        text = status_page(shop)
        assert "This store is closed" in text
        assert "No: do not prepay here now" in text

    def test_a_card_of_another_store_only(self) -> None:
        shop = factories.shop(stores=(CHAOYANG, FENGTAI))
        here = Shop(shop.merchant, shop.owner, shop.stores[:1])
        factories.on_sale(here)
        assert "No: do not prepay here now" in status_page(shop, 1)

    def test_unknown_is_404(self, client: Client) -> None:
        for pk in (999_999, 2**62):
            assert client.get(reverse("store_status", args=[pk])).status_code == 404


class TestPoster:
    def poster(self, user, store) -> tuple[int, str]:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user, backend="prepaid.people.backends.RoleBackend")
        answer = client.get(reverse("shop_store_poster", args=[store.pk]))
        return answer.status_code, unescape(answer.content.decode())

    def test_it_opens_the_live_status(self) -> None:
        shop = factories.shop()
        status, text = self.poster(shop.owner, shop.stores[0])
        assert status == 200
        assert settings.PUBLIC_URL.removeprefix("http://") + reverse("store_status", args=[shop.stores[0].pk]) in text
        assert "<svg" in text
        assert "poster.css" in text

    def test_the_code_is_of_that_address(self) -> None:
        """Drawn by segno from exactly this text."""
        import segno

        shop = factories.shop()
        address = settings.PUBLIC_URL + reverse("store_status", args=[shop.stores[0].pk])
        assert segno.make_qr(address, error="q").svg_inline(omitsize=True) in self.poster(shop.owner, shop.stores[0])[1]

    def test_nothing_on_it_can_become_untrue(self) -> None:
        """It asks and answers nothing: what it says of a shop without a card it says of every shop."""
        shop = factories.shop()
        before = self.poster(shop.owner, shop.stores[0])[1]
        factories.on_sale(shop)
        stop(shop)
        sheet = re.compile(r'<section class="poster".*?</section>', re.DOTALL)
        assert sheet.findall(before) == sheet.findall(self.poster(shop.owner, shop.stores[0])[1]) != []

    def test_cashiers_and_other_merchants_do_not_get_it(self) -> None:
        shop, other = factories.shop(), factories.shop()
        cashier: StaffMember = factories.cashier(shop)
        assert self.poster(cashier.user, shop.stores[0])[0] == 403
        assert self.poster(other.owner, shop.stores[0])[0] == 404
        assert Client().get(reverse("shop_store_poster", args=[shop.stores[0].pk])).status_code == 302


def test_released_early_is_not_called_custody(monkeypatch) -> None:
    """What the merchant already has is named as such."""
    from prepaid.products import queries
    from prepaid.products.queries import Cover

    shop = factories.shop()
    factories.on_sale(shop, Plan.SESSIONS)
    monkeypatch.setattr(
        queries, "custody_cover", lambda rows: {row.pk: Cover(30_000, 30_000, 30_000, 70_000) for row in rows}
    )
    text = merchant_page(shop)
    assert (
        "Customers have prepaid ¥1,000.00 that they have not used. ¥300.00 of it lies at the bank; ¥700.00 was released"
        in text
    )
    assert "¥700.00 more was released early" in status_page(shop)


def test_complaints_of_the_last_year(monkeypatch) -> None:
    shop = people.shop()
    people.complaint(shop)
    monkeypatch.setattr(clock, "today", lambda: clock.beijing_date(people.AT + timedelta(days=400)))
    counts = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)", complained_of(shop)))
    assert (counts["In the last 12 months"], counts["Not decided yet"]) == ("0", "1")

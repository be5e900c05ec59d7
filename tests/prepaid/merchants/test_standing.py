"""The standing register: who is on a list sells nothing, from the day of the listing to the day of the removal."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from escrow import clock
from escrow.errors import NotFound, ReasonRequired
from escrow.models import AuditEntry
from escrow.states import StoppageKind
from prepaid.cards.models import Card
from prepaid.merchants import operations as merchants
from prepaid.merchants.errors import BadListFile, BadListing, BadUscc, ListedTwice, ListingEnded
from prepaid.merchants.models import Listing, ListKind
from prepaid.merchants.queries import sales_stops
from prepaid.notices.models import Message
from prepaid.products.errors import SalesStopped
from tests.prepaid.cards import factories
from tests.prepaid.merchants.factories import next_uscc
from tests.prepaid.people.factories import make_operator

pytestmark = pytest.mark.django_db
ACTOR = "system:test"
HEADER = "uscc,kind,number,listed_on,removed_on,source\n"


def entry(uscc: str, **changes: object) -> merchants.Entry:
    first = merchants.Entry(
        uscc=uscc, kind="abnormal", number="朝市监异〔2026〕12号", listed_on=clock.today(), source="经营异常名录"
    )
    return replace(first, **changes)


def listed(uscc: str, **changes: object) -> Listing:
    return merchants.list_operator(entry=entry(uscc, **changes), at=clock.now(), actor=ACTOR)


@pytest.mark.parametrize("kind", ListKind.values)
def test_a_listed_operator_sells_nothing_until_the_entry_is_removed(kind: str) -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    listing = listed(shop.merchant.uscc, kind=kind)
    with pytest.raises(SalesStopped, match="朝市监异"):
        factories.order(version)
    assert not Card.objects.exists()
    merchants.remove_listing(
        listing_id=listing.pk, removed_on=clock.today(), because="removed by the authority", at=clock.now(), actor=ACTOR
    )
    assert factories.order(version).pk
    assert set(AuditEntry.objects.filter(target=f"listing:{listing.pk}").values_list("action", flat=True)) == {
        "merchants.list_operator",
        "merchants.remove_listing",
    }


def test_cards_sold_before_stay_valid_and_paid_for() -> None:
    shop = factories.shop()
    ordered = factories.order(factories.on_sale(shop))
    listed(shop.merchant.uscc)
    card = factories.pay(ordered)
    assert card.agreement.state == "held"


def test_the_owner_is_told_of_the_entry_and_of_its_end() -> None:
    shop = factories.shop()
    listing = listed(shop.merchant.uscc)
    merchants.remove_listing(
        listing_id=listing.pk, removed_on=clock.today(), because="removed", at=clock.now(), actor=ACTOR
    )
    kinds = list(Message.objects.filter(kind__startswith="merchants.").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["merchants.listed", "merchants.removed"]


@pytest.mark.parametrize(("kind", "stops"), [("dark", True), ("changed_hands", True), ("watch", False)])
def test_a_merchant_that_does_not_serve_sells_nothing(kind: str, stops: bool) -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    merchants.begin_stoppage(
        merchant_id=shop.merchant.pk,
        store_id=None,
        kind=StoppageKind(kind),
        because="seen",
        at=clock.now(),
        actor=ACTOR,
    )
    if stops:
        with pytest.raises(SalesStopped):
            factories.order(version)
    else:
        assert factories.order(version).pk


def test_a_listing_counts_only_from_its_day_and_only_for_its_operator() -> None:
    shop, other = factories.shop(), factories.shop()
    today = clock.today()
    listed(shop.merchant.uscc, listed_on=today - timedelta(days=3), removed_on=today - timedelta(days=1))
    listed(shop.merchant.uscc, number="2", listed_on=today - timedelta(days=2))
    both = [shop.merchant, other.merchant]
    assert [len(sales_stops(both, on=today - timedelta(days=n))[shop.merchant.pk]) for n in range(5)] == [1, 1, 2, 1, 0]
    assert sales_stops(both, on=today)[other.merchant.pk] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"number": " "}, "number"),
        ({"number": "x" * 65}, "number"),
        ({"source": ""}, "source"),
        ({"source": "a\u202eb"}, "source"),
        ({"listed_on": 9}, "listed_on"),
        ({"removed_on": -9}, "removed_on"),
        ({"removed_on": 9}, "removed_on"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_beside_its_field(changes: dict[str, object], field: str) -> None:
    days = {name: clock.today() + timedelta(days=n) for name, n in changes.items() if isinstance(n, int)}
    with pytest.raises(BadListing) as refused:
        listed(next_uscc(), **changes | days)
    assert refused.value.field == field
    assert not Listing.objects.exists()


def test_an_entry_is_made_and_removed_once() -> None:
    uscc = next_uscc()
    listing = listed(uscc)
    with pytest.raises(ListedTwice):
        listed(uscc)
    with pytest.raises(BadUscc):
        listed("123")
    days = {"removed_on": clock.today(), "at": clock.now(), "actor": ACTOR}
    with pytest.raises(ReasonRequired):
        merchants.remove_listing(listing_id=listing.pk, because=" ", **days)
    with pytest.raises(NotFound):
        merchants.remove_listing(listing_id=0, because="gone", **days)
    merchants.remove_listing(listing_id=listing.pk, because="gone", **days)
    with pytest.raises(ListingEnded):
        merchants.remove_listing(listing_id=listing.pk, because="gone", **days)


def lines(*rows: str) -> bytes:
    return (HEADER + "\n".join(rows) + "\n").encode("gb18030")


def test_a_file_is_read_line_by_line_and_importing_it_again_changes_nothing() -> None:
    first, second, today = next_uscc(), next_uscc(), clock.today()
    known = listed(first)
    content = lines(
        f"{first},abnormal,{known.number},{today},{today},移出名录",
        f"{second.lower()},dishonest,(2026)京0105执1号,{today},,失信被执行人名单",
    )
    assert [row.effect for row in merchants.read_list(content, on=today)] == ["removed", "new"]
    assert Listing.objects.count() == 1
    for effects in (["removed", "new"], ["known", "known"]):
        rows = merchants.import_list(content=content, at=clock.now(), actor=ACTOR)
        assert [row.effect for row in rows] == effects
    known.refresh_from_db()
    assert known.removed_on == today
    assert Listing.objects.get(uscc=second).source == "失信被执行人名单"
    assert AuditEntry.objects.filter(action="merchants.list_operator").count() == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HEADER.encode(),
        b"\xff\xff\xff",
        b"\x00\x01binary",
        "姓名,编号\n张三,1\n".encode(),
        lines("not a code,abnormal,1,2026-01-01,,list"),
        lines("91110105MA0000000X,abnormal,1,yesterday,,list"),
        lines("only one"),
        b"a" * 1_000_001,
        HEADER.encode() + b"x,abnormal,1,2026-01-01,,y\n" * 5_001,
    ],
)
def test_a_file_that_is_not_right_changes_nothing(content: bytes) -> None:
    with pytest.raises(BadListFile):
        merchants.import_list(content=content, at=clock.now(), actor=ACTOR)
    assert not Listing.objects.exists()


def test_the_same_line_twice_in_a_file_is_said_with_its_number() -> None:
    uscc = next_uscc()
    line = f"{uscc},abnormal,1,{clock.today()},,list"
    with pytest.raises(BadListFile, match=r"\b3\b"):
        merchants.import_list(content=lines(line, line), at=clock.now(), actor=ACTOR)


# In the administration


def test_an_operator_imports_what_was_shown(client) -> None:
    client.force_login(make_operator())
    page = reverse("admin:merchants_listing_import")
    content = lines(f"{next_uscc()},major_risk,京风险1,{clock.today()},,重大经营风险")
    shown = client.post(page, {"file": SimpleUploadedFile("list.csv", content)})
    assert "京风险1" in shown.content.decode()
    assert not Listing.objects.exists()
    again = {"looked_at": shown.context["looked_at"]}
    assert client.post(page, again).status_code == 302
    assert Listing.objects.get().kind == ListKind.MAJOR_RISK
    assert client.post(page, {"looked_at": again["looked_at"] + "x"}).status_code == 302
    assert Listing.objects.count() == 1


def test_a_bad_file_is_refused_on_its_page(client) -> None:
    client.force_login(make_operator())
    answer = client.post(reverse("admin:merchants_listing_import"), {"file": SimpleUploadedFile("x.csv", b"\x00\x01")})
    assert answer.status_code == 400
    assert answer.context["form"].errors["file"]


def test_officials_enter_and_remove_what_concerns_their_merchants_and_see_nothing_else(client) -> None:
    mine = factories.shop()
    elsewhere = listed(next_uscc())
    client.force_login(factories.people.officer())
    add = reverse("admin:merchants_listing_add")
    facts = {"kind": "abnormal", "number": "7", "listed_on": clock.today().isoformat(), "source": "名录"}
    assert client.post(add, facts | {"uscc": next_uscc()}).status_code == 403
    assert client.post(add, facts | {"uscc": mine.merchant.uscc}).status_code == 302
    entered = Listing.objects.get(number="7")
    shown = client.get(reverse("admin:merchants_listing_changelist")).content.decode()
    assert mine.merchant.uscc in shown
    assert elsewhere.uscc not in shown
    assert client.get(reverse("admin:merchants_listing_import")).status_code == 404
    gone = {"removed_on": clock.today().isoformat(), "because": "移出"}
    assert client.post(reverse("admin:merchants_listing_remove", args=[elsewhere.pk]), gone).status_code == 404
    assert client.post(reverse("admin:merchants_listing_remove", args=[entered.pk]), gone).status_code == 302
    entered.refresh_from_db()
    assert entered.removed_on == clock.today()


def test_the_pages_say_why_nothing_is_sold_and_the_purchase_page_refuses(client) -> None:
    shop = factories.shop()
    version = factories.on_sale(shop)
    listed(shop.merchant.uscc)
    buy = reverse("buy", args=[version.pk])
    for page in (reverse("merchant_detail", args=[shop.merchant.pk]), reverse("product_detail", args=[version.pk])):
        text = client.get(page).content.decode()
        assert "朝市监异〔2026〕12号" in text
        assert buy not in text
    client.force_login(factories.person())
    answer = client.get(buy)
    assert answer.status_code == 409
    assert "朝市监异" in answer.content.decode()
    client.force_login(shop.owner)
    assert "朝市监异" in client.get(reverse("shop_home")).content.decode()

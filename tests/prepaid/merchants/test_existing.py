"""Cards sold before the merchant joined: the file, the holders' answers, the plan, and where they count."""

import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from escrow import clock
from escrow.models import Account, AuditEntry, blind_index
from prepaid.cards.tasks import follow_closing, sweep
from prepaid.merchants import operations, queries
from prepaid.merchants.errors import (
    BadCardFile,
    BadInstalments,
    ExistingCardOver,
    FigureChanged,
    NotInLeft,
    NotYourRole,
    SameFigure,
    TooManyCards,
)
from prepaid.merchants.models import Closing, ExistingCard, FundingPlan
from prepaid.merchants.operations import existing
from prepaid.merchants.states import ExistingState
from prepaid.notices.models import Channel, Message
from prepaid.people import operations as people
from prepaid.people.models import User
from prepaid.people.queries import own_data
from prepaid.products.errors import PriceCapExceeded, SalesStopped
from prepaid.products.queries import filing_required, sellable_version
from tests.complaints.factories import officer
from tests.prepaid.cards import factories
from tests.prepaid.people.factories import make_user

pytestmark = pytest.mark.django_db

HEAD = "phone,name,number,kind,product,sold_on,paid,gift,total,left,expires_on"
PHONE = "13700001111"


def line(
    kind: str = "次卡", paid: str = "1000", total: str = "10", left: str = "6", *, phone: str = PHONE, **more: str
) -> str:
    fields = {"gift": "", "expires_on": "", "sold_on": "2025-03-01", "number": "", "product": "剪发十次", **more}
    return (
        f"{phone},周小雨,{fields['number']},{kind},{fields['product']},{fields['sold_on']},{paid},{fields['gift']},"
        f"{total},{left},{fields['expires_on']}"
    )


def file(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


@pytest.fixture
def shop():
    return factories.shop()


@pytest.fixture
def boss(shop):
    return shop.boss


@pytest.fixture
def holder():
    return make_user(phone=PHONE, name="周小雨")


def load(boss, *lines: str, at=None) -> list[ExistingCard]:
    operations.import_cards(by=boss, content=file(*(lines or (line(),))), at=at or clock.now(), actor="system:test")
    return list(ExistingCard.objects.filter(merchant=boss.merchant).order_by("pk"))


def owed(boss, *, on: date | None = None) -> queries.Unbacked:
    return queries.unbacked(boss.merchant, on=on or clock.today())


def plan(boss, *parts: tuple[int, int]) -> FundingPlan:
    """Days from today, yuan."""
    instalments = [(clock.today() + timedelta(days=days), yuan * 100) for days, yuan in parts]
    return operations.set_funding_plan(by=boss, instalments=instalments, at=clock.now(), actor="system:test")


# The file


def test_every_kind_is_read_and_its_rest_is_worth_its_share(boss):
    today = clock.today()
    began, ends = (today - timedelta(days=100)).isoformat(), (today + timedelta(days=265)).isoformat()
    rows = operations.read_cards(
        file(
            line(),
            line("储值卡", "1000", "", "600", gift="200", product="储值"),
            line("折扣卡", "500.01", "", "100", product="八折"),
            line("期限卡", "3650", "", "", sold_on=began, expires_on=ends, product="年卡"),
            line("course", "300", "3", "1", product="素描"),
        ),
        merchant=boss.merchant,
        on=today,
    )
    assert [(row.effect, row.worth_fen) for row in rows] == [
        ("new", 60_000),
        ("new", 50_000),  # half of the face value: half of what was paid, gift money is worth nothing
        ("new", 10_000),
        ("new", 265_000),
        ("new", 10_000),
    ]
    [year] = [row.card for row in rows if row.card and row.card.kind == "period"]
    assert year.worth_on(today + timedelta(days=65)) == 200_000  # its days go by
    assert not ExistingCard.objects.exists()


@pytest.mark.parametrize(
    "bad",
    [
        line(phone="12345"),
        line(phone="010 6555 1234"),
        line("会员卡"),
        line(product=""),
        line(paid="0"),
        line(paid="12.345"),
        line(paid="9999999999"),
        line(left="11"),
        line(left="0"),
        line(left="-1"),
        line(left="²"),
        line(total=""),
        line(gift="100"),
        line(sold_on="2999-01-01"),
        line(sold_on="03.01.2025"),
        line(expires_on="2024-01-01"),
        line("期限卡", total="", left=""),
        line("储值卡", "1000", "", "1000.01"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_imported(boss, bad):
    rows = operations.read_cards(file(line(), bad), merchant=boss.merchant, on=clock.today())
    assert [row.effect for row in rows] == ["new", "bad"]
    assert rows[1].problem
    with pytest.raises(BadCardFile):
        load(boss, line(), bad)
    assert not ExistingCard.objects.exists()
    assert not AuditEntry.objects.filter(action="merchants.import_cards")


def test_gb_18030_chinese_columns_and_a_file_imported_twice(boss):
    text = (
        "手机号,卡种,卡名,售卡日期,实收金额,赠送金额,总数,剩余,到期日\n13700001111,次卡,𠮷祥卡,2025/3/1,1000,0,10,6,\n"
    )
    for _time in range(2):
        operations.import_cards(by=boss, content=text.encode("gb18030"), at=clock.now(), actor="system:test")
    [card] = ExistingCard.objects.all()
    assert (card.product, card.sold_on, card.units_left) == ("𠮷祥卡", date(2025, 3, 1), 6)
    with pytest.raises(BadCardFile):  # the same line twice in a file, without a number to tell them apart
        load(boss, line(product="另一"), line(product="另一"))
    assert len(load(boss, line(product="另一", number="A1"), line(product="另一", number="A2"))) == 3


def test_what_spreadsheets_leave_in_a_file(boss):
    load(boss)
    rows = operations.read_cards(
        file(line(left="5"), ",,,,,,,,,,", line(product="晚", sold_on="2025年3月1日"), " ,,,,,,,,,,"),
        merchant=boss.merchant,
        on=clock.today(),
    )
    assert [(row.line, row.effect, row.differs) for row in rows] == [(2, "known", True), (4, "new", False)]
    with pytest.raises(BadCardFile):
        operations.read_cards(file(",,,,,,,,,,"), merchant=boss.merchant, on=clock.today())


def test_nobody_sends_an_sms_to_half_the_city(boss, monkeypatch):
    monkeypatch.setattr(existing, "MOST_A_DAY", 2)
    load(boss)
    two = file(line(phone="13700002222"), line(phone="13700003333"))
    with pytest.raises(TooManyCards):
        operations.import_cards(by=boss, content=two, at=clock.now(), actor="x")
    assert len(load(boss)) == 1  # what is known sends nothing
    later = clock.now() + timedelta(days=1)
    assert len(operations.import_cards(by=boss, content=two, at=later, actor="x")) == 2


def test_no_other_file_is_taken_and_what_was_sold_since_joining_is_none(shop, boss):
    for content in (
        b"",
        b"phone,name\n1,2\n",
        b"\xff\xfe\x00PK",
        b"x" * 1_000_001,
        (HEAD + "\n" + line() * 1).encode("utf-16"),
    ):
        with pytest.raises(BadCardFile):
            operations.read_cards(content, merchant=boss.merchant, on=clock.today())
    factories.order(factories.on_sale(shop))
    later = line(sold_on=(clock.today()).isoformat())
    earlier = line(sold_on="2025-03-01")
    rows = operations.read_cards(file(earlier, later), merchant=boss.merchant, on=clock.today() + timedelta(days=1))
    assert [row.effect for row in rows] == ["new", "new"]
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    [row] = operations.read_cards(
        file(line(sold_on=tomorrow)), merchant=boss.merchant, on=clock.today() + timedelta(days=2)
    )
    assert row.effect == "bad"


def test_the_owner_looks_at_the_file_before_importing_it(boss, client: Client):
    client.force_login(boss.user)
    url = reverse("shop_existing_import")
    assert client.get(url).status_code == 200
    page = client.post(url, {"file": io.BytesIO(file(line(), line(left="99", product="坏")))})
    assert page.context["bad"] == 1
    assert "looked_at" in page.context
    assert b'name="looked_at"' not in page.content
    page = client.post(url, {"file": io.BytesIO(file(line()))})
    assert (page.context["new"], page.context["worth_fen"]) == (1, 60_000)
    assert not ExistingCard.objects.exists()
    seen = page.context["looked_at"]
    assert client.post(url, {"looked_at": seen + "x"}, follow=True).status_code == 200
    assert not ExistingCard.objects.exists()
    page = client.post(url, {"looked_at": seen}, follow=True)
    assert ExistingCard.objects.count() == 1
    assert page.redirect_chain[-1][0] == reverse("shop_existing")
    assert "600.00" in page.content.decode()
    assert "周**" in page.content.decode()
    assert client.post(url, {"file": io.BytesIO(b"junk")}).status_code == 400


# The holder


def test_holders_are_told_once_and_find_the_card_under_their_number(boss, holder, client: Client):
    load(boss, line(), line(product="烫发五次"), line(phone="13700002222"))
    sweep()
    assert operations.ask_holders(at=clock.now()) == 0
    sms = Message.objects.filter(channel=Channel.SMS, kind="merchants.existing_card")
    assert sms.count() == 2
    assert Message.objects.filter(recipient=holder, channel=Channel.IN_APP).count() == 1
    assert "2" in sms.get(recipient=holder).body
    assert "1,200.00" in sms.get(recipient=holder).body
    client.force_login(holder)
    wallet = client.get(reverse("wallet")).content.decode()
    assert wallet.count("card-face-unbacked") == 2
    assert "未存管" in wallet


def test_who_answered_is_told_under_their_number_of_today_and_nobody_at_every_stroke(boss, holder):
    [card] = load(boss)
    unproved = make_user(phone="13700003333", verified=False)
    load(boss, line(phone="13700003333"))
    operations.ask_holders(at=clock.now())
    assert not Message.objects.filter(recipient=unproved).exists()
    operations.confirm_card(user=holder, card_id=card.pk, units_left=6, at=clock.now(), actor="x")
    User.objects.filter(pk=holder.pk).update(phone="+8613700009999", phone_index=blind_index("+8613700009999"))
    heir = make_user(phone=PHONE)  # the network gave the number to somebody else
    Message.objects.all().delete()
    now = clock.now()
    for left, at in ((4, now), (3, now), (2, now + timedelta(days=6)), (0, now + timedelta(days=8))):
        operations.correct_card(by=boss, card_id=card.pk, units_left=left, because="用了", at=at, actor="x")
        operations.ask_holders(at=at)
    first, second = Message.objects.filter(channel=Channel.SMS).order_by("pk")
    assert {first.phone, second.phone} == {"+8613700009999"}
    assert "400.00" in first.body  # what the merchant says since, not what counts until it is confirmed
    assert "¥0.00" in second.body
    assert not Message.objects.filter(recipient=heir).exists()
    assert owed(boss).sum_fen == 120_000


def test_no_merchant_makes_a_claim_disappear(shop, boss, holder):
    version = factories.on_sale(shop, price_fen=200_000)
    [card] = load(boss, line(paid="5000", left="10"))
    facts = {"card_id": card.pk, "at": clock.now(), "actor": "x"}
    operations.confirm_card(user=holder, units_left=10, **facts)
    operations.contest_card(user=holder, units_left=7, because="看错了", **facts)  # also after a yes
    operations.contest_card(user=holder, units_left=0, because="不是我的", **facts)
    operations.correct_card(by=boss, units_left=10, because="就是十次", **facts)
    card.refresh_from_db()
    assert (card.state, card.claimed_left, card.claimed_because) == (ExistingState.ASKED, 0, "不是我的")
    assert factories.order(version, holder)  # still none of theirs
    operations.confirm_card(user=holder, units_left=10, **facts)
    card.refresh_from_db()
    assert (card.state, card.claimed_left) == (ExistingState.CONFIRMED, None)


def test_nothing_personal_is_in_clear(boss, holder):
    [card] = load(boss, line(number="VIP-77"))
    operations.contest_card(user=holder, card_id=card.pk, units_left=8, because="我还有八次", at=clock.now(), actor="x")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM merchants_existingcard e")
        kept = str(cursor.fetchall()) + str(list(AuditEntry.objects.values()))
    for secret in ("13700001111", "周小雨", "VIP-77", "我还有八次"):
        assert secret not in kept


def test_the_holder_confirms_contests_and_the_card_ends_when_both_say_so(boss, holder, client: Client):
    [card] = load(boss)
    client.force_login(holder)
    url = reverse("existing_card", args=[card.pk])
    assert "60" in client.get(url).content.decode()
    contest = reverse("existing_contest", args=[card.pk])
    assert client.post(contest, {"left": "11", "because": "多"}).status_code == 400
    assert client.post(contest, {"left": "6", "because": "一样"}).status_code == 400
    assert client.post(contest, {"left": "8", "because": "我还有八次"}).status_code == 302
    card.refresh_from_db()
    assert (card.state, card.claimed_left, card.units_left) == (ExistingState.CONTESTED, 8, 6)
    assert owed(boss).sum_fen == 60_000  # the merchant's figure counts until both say the same
    facts = {"by": boss, "card_id": card.pk, "because": "查实", "at": clock.now(), "actor": "x"}
    operations.correct_card(**facts, units_left=8)
    assert owed(boss).sum_fen == 80_000  # more counts at once
    confirm = reverse("existing_confirm", args=[card.pk])
    assert client.post(confirm, {"left": "6"}).status_code == FigureChanged.http_status
    assert client.post(confirm, {"left": "8"}).status_code == 302
    operations.correct_card(**{**facts, "because": "用完"}, units_left=0)
    assert owed(boss).sum_fen == 80_000  # less waits for the holder
    assert client.post(confirm, {"left": "0"}).status_code == 302
    card.refresh_from_db()
    assert (card.state, owed(boss).cards) == (ExistingState.ENDED, 0)
    assert client.get(url).status_code == 200
    assert "card-face-unbacked" not in client.get(reverse("wallet")).content.decode()
    with pytest.raises(ExistingCardOver):
        operations.correct_card(**facts, units_left=3)


def test_a_copy_of_their_data_has_the_card_and_a_closed_account_leaves_it(boss, holder):
    over, left = load(boss, line(number="VIP-77"), line(product="烫发五次"))
    facts = {"at": clock.now(), "actor": "x"}
    operations.correct_card(by=boss, card_id=over.pk, units_left=0, because="用完", **facts)
    operations.confirm_card(user=holder, card_id=over.pk, units_left=0, **facts)
    operations.contest_card(user=holder, card_id=left.pk, units_left=9, because="还有九次", **facts)
    rows = [row for row in own_data(holder)["存量卡（未存管）"] if "次" in str(row)]
    assert {"VIP-77", "还有九次", "剪发十次", "烫发五次"} <= {cell for row in rows for cell in row}
    people.close_account(user_id=holder.pk, at=clock.now())
    over.refresh_from_db()
    left.refresh_from_db()
    assert (over.holder, over.phone, over.name, over.number, over.phone_index) == (None, "", "", "", "")
    assert (left.holder, left.claimed_left, owed(boss).sum_fen) == (None, 9, 60_000)
    assert {queries.existing_face(card, on=clock.today()).holder for card in (over, left)} == {"–", "周** 137****1111"}
    again = make_user(phone=PHONE)
    assert list(queries.existing_cards_with(again)) == [left]


def test_figures_that_are_none_are_refused(boss, holder):
    [card] = load(boss)
    facts = {"by": boss, "card_id": card.pk, "because": "x", "at": clock.now(), "actor": "x"}
    for units, refusal in ((11, NotInLeft), (-1, NotInLeft), (6, SameFigure)):
        with pytest.raises(refusal):
            operations.correct_card(**facts, units_left=units)
    card.refresh_from_db()
    assert (card.state, card.units_left, card.proposed_left) == (ExistingState.ASKED, 6, None)


def test_everybody_else_finds_nothing(shop, boss, holder, client: Client):
    [card] = load(boss)
    stranger, unproved = make_user(), make_user(phone="13700003333", verified=False)
    ExistingCard.objects.filter(pk=card.pk).update(phone_index=unproved.phone_index)
    other = factories.shop()
    pages = [("existing_card", "get"), ("existing_confirm", "post"), ("existing_contest", "post")]
    for user in (stranger, unproved, boss.user):
        client.force_login(user)
        for name, method in pages:
            answer = getattr(client, method)(reverse(name, args=[card.pk]), {"left": "6", "because": "x"})
            assert answer.status_code == 404
    client.force_login(other.owner)
    assert client.post(reverse("shop_existing_card", args=[card.pk]), {"left": "1", "because": "x"}).status_code == 404
    cashier = factories.cashier(shop)
    client.force_login(cashier.user)
    for name in ("shop_existing", "shop_existing_import"):
        assert client.get(reverse(name)).status_code == 403
    with pytest.raises(NotYourRole):
        load(cashier)
    card.refresh_from_db()
    assert card.state == ExistingState.ASKED


# The plan, and what it stops


def test_without_a_plan_in_time_nothing_is_sold(shop, boss):
    version = factories.on_sale(shop)
    load(boss)
    today = clock.today()
    assert sellable_version(version.pk, on=today + timedelta(days=30))
    with pytest.raises(SalesStopped, match=r"600\.00"):
        sellable_version(version.pk, on=today + timedelta(days=31))
    plan(boss, (60, 300), (90, 300))
    assert sellable_version(version.pk, on=today + timedelta(days=31))


def test_an_overdue_instalment_stops_sales_until_it_is_made_good(shop, boss, holder, client: Client):
    version = factories.on_sale(shop)
    [card, _other] = load(boss, line(), line(product="二", left="10"))
    plan(boss, (10, 600), (20, 1000))
    today = clock.today()
    late = today + timedelta(days=11)
    assert sellable_version(version.pk, on=late - timedelta(days=1))
    with pytest.raises(SalesStopped):
        sellable_version(version.pk, on=late)
    public = Client().get(reverse("merchant_detail", args=[boss.merchant_id])).content.decode()
    assert "1,600.00" in public
    assert "未存管" in public
    facts = {"card_id": card.pk, "units_left": 0, "at": clock.now(), "actor": "x"}
    operations.correct_card(by=boss, because="已退", **facts)
    with pytest.raises(SalesStopped):  # the merchant's word alone makes nothing good
        sellable_version(version.pk, on=late)
    operations.confirm_card(user=holder, **facts)
    assert sellable_version(version.pk, on=late)
    assert [step.state for step in owed(boss, on=late).steps] == ["done", "due"]
    client.force_login(boss.user)
    assert client.get(reverse("shop_existing")).status_code == 200


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [(0, 600)],
        [(30, 300), (30, 300)],
        [(30, 599)],
        [(30, 601)],
        [(366, 600)],
        [(40, 600)],
        [(20, 200), (30, 400)],
    ],
)
def test_a_plan_is_whole_in_time_and_never_put_off(boss, parts):
    load(boss)
    plan(boss, (20, 300), (30, 300))
    with pytest.raises(BadInstalments):
        plan(boss, *parts)
    [kept] = FundingPlan.objects.all()
    assert kept.replaced_at is None
    plan(boss, (10, 300), (30, 300))
    assert FundingPlan.objects.filter(replaced_at=None).count() == 1


def test_a_card_worth_more_than_planned_is_planned_anew_and_what_is_overdue_comes_first(boss, holder):
    [card] = load(boss)
    plan(boss, (20, 300), (30, 300))
    operations.correct_card(
        by=boss, card_id=card.pk, units_left=8, because="查实还有八次", at=clock.now(), actor="system:test"
    )
    with pytest.raises(BadInstalments):
        plan(boss, (20, 300), (30, 500))  # by the first day the old plan leaves 300
    plan(boss, (20, 500), (30, 300))
    late = clock.now() + timedelta(days=21)
    parts = [(clock.today() + timedelta(days=30), 80_000)]
    with pytest.raises(BadInstalments, match=r"500\.00"):
        operations.set_funding_plan(by=boss, instalments=parts, at=late, actor="x")
    operations.correct_card(by=boss, card_id=card.pk, units_left=3, because="用了", at=late, actor="x")
    operations.confirm_card(user=holder, card_id=card.pk, units_left=3, at=late, actor="x")
    operations.set_funding_plan(by=boss, instalments=[(parts[0][0], 30_000)], at=late, actor="x")


def test_the_owner_makes_the_plan_on_the_page(shop, boss, client: Client):
    load(boss)
    client.force_login(boss.user)
    url, day = reverse("shop_existing_plan"), clock.today() + timedelta(days=50)
    assert client.post(url, {"day_1": day, "sum_1": "599"}).status_code == 400
    assert client.post(url, {"day_1": day, "sum_1": ""}).status_code == 400
    assert not FundingPlan.objects.exists()
    assert client.post(url, {"day_1": day, "sum_1": "600"}).status_code == 302
    assert owed(boss).is_planned


def test_cards_imported_later_ask_for_a_new_plan(boss):
    before = clock.now() - timedelta(days=5)
    load(boss, at=before)
    operations.set_funding_plan(
        by=boss, instalments=[(clock.today() + timedelta(days=60), 60_000)], at=before, actor="x"
    )
    load(boss, line(product="后来"))
    state = owed(boss)
    assert (state.sum_fen, state.covered_fen, state.unplanned_since) == (120_000, 60_000, clock.today())
    assert state.plan_due_on == clock.today() + timedelta(days=30)
    # Asked for a moment before the plan, and served after it: no clock says whether a plan covers a card.
    ExistingCard.objects.filter(product="后来").update(imported_at=before)
    assert owed(boss).covered_fen == 60_000
    assert [step.state for step in state.steps] == ["due"]
    plan(boss, (60, 600), (100, 600))
    assert owed(boss).is_planned


# Where they count


def test_they_count_toward_the_filing_threshold_and_the_holders_cap(shop, boss, holder):
    version = factories.on_sale(shop, price_fen=200_000)
    rule = queries.sector_rule(boss.merchant.sector_id, clock.today())
    assert rule.max_price_fen
    assert rule.filing_balance_fen
    assert not filing_required(version, on=clock.today())
    load(boss, line(paid=str(rule.max_price_fen // 100), left="10"))
    with pytest.raises(PriceCapExceeded):
        factories.order(version, holder)
    assert factories.order(version)  # somebody else's holding is their own
    [card] = ExistingCard.objects.all()
    operations.contest_card(user=holder, card_id=card.pk, units_left=0, because="不是我的", at=clock.now(), actor="x")
    assert factories.order(version, holder)
    many = rule.filing_balance_fen // 500_000 + 1
    load(boss, *(line(paid="5000", left="10", phone=f"1370002{n:04d}") for n in range(many)))
    assert filing_required(version, on=clock.today())


def test_found_closed_they_are_claims_that_custody_does_not_pay(shop, boss, holder, client: Client):
    load(boss)
    first, second = (
        officer(department=boss.merchant.sector.lead_department_id),
        officer(department=boss.merchant.sector.lead_department_id),
    )
    accounts = list(Account.objects.order_by("pk").values())
    closing = operations.find_closed(
        merchant_id=boss.merchant_id,
        store_id=None,
        since=clock.today(),
        because="门关着",
        by=first,
        at=clock.now(),
        actor="x",
    )
    follow_closing(closing.pk)
    assert not Message.objects.filter(recipient=holder).exists()  # nobody is told before a second person looked
    operations.confirm_closed(closing_id=closing.pk, by=second, at=clock.now(), actor="x")
    follow_closing(closing.pk)
    follow_closing(closing.pk)
    told = Message.objects.get(recipient=holder, channel=Channel.IN_APP)
    assert "600.00" in told.body
    assert list(Account.objects.order_by("pk").values()) == accounts
    # It was found closed once it had closed, and closes again: each is told of once, the earlier not after the later.
    Closing.objects.filter(pk=closing.pk).update(ended_at=clock.now())
    Closing.objects.create(
        merchant=boss.merchant, kind="close", last_day=clock.today(), because="x", announced_at=clock.now(),
        announced_by=boss,
    )  # fmt: skip
    for _again in range(2):
        sweep()  # and they are asked to look at the card
        assert Message.objects.filter(recipient=holder, channel=Channel.IN_APP).count() == 3
    assert queries.closings_to_tell_existing() == []
    client.force_login(first)
    url = reverse("admin:merchants_existingcard_changelist")
    listed = client.get(url, {"closed": "yes"}).content.decode()
    assert "600.00" in listed
    assert "137****1111" in listed
    assert PHONE not in listed
    client.force_login(officer(department=boss.merchant.sector.lead_department_id, district="110106"))
    assert "137****1111" not in client.get(url).content.decode()


def test_officials_see_who_is_overdue(boss, client: Client, django_assert_num_queries):
    other = factories.shop()
    for one in (boss, other.boss):
        load(one, at=clock.now() - timedelta(days=40))
    today = clock.today()
    with django_assert_num_queries(2):  # for two as for one
        stops = queries.sales_stops([boss.merchant, other.merchant], on=today)
    assert [len(found) for found in stops.values()] == [1, 1]
    lead = boss.merchant.sector.lead_department_id
    client.force_login(officer(department=lead))
    assert client.get(reverse("admin:index")).content.decode().count("600.00") == 2
    page = client.get(reverse("admin:merchants_merchant_change", args=[boss.merchant_id])).content.decode()
    assert "600.00" in page
    cards = client.get(reverse("admin:merchants_existingcard_changelist"), {"q": boss.merchant.uscc})
    assert cards.context["cl"].result_count == 1
    client.force_login(officer(department=lead, district="110106"))
    assert "600.00" not in client.get(reverse("admin:index")).content.decode()


def test_the_pages_cost_the_same_for_many(boss, holder, client: Client, django_assert_max_num_queries):
    load(boss, *(line(product=f"卡{n}") for n in range(20)))
    plan(boss, (30, 6_000), (60, 6_000))
    card = ExistingCard.objects.latest("pk")
    client.force_login(boss.user)
    for name, args in (("shop_existing", []), ("shop_existing_card", [card.pk])):
        with django_assert_max_num_queries(12):
            assert client.get(reverse(name, args=args)).status_code == 200
    client.force_login(holder)
    for name, args in (("wallet", []), ("existing_card", [card.pk]), ("merchant_detail", [boss.merchant_id])):
        with django_assert_max_num_queries(12):
            assert client.get(reverse(name, args=args)).status_code == 200

"""From what happens at a shop to its grade: counted by day, summed by window, weighed, kept, and shown to whom it concerns."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from complaints.warnings import operations
from complaints.warnings.facts import HABIT, LATELY, Day, History, Standing, movement, together
from complaints.warnings.models import Assessment, GradeChange, MerchantDay
from complaints.warnings.queries import facts_of_all
from escrow import clock
from escrow.clock import beijing_date
from prepaid.cards import operations as cards
from prepaid.merchants.models import Listing, ListKind
from prepaid.products import operations as products
from prepaid.products.models import ProductVersion
from tests.complaints import factories as complaints
from tests.complaints.warnings.factories import STEADY, any_day, lived, put, steady
from tests.prepaid.cards import factories as make

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)
LIST = "admin:warnings_assessment_changelist"


def counted(shop) -> MerchantDay:
    """Today, as it is counted when it is over."""
    operations.count_days(upto=clock.today())
    return MerchantDay.objects.get(merchant=shop.merchant, day=clock.today())


def at_hour(hour: int) -> None:
    """The next time it is so late in Beijing."""
    now = clock.now().astimezone(clock.BEIJING)
    then = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    clock.advance((then if then > now else then + A_DAY) - now)


def figures(row: MerchantDay) -> dict[str, int]:
    names = ("cards", "uses", "doubtful", "sales", "sales_fen", "list_fen", "refunds_asked", "disputes", "complaints")
    return {name: getattr(row, name) for name in names if getattr(row, name)}


class TestCounting:
    @pytest.fixture(autouse=True)
    def _by_day(self) -> None:
        """Nothing is doubtful for its hour."""
        at_hour(12)

    def test_a_use_in_the_night_is_doubtful(self):
        shop = make.shop()
        card, cashier = make.card(shop), make.cashier(shop)
        at_hour(3)
        make.charge(card, cashier)
        row = counted(shop)
        assert (row.uses, row.doubtful) == (0, 1)

    def test_a_card_sold_and_used_twice_is_a_sale_and_one_use(self):
        shop = make.shop()
        card, cashier = make.card(shop), make.cashier(shop)
        for age in (0, 1):
            make.charge(card, cashier, age=age)
        price = card.agreement.price_fen
        row = counted(shop)
        assert figures(row) == {"cards": 1, "uses": 1, "sales": 1, "sales_fen": price, "list_fen": price}
        assert row.use_fen == 2 * price // card.agreement.units_total

    def test_its_own_people_s_cards_are_no_custom(self):
        shop = make.shop()
        cashier, friend = make.cashier(shop), make.person()
        own = make.card(shop, holder=cashier.user)
        boss = make.cashier(shop)
        make.charge(own, boss)
        make.charge(make.card(shop, holder=friend), boss)
        row = counted(shop)
        assert (row.uses, row.doubtful) == (1, 1)

    def test_four_cards_of_one_person_in_a_day_are_doubtful(self):
        shop = make.shop()
        cashier, one = make.cashier(shop), make.person()
        for _nth in range(4):
            make.charge(make.card(shop, holder=one, price_fen=100_000), cashier)
        row = counted(shop)
        assert (row.uses, row.doubtful) == (0, 4)

    def test_a_new_version_below_the_filed_price_is_a_promotion(self):
        shop = make.shop()
        dear = make.on_sale(shop, price_fen=100_000)
        facts = {"merchant_id": shop.merchant.pk, "at": clock.now(), "actor": "system:test"}
        cheap = products.revise(version_id=dear.pk, **facts)
        draft = replace(make.draft(shop, price_fen=60_000), name=dear.product.name)
        products.edit_draft(version_id=cheap.pk, draft=draft, **facts)
        products.submit_filing(version_id=cheap.pk, at=clock.now(), actor="system:test")
        make.pay(make.order(ProductVersion.objects.get(pk=cheap.pk)))
        row = counted(shop)
        assert (row.sales_fen, row.list_fen) == (60_000, 100_000)

    def test_a_card_that_is_used_up_is_none_that_could_be_used(self):
        shop = make.shop()
        card, cashier = make.card(shop, sessions=2, price_fen=20_000, list_price_fen=12_000), make.cashier(shop)
        make.charge(card, cashier)
        assert counted(shop).cards == 1
        make.charge(card, cashier, age=1)
        assert counted(shop).cards == 0

    def test_what_is_undone_or_refused_is_no_use(self):
        shop = make.shop()
        card, cashier = make.card(shop), make.cashier(shop)
        used = make.charge(card, cashier)
        cards.undo_redemption(staff=cashier, redemption_id=used.pk, at=clock.now(), actor=cashier.user.actor)
        assert counted(shop).uses == 0

    def test_complaints_of_the_day(self):
        case = complaints.complaint(shop := complaints.shop())
        operations.count_days(upto=beijing_date(case.received_at))
        row = MerchantDay.objects.get(merchant=shop.merchant, day=beijing_date(case.received_at))
        assert row.complaints == 1

    def test_counted_again_a_day_says_what_is_known_now(self):
        shop = make.shop()
        make.card(shop)
        first = counted(shop)
        make.card(shop)
        assert counted(shop).sales == first.sales + 1
        days = MerchantDay.objects.filter(merchant=shop.merchant).count()
        assert days <= LATELY + HABIT


class TestSums:
    def test_the_database_and_the_rules_see_the_same_windows(self):
        """Any days, gaps among them: SQL and ``History`` agree on every sum."""
        draw = Random(20_261_128)
        last, shops = clock.today() - A_DAY, [make.shop() for _ in range(3)]
        histories, histories_days = {}, {}
        for shop in shops:
            days = [Day(known=0) if draw.random() < 0.1 else any_day(draw) for _ in range(LATELY + HABIT)]
            days[0] = any_day(draw)
            put(shop.merchant, days, last=last)
            histories[shop.merchant.pk] = lived(*((1, day) for day in days))
            histories_days[shop.merchant.pk] = days
        found = dict(facts_of_all(day=last))
        assert found.keys() == histories.keys()
        sector = History()
        for n in range(LATELY + HABIT):
            sector.add(together([history.day(n) for history in histories.values()]))
        for merchant_id, history in histories.items():
            silence = {"silent_days": history.silent_days, "silent_cards": history.silent_cards}
            moves = movement(sector, history.windows(), **silence)
            wanted = history.facts(Standing(), moves)
            assert replace(found[merchant_id], refunds_late=0) == replace(wanted, refunds_late=0)
            assert found[merchant_id].refunds_late == last_known(histories_days[merchant_id]).refunds_late


def last_known(days: list[Day]) -> Day:
    return next(day for day in reversed(days) if day.known)


def on_the_register(shop) -> None:
    Listing.objects.create(
        uscc=shop.merchant.uscc,
        kind=ListKind.MAJOR_RISK,
        number="1",
        source="市监",
        listed_on=clock.today() - 3 * A_DAY,
        recorded_at=clock.now(),
    )


class TestStanding:
    def standing(self, shop) -> Standing:
        day = clock.today() - A_DAY
        put(shop.merchant, [STEADY], last=day)
        return dict(facts_of_all(day=day))[shop.merchant.pk].standing

    def test_nothing_on_file(self):
        assert self.standing(complaints.shop()) == Standing()

    def test_on_the_register(self):
        shop = complaints.shop()
        on_the_register(shop)
        assert self.standing(shop).listed is True

    def test_the_last_lease_that_ends_before_the_cards(self):
        shop = make.shop()
        make.card(shop)
        shop.merchant.stores.update(lease_ends_on=clock.today() + 20 * A_DAY)
        standing = self.standing(shop)
        assert standing.lease_left == 21
        assert standing.beyond_lease == 1.0
        store = shop.stores[0]
        store.pk, store.name, store.lease_ends_on = None, "another", clock.today() + 400 * A_DAY
        store.save(force_insert=True)
        assert dict(facts_of_all(day=clock.today() - A_DAY))[shop.merchant.pk].standing.lease_left is None


@pytest.fixture
def shut():
    """A shop that served for months and has been silent for ten days; and one that goes on."""
    last = clock.today() - A_DAY
    gone, goes_on = complaints.shop(), complaints.shop()
    silent = steady(uses=0, use_fen=0, sales=0, sales_fen=0, list_fen=0, term_days=0)
    put(gone.merchant, [STEADY] * 102 + [silent] * 10, last=last)
    put(goes_on.merchant, [STEADY] * 112, last=last)
    return gone, goes_on


@pytest.fixture
def weighed(shut, monkeypatch):
    """As the night's work does; the days are already there."""
    monkeypatch.setattr("complaints.warnings.operations.assessing.count_days", lambda **_at: 0)
    assert operations.assess(at=clock.now()) == 2
    return shut


class TestGrades:
    def test_silence_sends_somebody_and_is_said_in_words(self, weighed):
        gone, goes_on = weighed
        found = Assessment.objects.get(merchant=gone.merchant)
        assert found.grade == "C"
        assert found.points == pytest.approx(sum(points for _sign, _strength, points in found.parts))
        assert found.parts[0][0] == "doors_shut"
        assert Assessment.objects.get(merchant=goes_on.merchant).grade == "A"

    def test_a_change_of_grade_is_kept_once_and_cannot_be_changed(self, weighed):
        gone, _goes_on = weighed
        assert operations.assess(at=clock.now()) == 2
        change = GradeChange.objects.get()
        assert (change.merchant_id, change.before, change.after) == (gone.merchant.pk, "", "C")
        change.after = "A"
        with pytest.raises(IntegrityError), transaction.atomic():
            change.save()
        with pytest.raises(IntegrityError), transaction.atomic():
            change.delete()

    def test_weighed_twice_in_a_day_on_other_facts_both_changes_are_kept(self, weighed):
        gone, goes_on = weighed
        on_the_register(goes_on)
        operations.assess(at=clock.now())
        kept = GradeChange.objects.filter(merchant=goes_on.merchant).values_list("before", "after")
        assert list(kept) == [("A", "D")]
        assert GradeChange.objects.filter(merchant=gone.merchant).count() == 1

    def test_an_earlier_day_does_not_overwrite_a_later_one(self, weighed):
        before = list(Assessment.objects.values().order_by("pk"))
        operations.assess(at=clock.now() - 3 * A_DAY)
        assert list(Assessment.objects.values().order_by("pk")) == before


class TestPages:
    def client(self, user, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(user)
        return client

    @pytest.mark.parametrize(
        ("language", "said"),
        [("zh-hans", ["疑似关门", "已10天没有核销"]), ("en", ["Doors shut", "No use for 10 days"])],
    )
    def test_the_officer_reads_why(self, weighed, language, said):
        gone, _goes_on = weighed
        officer = complaints.officer(gone.merchant.sector.lead_department_id)
        client = self.client(officer, language)
        page = client.get(reverse(LIST)).content.decode()
        assert gone.merchant.name in page
        assert said[0] in page
        page = client.get(reverse("admin:warnings_assessment_change", args=[gone.merchant.pk])).content.decode()
        assert all(words in page for words in said)

    def test_another_district_sees_nothing(self, weighed):
        gone, _goes_on = weighed
        officer = complaints.officer(gone.merchant.sector.lead_department_id, complaints.FENGTAI)
        client = self.client(officer)
        assert gone.merchant.name not in client.get(reverse(LIST)).content.decode()
        url = reverse("admin:warnings_assessment_change", args=[gone.merchant.pk])
        assert gone.merchant.name not in client.get(url, follow=True).content.decode()

    def test_few_queries_however_many(self, weighed):
        for _nth in range(20):
            put((shop := complaints.shop()).merchant, [STEADY], last=clock.today() - A_DAY)
        operations.assess(at=clock.now())
        client = self.client(complaints.operator())
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(LIST)).status_code == 200
        assert len(asked) <= 12, [query["sql"][:90] for query in asked]
        assert shop

"""What joining gives: sums that agree for any figures, and a page that reckons with the rules of the day and keeps nothing."""

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from prepaid.merchants.charts import HEIGHT, WIDTH, chart
from prepaid.merchants.errors import BadSalesFile
from prepaid.merchants.forecast import EarlyFigures, Facts, SalesWeek, Way, forecast
from prepaid.merchants.models import CustodyRule
from prepaid.merchants.sales_file import read_weeks
from tests.journeys.refusals import facts
from tests.prepaid.merchants.factories import make_city, make_merchant, owner_of
from tests.prepaid.people.factories import LONG_AGO

EARLY = EarlyFigures(cooling_weeks=1, proven_weeks=13, window_weeks=4, cap_weeks=4)
TYPED = {
    "sector": "vocational",
    "rating": "A",
    "cards": "20",
    "price": "1,000",
    "visits": "10",
    "pace": "0.5",
    "life": "26",
}
WEEKS = st.lists(
    st.builds(SalesWeek, cards=st.integers(0, 40), price_fen=st.integers(1, 300_000)), min_size=1, max_size=12
)


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    return Facts(
        sales=tuple(draw(WEEKS)),
        visits=draw(st.integers(1, 60)),
        pace=draw(st.integers(1, 700)),
        life=draw(st.integers(1, 40)),
        opening_fen=draw(st.integers(0, 10**7)),
        costs_fen=draw(st.integers(0, 10**6)),
        more_percent=draw(st.integers(0, 50)),
        custody_percent=draw(st.integers(10, 100)),
        early=draw(
            st.none()
            | st.builds(
                EarlyFigures,
                cooling_weeks=st.integers(0, 3),
                proven_weeks=st.integers(0, 6),
                window_weeks=st.integers(1, 5),
                cap_weeks=st.integers(0, 5),
            )
        ),
    )


@settings(max_examples=100, deadline=None)
@given(facts=all_facts())
def test_sums_agree_and_no_more_leaves_than_may(facts: Facts) -> None:
    sold = used = out_before = 0
    for week in forecast(facts, weeks=20).weeks:
        sold, used = sold + week.sold_fen, used + week.used_fen
        base = facts.opening_fen - facts.costs_fen * week.number
        assert week.used_fen >= 0
        assert used <= sold
        # Whatever way it goes, what customers paid is the merchant's or still theirs.
        assert week.now_fen - base == sold == used + week.owed_fen
        assert week.custody_fen - base == used
        assert week.early_fen - base == used + week.out_fen
        assert week.owed_fen == week.held_fen + week.out_fen
        # Custody is never overdrawn, keeps its share, and nothing is added to what is out above what is allowed.
        assert week.held_fen >= 0
        odd = len(facts.sales) * week.number  # a use may leave a fen more out than the share says
        assert 0 <= week.out_fen <= week.owed_fen * (100 - facts.custody_percent) // 100 + odd
        assert week.out_fen <= max(week.may_out_fen, out_before)
        assert week.monthly_held_fen >= 0
        assert week.monthly_fen - base <= used * (100 + facts.more_percent) // 100 + len(facts.sales)
        out_before = week.out_fen


def test_twenty_cards_by_hand() -> None:
    """1,000 yuan for ten visits, one a week: 100 yuan a card and week, from the week after the sale."""
    facts = Facts(sales=(SalesWeek(cards=20, price_fen=100_000),), visits=10, pace=100, life=26, costs_fen=50_000)
    found = forecast(facts, weeks=12)
    assert found.balances(Way.NOW)[0] == 2_000_000 - 50_000
    assert found.balances(Way.CUSTODY)[:3] == [-50_000, 200_000 - 100_000, 400_000 - 150_000]
    assert found.balances(Way.MONTHLY)[:3] == [-50_000, -100_000, 200_000 - 150_000]
    assert [week.monthly_held_fen for week in found.weeks[:3]] == [800_000, 800_000, 600_000]
    assert found.balances(Way.CUSTODY)[-1] == 2_000_000 - 12 * 50_000
    now, custody, early, monthly = found.outlooks
    assert (now.uncovered_fen, custody.uncovered_fen, monthly.uncovered_fen) == (2_000_000, 0, 0)
    assert (custody.short_in, custody.lowest_fen, custody.lowest_in) == (1, -50_000, 1)
    assert early.end_fen == custody.end_fen  # without a rule nothing leaves early


def test_early_release_begins_when_use_is_proven_and_stays_below_recent_use() -> None:
    facts = Facts(
        sales=(SalesWeek(cards=20, price_fen=100_000),) * 52,
        visits=10,
        pace=50,
        life=26,
        custody_percent=10,
        early=EARLY,
    )
    weeks = forecast(facts, weeks=52).weeks
    first = next(week for week in weeks if week.out_fen)
    assert first.number == 15  # used first in week 2, thirteen whole weeks before
    assert first.out_fen == first.may_out_fen == sum(week.used_fen for week in weeks[11:15])
    assert forecast(replace(facts, custody_percent=100), weeks=52).weeks[-1].out_fen == 0


def test_a_chart_places_every_figure_inside() -> None:
    drawn = chart([("a", [-1_234_500, 0, 7_000_000]), ("b", [5, 5, 5])], names=["1", "2", "3"])
    for line in drawn.lines:
        for point in line.points.split():
            across, down = map(float, point.split(","))
            assert 0 <= across <= WIDTH
            assert 0 <= down <= HEIGHT
    assert [tick.value for tick in drawn.across] == [-2_000_000, 0, 2_000_000, 4_000_000, 6_000_000, 8_000_000]
    assert chart([("a", [0])], names=["1"]).across  # nothing sold is drawn as well


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "cards, price"),
        (b"cards\n3", "cards, price"),
        (b"cards,price\n", "no rows"),
        (b"cards,price\n3,12.345", "row 2"),
        (b"cards,price\n3,5\n-3,5", "row 3"),
        (b"cards,price\n99999,5", "row 2"),
        (b"cards,price\n" + b"1,1\n" * 105, "104"),
        (b"\xff\xff\x00", "UTF-8"),
        (b"x" * 100_001, "100 KB"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, problem: str, settings) -> None:
    settings.LANGUAGE_CODE = "en"
    with pytest.raises(BadSalesFile, match=problem):
        read_weeks(content)


def test_a_file_from_a_spreadsheet_in_chinese_is_read() -> None:
    weeks = read_weeks("周,售卡数,均价\n1,３,￥1280.50\n2,0,\n".encode("gb18030"))
    assert weeks == (SalesWeek(cards=3, price_fen=128_050), SalesWeek(cards=0, price_fen=0))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "says"), [("zh-hans", ["逐周银行余额", "10%"]), ("en", ["Your bank balance, week by week", "10%"])]
)
def test_anybody_reckons_without_an_account_and_nothing_is_kept(
    client, language: str, says: list[str], django_assert_max_num_queries
) -> None:
    make_city()
    figures = {"valid_from": LONG_AGO, "percent": 10, "basis": "京人社能发〔2023〕16号", "mark": "E"}
    CustodyRule.objects.create(sector_id="vocational", rating="A", **figures)
    place, before = reverse("forecast"), facts()
    headers = {"accept-language": language}
    answer = client.post(place, TYPED, headers=headers)
    assert answer.status_code == 302
    assert "csrf" not in answer.url
    with django_assert_max_num_queries(5):
        answer = client.get(answer.url, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in [*says, "<polyline", "¥1,040,000.00"]:
        assert words in page, words
    assert " style=" not in page
    assert facts() == before


@pytest.mark.django_db
def test_what_cannot_be_reckoned_is_said_beside_its_field(client) -> None:
    make_city()
    place = reverse("forecast")
    for changes, field in [
        ({"cards": ""}, "cards"),
        ({"pace": "0"}, "pace"),
        ({"sector": "gambling"}, "sector"),
        ({"price": "1.001"}, "price"),
        ({"visits": "1e9"}, "visits"),
        ({"life": "0"}, "life"),
        ({"file": SimpleUploadedFile("weeks.csv", b"\x00\x01")}, "file"),
    ]:
        answer = client.post(place, TYPED | changes)
        answer = client.get(answer.url) if answer.status_code == 302 else answer
        assert answer.status_code == 400, changes
        assert field in answer.context["form"].errors, changes


@pytest.mark.django_db
def test_a_merchant_reckons_with_its_own_rating_from_a_file(client, django_assert_max_num_queries) -> None:
    merchant = make_merchant(sector="vocational")
    client.force_login(owner_of(merchant).user)
    weeks = SimpleUploadedFile("weeks.csv", b"cards,price\n10,500\n12,500\n0,\n")
    figures = {"visits": "10", "pace": "1", "life": "26", "file": weeks}
    with django_assert_max_num_queries(12):
        answer = client.post(reverse("shop_forecast"), figures)
    assert answer.status_code == 200
    assert [week.sold_fen for week in answer.context["found"].weeks] == [500_000, 600_000, 0]
    assert answer.context["custody"].percent == 30  # not rated yet
    assert reverse("shop_product_add", args=["monthly"]) in answer.content.decode()

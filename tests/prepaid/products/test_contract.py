"""The twelve items, and the words a contract keeps."""

from dataclasses import replace
from datetime import date

import pytest
from django.utils import translation

from escrow.states import Plan
from prepaid.products import compliance, standard_clauses
from prepaid.products.contract import acknowledgements, twelve_items
from prepaid.products.refund_rules import previews
from prepaid.products.terms import CLAUSES, Issuer, Premises, Terms, sha256_of
from tests.prepaid.products.test_caps import Rule

TERMS = Terms(
    name="储值卡",
    kind=Plan.STORED_VALUE,
    price_fen=100_000,
    bonus_fen=20_000,
    sessions=None,
    days=365,
    list_price_fen=None,
    visit_price_fen=8_000,
    lowest_item_fen=3_000,
    service="按价目表使用全部项目。",
    **standard_clauses.for_card(Plan.STORED_VALUE, has_gift=True),
    issuer=Issuer(name="京城健身", uscc="91110105MA0000001X", contact_phone="+861", custody_no="6200000000000001"),
    stores=(Premises(store_id=7, name="望京店", address="望京街道1号", lease_ends_on=date(2029, 1, 1)),),
)


def check(terms: Terms) -> list[compliance.Finding]:
    return compliance.check(terms, Rule(), visit_percent=20, on=date(2026, 3, 2))


def test_the_law_asks_for_twelve_items() -> None:
    items = twelve_items(TERMS)
    assert [item.number for item in items] == list(range(1, 13))
    assert all(item.complete and item.lines and item.title for item in items)


@pytest.mark.parametrize(
    ("said", "item"),
    [
        ("91110105MA0000001X", 1),
        ("6200000000000001", 2),
        ("1,000.00", 2),
        ("望京街道1号", 3),
        ("2029-01-01", 4),
        ("200.00", 6),
    ],
)
def test_an_item_says_what_it_must(said: str, item: int) -> None:
    assert said in " ".join(twelve_items(TERMS)[item - 1].lines)


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_left_blank_makes_its_item_incomplete(clause: str) -> None:
    blank = replace(TERMS, **{clause: "  "})
    assert sum(not item.complete for item in twelve_items(blank)) == 1
    assert len(compliance.blocking(check(blank))) == 1


def test_a_standard_clause_is_read_in_the_readers_language_and_own_words_stay() -> None:
    with translation.override("zh-hans"):
        chinese = str(standard_clauses.NO_GIFT)
    with translation.override("en"):
        assert standard_clauses.in_readers_language(chinese) == "No gifts come with this card."
        assert standard_clauses.in_readers_language("本店自有条款") == "本店自有条款"
        assert standard_clauses.is_standard(chinese)
        assert not standard_clauses.is_standard("本店自有条款")


def test_the_fingerprint_follows_every_word_and_no_order() -> None:
    data = TERMS.to_json()
    assert sha256_of(data) == sha256_of(dict(reversed(list(data.items()))))
    assert Terms.from_json(data) == TERMS
    for change in ({"price_fen": 100_001}, {"refund_terms": "x"}, {"stores": ()}):
        assert sha256_of(replace(TERMS, **change).to_json()) != sha256_of(data)


def test_the_sum_the_term_what_a_scan_takes_and_the_risk_are_acknowledged() -> None:
    said = acknowledgements(TERMS)
    assert len(said) == 4
    assert "1,000.00" in said[0]
    assert "80.00" in said[2]
    assert said[2] in twelve_items(TERMS)[2].lines
    assert len(acknowledgements(replace(TERMS, kind=Plan.SESSIONS, sessions=10))) == 3


@pytest.mark.parametrize(("visit_fen", "codes"), [(24_000, []), (24_001, ["visit_price"]), (120_000, ["visit_price"])])
def test_a_visit_is_a_small_part_of_what_the_card_holds(visit_fen: int, codes: list[str]) -> None:
    """One scan must not empty it: 1,000 yuan and 200 of gift money, a fifth of them at most."""
    found = compliance.blocking(check(replace(TERMS, visit_price_fen=visit_fen)))
    assert [(finding.code, finding.field) for finding in found] == [(code, "visit_price_fen") for code in codes]


@pytest.mark.parametrize(("days", "codes"), [(365, []), (None, ["lease"]), (1037, ["lease"])])
def test_a_card_ends_before_a_lease_does(days: int | None, codes: list[str]) -> None:
    """The lease ends on 2029-01-01, 1,037 days are one too many, and no end is the longest of all."""
    found = compliance.blocking(check(replace(TERMS, days=days)))
    assert [finding.code for finding in found] == codes
    own = replace(TERMS, days=days, stores=(replace(TERMS.stores[0], lease_ends_on=None),))
    assert not compliance.blocking(check(own))


DISCOUNT = replace(
    TERMS,
    kind=Plan.DISCOUNT,
    price_fen=50_000,
    bonus_fen=0,
    list_price_fen=6_800,
    visit_price_fen=5_440,
    lowest_item_fen=None,
    discount_bp=8_000,
    **standard_clauses.for_card(Plan.DISCOUNT, has_gift=False),
)
COURSE = replace(
    TERMS,
    kind=Plan.COURSE,
    price_fen=300_000,
    bonus_fen=0,
    sessions=20,
    list_price_fen=20_000,
    visit_price_fen=15_000,
    lowest_item_fen=None,
    **standard_clauses.for_card(Plan.COURSE, has_gift=False),
)


@pytest.mark.parametrize(("terms", "said"), [(DISCOUNT, ("80%", "68.00", "54.40")), (COURSE, ("20", "200.00"))])
def test_a_discount_card_and_a_course_say_what_the_price_buys(terms: Terms, said: tuple[str, ...]) -> None:
    items = twelve_items(terms)
    assert all(item.complete for item in items)
    assert all(figure in items[2].lines[0] for figure in said)
    assert compliance.blocking(check(terms)) == []
    assert Terms.from_json(terms.to_json()) == terms


def test_previews_of_a_discount_card_count_list_prices_for_the_holders_cause_and_of_a_course_lessons() -> None:
    rows = previews(DISCOUNT)
    assert [row.operator_fen for row in rows] == [50_000, 37_500, 25_000, 12_500]
    assert [row.consumer_fen for row in rows] == [50_000, 34_375, 18_750, 3_125]
    rows = previews(COURSE)
    assert [(row.operator_fen, row.consumer_fen) for row in rows[:2]] == [(300_000, 300_000), (225_000, 200_000)]


def test_previews_begin_with_everything_and_never_rise() -> None:
    rows = previews(TERMS)
    assert (rows[0].operator_fen, rows[0].consumer_fen) == (100_000, 100_000)
    assert [row.operator_fen for row in rows] == [100_000, 75_000, 50_000, 25_000]
    assert [row.consumer_fen for row in rows] == [100_000, 70_000, 40_000, 10_000]

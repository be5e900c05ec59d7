"""The public refund calculator: the engine's sums, in the reader's words, whatever is typed."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escrow.money import yuan
from prepaid.products.refund_rules import CardKind, RefundFacts, quote

pytestmark = pytest.mark.django_db
QUERIES_A_PAGE = 3
#: 2,000 yuan for ten visits, three used at a list price of 300.
SESSIONS = {"kind": "sessions", "paid": "2000", "sessions": "10", "used": "3", "list_price": "300"}
STORED = {"kind": "stored_value", "paid": "1000", "gift": "200", "used": "600"}


def ask(client: Client, language: str = "en", **typed: str) -> tuple[int, str]:
    """The page's status and text."""
    answer = client.get(reverse("refund_calculator"), typed, headers={"accept-language": language})
    return answer.status_code, re.sub(r"\s+", " ", unescape(answer.content.decode()))


def sums(text: str) -> list[str]:
    """The large figures: the answer, then the three sides."""
    return re.findall(r'money(?:-large)?">(¥[\d,.]+)<', text)


def test_first_the_kind_is_chosen(client: Client) -> None:
    status, text = ask(client)
    assert status == 200
    assert [f"?kind={kind}" in text for kind in CardKind] == [True] * 4
    assert 'name="paid"' not in text


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({**SESSIONS, "cause": "operator"}, ["¥1,400.00", "¥1,400.00", "¥1,100.00", "¥1,400.00"]),
        ({**SESSIONS, "cause": "consumer"}, ["¥1,100.00", "¥1,400.00", "¥1,100.00", "¥1,400.00"]),
        ({**SESSIONS, "used": "8", "cause": "neither"}, ["¥400.00", "¥400.00", "¥0.00", "¥400.00"]),
        ({**STORED, "cause": "consumer"}, ["¥400.00", "¥500.00", "¥400.00", "¥500.00"]),
        ({**STORED, "used": "1100", "cause": "operator"}, ["¥83.34", "¥83.34", "¥0.00", "¥83.34"]),
        (
            {"kind": "discount", "paid": "500", "used": "80", "used_list": "100", "cause": "consumer"},
            ["¥400.00", "¥420.00", "¥400.00", "¥420.00"],
        ),
        (
            {"kind": "period", "paid": "3650", "days": "365", "used": "130", "stopped_after": "100", "cause": "operator"},
            ["¥2,650.00", "¥2,650.00", "¥2,650.00", "¥2,650.00"],
        ),
    ],
)  # fmt: skip
def test_the_sums_of_the_rules(client: Client, typed: dict[str, str], expected: list[str]) -> None:
    """Those that were reckoned by hand, for what was asked and side by side."""
    status, text = ask(client, **typed)
    assert (status, sums(text)) == (200, expected)


def test_the_answer_has_its_steps_formula_and_article(client: Client) -> None:
    _status, text = ask(client, **SESSIONS, cause="consumer")
    assert "max(0, 2,000.00 − 3 × 300.00) = 1,100.00" in text
    assert "Fa Shi [2025] No. 4, art. 19 and 20" in text
    assert reverse("complaints") in text
    assert 'href="tel:12345"' in text


def test_it_speaks_chinese(client: Client) -> None:
    _status, text = ask(client, "zh-hans", **SESSIONS, cause="consumer")
    assert "法释〔2025〕4号" in text


def test_the_cooling_off_period_counts_the_days(client: Client) -> None:
    """Bought on the 1st: through the 8th the sum is the price less what was used, afterwards it is not."""
    dated = {**SESSIONS, "cause": "consumer", "bought_on": "2026-03-01"}
    _status, inside = ask(client, **dated, requested_on="2026-03-08")
    assert sums(inside)[0] == "¥1,400.00"
    assert "which runs through 2026-03-08" in inside
    _status, outside = ask(client, **dated, requested_on="2026-03-09")
    assert sums(outside)[0] == "¥1,100.00"
    assert "ran through 2026-03-08" in outside


def test_a_known_service_and_an_unused_card(client: Client) -> None:
    dated = {
        **SESSIONS,
        "cause": "consumer",
        "bought_on": "2026-03-01",
        "requested_on": "2026-03-02",
        "knew_service": "on",
    }
    assert sums(ask(client, **dated)[1])[0] == "¥1,100.00"
    assert sums(ask(client, **{**dated, "used": "0"})[1])[0] == "¥2,000.00"


def test_a_better_contract_counts(client: Client) -> None:
    assert sums(ask(client, **SESSIONS, cause="consumer", contract="1300")[1])[0] == "¥1,300.00"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"paid": ""}, "paid"),
        ({"paid": "zwei"}, "paid"),
        ({"paid": "-5"}, "paid"),
        ({"paid": "1.234"}, "paid"),
        ({"paid": "9" * 20}, "paid"),
        ({"paid": "😀"}, "paid"),
        ({"sessions": "0"}, "sessions"),
        ({"sessions": "1e3"}, "sessions"),
        ({"sessions": "9" * 5000}, "sessions"),
        ({"used": "11"}, "used"),
        ({"used": "-1"}, "used"),
        ({"used": "<script>alert(1)</script>"}, "used"),
        ({"list_price": "viel"}, "list_price"),
        ({"bought_on": "2026-02-30"}, "bought_on"),
        ({"bought_on": "2026-03-02", "requested_on": "2026-03-01"}, "requested_on"),
        ({"cause": "bad luck"}, "cause"),
        ({"cause": ""}, "cause"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_mistake_is_told_beside_its_field(client: Client, language: str, changes: dict[str, str], field: str) -> None:
    status, text = ask(client, language, **{**SESSIONS, "cause": "consumer", **changes})
    assert status == 400
    assert f'id="id_{field}_error"' in text
    assert re.findall(r'id="id_(\w+)_error"', text) == [field]
    assert "error-summary" in text
    assert not sums(text)
    (said,) = re.findall(rf'id="id_{field}_error">(.*?)</ul>', text)
    assert bool(re.search("[\u4e00-\u9fff]", said)) == (language == "zh-hans"), said


def test_what_was_typed_comes_back_as_text(client: Client) -> None:
    answer = client.get(reverse("refund_calculator"), {**SESSIONS, "used": "<script>alert(1)</script>"})
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("kind", ["casino", "SESSIONS", "😀", "' OR 1=1"])
def test_an_unknown_kind_is_asked_again(client: Client, kind: str) -> None:
    status, text = ask(client, kind=kind)
    assert status == 400
    assert "There is no such kind of card" in text
    assert "?kind=sessions" in text


def test_full_width_figures_and_signs_are_read(client: Client) -> None:
    """As a Chinese keyboard types them."""
    assert sums(ask(client, **{**SESSIONS, "paid": "￥２，０００．００", "cause": "operator"})[1]) in (
        [],
        ["¥1,400.00"] * 4,
    )
    assert (
        sums(ask(client, **{**SESSIONS, "paid": "¥2,000.00", "list_price": "￥０", "cause": "consumer"})[1])[0]
        == "¥1,400.00"
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paid=st.integers(1, 10**9),
    total=st.integers(1, 2_000),
    used=st.integers(0, 2_000),
    listed=st.integers(0, 10**7),
    cause=st.sampled_from(["operator", "consumer", "neither"]),
)
def test_it_says_what_the_engine_says(
    client: Client, paid: int, total: int, used: int, listed: int, cause: str
) -> None:
    typed = {"paid": yuan(paid), "sessions": str(total), "used": str(used), "list_price": yuan(listed), "cause": cause}
    status, text = ask(client, kind="sessions", **typed)
    if used > total:
        assert status == 400
        return
    facts = RefundFacts(
        kind="sessions", paid_fen=paid, sessions=total, used_sessions=used, list_price_fen=listed, cause=cause
    )
    assert sums(text)[0] == f"¥{yuan(quote(facts).refund_fen)}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([str(kind) for kind in CardKind]),
    typed=st.dictionaries(
        st.sampled_from(["paid", "gift", "sessions", "used", "list_price", "used_list", "days", "bought_on", "contract", "cause"]),
        st.text(max_size=12) | st.sampled_from(["1", "0", "-0", "1e400", "2026-03-01", "0001-01-01", "9999-12-31", "consumer"]),
    ),
)  # fmt: skip
def test_nothing_that_is_typed_breaks_it(client: Client, kind: str, typed: dict[str, str]) -> None:
    status, _text = ask(client, **{"cause": "consumer", "paid": "10", **typed, "kind": kind})
    assert status in (200, 400)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_beyond_every_card_is_a_mistake(client: Client, day: str) -> None:
    status, text = ask(client, **SESSIONS, cause="consumer", bought_on=day, requested_on=day)
    assert status == 400
    assert 'id="id_bought_on_error"' in text


def test_it_reads_next_to_nothing(client: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(QUERIES_A_PAGE):
        ask(client, **SESSIONS, cause="operator")


def test_it_is_read_only(client: Client) -> None:
    assert client.post(reverse("refund_calculator"), SESSIONS).status_code == 405

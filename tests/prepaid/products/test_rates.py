"""The dated interest rates: loaded from the file, added one after another."""

from datetime import date

import pytest
from django.urls import reverse

from escrow.models import AuditEntry
from prepaid.products.errors import RateNotLater
from prepaid.products.models import InterestRate
from prepaid.products.queries import interest_rates
from prepaid.products.reference import add_rate, load_rates
from prepaid.products.refund_rules import RateKind, rate_on
from prepaid.products.refund_rules.interest import published_rates
from tests.prepaid.merchants.factories import ACTOR, AT
from tests.prepaid.people.factories import make_official, make_operator

pytestmark = pytest.mark.django_db
PAGE = "admin:products_interestrate_add"


def new_rate(valid_from: date = date(2026, 1, 20)) -> InterestRate:
    return InterestRate(kind="lpr_1y", valid_from=valid_from, rate_bp=295, source="announced", mark="T")


def typed(**changes: object) -> dict:
    return {
        "kind": "lpr_1y",
        "valid_from": "2026-01-20",
        "rate_bp": "2.95",
        "source": "announced",
        "mark": "T",
        **changes,
    }


def test_the_table_says_what_the_file_says_and_keeps_later_rows() -> None:
    load_rates(at=AT, actor=ACTOR)
    assert sorted(interest_rates(), key=str) == sorted(published_rates(), key=str)
    add_rate(rate=new_rate(), at=AT, actor=ACTOR)
    before = list(InterestRate.objects.order_by("pk").values())
    assert load_rates(at=AT, actor=ACTOR) == 0
    assert list(InterestRate.objects.order_by("pk").values()) == before
    found = rate_on(interest_rates(), RateKind.LPR_1Y, date(2026, 1, 20))
    assert found is not None
    assert found.rate_bp == 295
    assert AuditEntry.objects.get(action="products.add_rate").after["rate_bp"] == 295


@pytest.mark.parametrize("day", [date(2025, 5, 20), date(2025, 5, 19), date(2020, 1, 1)])
def test_what_contracts_were_made_under_stays(day: date) -> None:
    load_rates(at=AT, actor=ACTOR)
    before = InterestRate.objects.count()
    with pytest.raises(RateNotLater):
        add_rate(rate=new_rate(day), at=AT, actor=ACTOR)
    assert InterestRate.objects.count() == before


def test_an_operator_enters_the_percent_as_it_was_published(client) -> None:
    load_rates(at=AT, actor=ACTOR)
    client.force_login(make_operator())
    page = reverse(PAGE)
    assert client.get(page).status_code == 200
    for wrong in (
        {"rate_bp": "-1"},
        {"rate_bp": "2.955"},
        {"rate_bp": "x"},
        {"rate_bp": ""},
        {"kind": "other"},
        {"valid_from": "2025-05-20"},
    ):
        assert client.post(page, typed(**wrong)).status_code == 400, wrong
    assert client.post(page, typed()).status_code == 302
    assert InterestRate.objects.get(valid_from=date(2026, 1, 20)).rate_bp == 295
    assert "2.95%" in client.get(reverse("admin:products_interestrate_changelist")).content.decode()


def test_an_official_adds_none(client) -> None:
    client.force_login(make_official())
    assert client.post(reverse(PAGE), typed()).status_code == 403
    assert not InterestRate.objects.exists()

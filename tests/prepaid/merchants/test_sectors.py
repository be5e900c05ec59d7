"""Sectors and their dated numbers."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from escrow.clock import today
from escrow.models import AuditEntry, EarlyReleaseRule
from prepaid.merchants import errors
from prepaid.merchants.models import CustodyRule, Sector, SectorRule
from prepaid.merchants.queries import sector_rule
from prepaid.merchants.reference import IN_FORCE, add_sector_rule, load_sectors
from prepaid.people.errors import BadReferenceData
from prepaid.people.models import Department
from tests.prepaid.merchants.factories import ACTOR, AT, make_city
from tests.prepaid.people.factories import make_official, make_operator

pytestmark = pytest.mark.django_db


def new_rule(**changes: object) -> SectorRule:
    return SectorRule(
        **{
            "sector_id": "arts",
            "valid_from": date(2026, 7, 1),
            "custody_percent": 100,
            "max_price_fen": 300_000,
            "cooling_off_days": 7,
            "closing_notice_days": 30,
            "basis": "2026 办法",
            "mark": "E",
            **changes,
        }
    )


def test_the_file_becomes_seventeen_sectors_with_source_and_mark() -> None:
    make_city()
    assert Sector.objects.count() == SectorRule.objects.count() == 17
    arts = sector_rule("arts", date(2026, 3, 2))
    assert (arts.max_price_fen, arts.max_months, arts.max_sessions) == (500_000, 3, 60)
    assert arts.either_cap_binds
    assert (arts.auto_confirm_working_days, arts.refund_silence_agrees_working_days) == (15, 5)
    assert (arts.sector.lead_department_id, arts.sector.enforcer_id) == ("culture_tourism", "culture_enforcement")
    assert not SectorRule.objects.filter(basis="").exists()
    assert sector_rule("retail", date(2026, 3, 2)).filing_balance_fen == 50_000_000
    vocational = sector_rule("vocational", date(2026, 3, 2))
    assert (vocational.filing_balance_fen, vocational.payable_working_days, arts.payable_working_days) == (0, 2, 1)
    assert sector_rule("fitness", date(2026, 3, 2)).filing_balance_fen is None


def test_loading_again_changes_nothing_and_keeps_later_rows() -> None:
    make_city()
    add_sector_rule(rule=new_rule(), at=AT, actor=ACTOR)
    before, told = list(SectorRule.objects.order_by("pk").values()), AuditEntry.objects.count()
    assert load_sectors(at=AT, actor=ACTOR) == 0
    assert AuditEntry.objects.count() == told
    assert list(SectorRule.objects.order_by("pk").values()) == before


def test_a_rule_holds_from_its_day() -> None:
    make_city()
    add_sector_rule(rule=new_rule(), at=AT, actor=ACTOR)
    assert sector_rule("arts", date(2026, 6, 30)).max_price_fen == 500_000
    assert sector_rule("arts", date(2026, 7, 1)).max_price_fen == 300_000
    with pytest.raises(errors.UnknownSector):
        sector_rule("arts", IN_FORCE - timedelta(days=1))
    assert AuditEntry.objects.get(action="merchants.add_sector_rule").after["max_price_fen"] == 300_000


@pytest.mark.parametrize(
    ("valid_from", "error"),
    [
        (date(2026, 3, 2), errors.RuleNotFuture),
        (IN_FORCE, errors.RuleNotFuture),
        (date(2026, 7, 1), errors.RuleDayTaken),
    ],
)
def test_the_past_is_not_rewritten(valid_from: date, error: type) -> None:
    make_city()
    add_sector_rule(rule=new_rule(), at=AT, actor=ACTOR)
    with pytest.raises(error):
        add_sector_rule(rule=new_rule(valid_from=valid_from), at=AT, actor=ACTOR)
    assert SectorRule.objects.count() == 18


def test_a_department_that_is_missing_is_named() -> None:
    with pytest.raises(BadReferenceData, match="卫健"):
        load_sectors(at=AT, actor=ACTOR)
    assert not Sector.objects.exists()
    make_city()
    Department.objects.filter(code="health").update(name_zh="别的")
    with pytest.raises(BadReferenceData, match="卫健"):
        load_sectors(at=AT, actor=ACTOR)


def typed(**changes: object) -> dict:
    return {
        "sector": "arts",
        "valid_from": (today() + timedelta(days=30)).isoformat(),
        "custody_percent": 100,
        "max_price_fen": 300_000,
        "cooling_off_days": 7,
        "closing_notice_days": 30,
        "payable_working_days": 1,
        "basis": "new",
        "mark": "E",
        **changes,
    }


def test_an_operator_adds_later_numbers_in_the_administration(client) -> None:
    make_city()
    client.force_login(make_operator())
    page = reverse("admin:merchants_sectorrule_add")
    assert client.get(page).status_code == 200
    assert client.post(page, typed(valid_from=today().isoformat())).status_code == 400
    assert client.post(page, typed(custody_percent=101)).status_code == 400
    assert client.post(page, typed(payable_working_days=0)).status_code == 400
    assert SectorRule.objects.count() == 17
    assert client.post(page, typed()).status_code == 302
    assert SectorRule.objects.count() == 18
    assert client.get(reverse("admin:merchants_sectorrule_changelist")).status_code == 200


def test_an_official_reads_no_and_adds_no_numbers(client) -> None:
    make_city()
    client.force_login(make_official())
    assert client.post(reverse("admin:merchants_sectorrule_add"), typed()).status_code == 403
    assert client.get(reverse("admin:merchants_sectorrule_changelist")).status_code == 403
    assert SectorRule.objects.count() == 17


def later(days: int = 30) -> str:
    return (today() + timedelta(days=days)).isoformat()


RULES = {
    "merchants_custodyrule": {"sector": "arts", "rating": "D", "percent": 50, "basis": "新办法", "mark": "E"},
    "escrow_earlyreleaserule": {
        "cooling_off_days": 7, "proven_days": 60, "window_days": 30, "cap_days": 3, "basis": "新办法", "mark": "A",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("merchants_custodyrule", {"percent": 9}), ("escrow_earlyreleaserule", {"window_days": 0})],
)
def test_later_rows_alone_are_added_and_each_is_in_the_audit(client, name: str, wrong: dict) -> None:
    make_city()
    model = {"merchants_custodyrule": CustodyRule, "escrow_earlyreleaserule": EarlyReleaseRule}[name]
    page, typed = reverse(f"admin:{name}_add"), RULES[name] | {"valid_from": later()}
    client.force_login(make_official())
    assert client.post(page, typed).status_code == 403
    client.force_login(make_operator())
    before = model.objects.count()
    assert client.post(page, typed | {"valid_from": later(0)}).status_code == 400
    assert client.post(page, typed | wrong).status_code == 400
    assert model.objects.count() == before
    assert client.post(page, typed).status_code == 302
    assert client.post(page, typed).status_code in {400, 409}  # two on one day would overlap
    assert client.post(page, typed | {"valid_from": later(10)}).status_code == 302  # before one that is planned
    assert model.objects.count() == before + 2
    actions = AuditEntry.objects.filter(action__in=["merchants.add_custody_rule", "merchants.add_early_release_rule"])
    assert [entry.after["valid_from"] for entry in actions.order_by("id")] == [later(), later(10)]
    assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    row = model.objects.get(valid_from=later())
    assert later(10) in client.get(reverse(f"admin:{name}_history", args=[row.pk])).content.decode()

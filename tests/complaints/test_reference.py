"""All dated reference data, by one command."""

import csv
from datetime import date

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from complaints.cases.models import TimeLimit
from complaints.cases.reference import load_reference
from escrow.models import AccrualRule, ApprovalRule, AuditEntry, ReserveRule, WorkingDay
from prepaid.merchants.models import CustodyRule, Sector, SectorRule
from prepaid.people import reference
from prepaid.people.models import Department, Division
from prepaid.products.models import InterestRate
from tests.escrow.factories import ACTOR, AT

pytestmark = pytest.mark.django_db
LOADED = (Division, Department, Sector, SectorRule, CustodyRule, InterestRate, TimeLimit, WorkingDay)


def rows() -> dict[str, list]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in LOADED}


def test_an_empty_database_gets_all_that_it_stands_on(capsys):
    call_command("load_reference")
    assert "divisions: 7900, sectors: 34, rates: 11, time limits: 20" in capsys.readouterr().out
    assert all(rows().values())
    # The rest comes with the migrations.
    assert all(model.objects.exists() for model in (AccrualRule, ReserveRule, ApprovalRule))


def test_a_second_run_writes_nothing_and_leaves_what_people_have_added():
    load_reference(at=AT, actor=ACTOR)
    later = {"valid_from": date(2027, 1, 1), "source": "2027", "mark": "T"}
    TimeLimit.objects.create(code=TimeLimit.objects.values_list("code", flat=True)[0], working_days=5, **later)
    InterestRate.objects.create(kind="lpr_1y", rate_bp=280, **later)
    holiday = WorkingDay.objects.get(day=date(2028, 10, 2))
    holiday.is_working, holiday.confirmed = True, True
    holiday.save()
    before, audited = rows(), AuditEntry.objects.count()
    assert set(load_reference(at=AT, actor=ACTOR).values()) == {0}
    assert rows() == before
    assert AuditEntry.objects.count() == audited


def test_a_corrected_file_corrects_its_row():
    load_reference(at=AT, actor=ACTOR)
    InterestRate.objects.filter(kind="lpr_1y").update(source="mistyped")
    assert load_reference(at=AT, actor=ACTOR)["rates"] == InterestRate.objects.filter(kind="lpr_1y").count()
    assert not InterestRate.objects.filter(source="mistyped").exists()


def test_a_file_that_does_not_fit_changes_nothing(tmp_path, monkeypatch):
    for name in ("departments.csv", "districts_en.csv"):
        (tmp_path / name).write_text((reference.DATA / name).read_text(encoding="utf-8"), encoding="utf-8")
    with (tmp_path / "beijing_divisions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("level", "code", "name", "parent_code"), ("subdistrict", "110106001", "孤儿", "110106")]
        )
    monkeypatch.setattr(reference, "DATA", tmp_path)
    before = rows()
    with pytest.raises(CommandError, match="110106001"):
        call_command("load_reference")
    assert rows() == before

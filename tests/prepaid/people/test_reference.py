"""Beijing's divisions and the departments, from the files."""

import csv
from datetime import date

import pytest
from django.utils.translation import override

from escrow.models import AuditEntry
from prepaid.people import queries, reference
from prepaid.people.errors import BadReferenceData, UnknownDivision
from prepaid.people.models import Department, Division, DivisionLevel
from tests.prepaid.people.factories import AT

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def test_all_of_beijing_is_loaded_once(django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(25):
        reference.load_places(at=AT, actor="system:test")
    counts = {level: queries.divisions(level=level, on=TODAY).count() for level in DivisionLevel}
    assert counts == {DivisionLevel.DISTRICT: 16, DivisionLevel.SUBDISTRICT: 349, DivisionLevel.COMMUNITY: 7535}
    assert Department.objects.count() == 12
    before = list(Division.objects.values())
    with django_assert_max_num_queries(4):
        assert reference.load_places(at=AT, actor="system:test") == {"departments": 0, "divisions": 0}
    assert list(Division.objects.values()) == before
    assert AuditEntry.objects.filter(action="people.load_places").count() == 1

    street = queries.division(code="110105001", on=TODAY)
    assert street.parent is not None
    assert street.parent.code == "110105"
    with override("en"):
        assert (street.parent.name, street.name) == ("Chaoyang", street.name_zh)
    with override("zh-hans"):
        assert street.parent.name == "朝阳区"
    for row in Division.objects.exclude(level=DivisionLevel.DISTRICT).values("code", "parent_id"):
        assert row["code"].startswith(row["parent_id"])


def test_a_division_ends_instead_of_vanishing_and_changes_are_taken_over(tmp_path, monkeypatch) -> None:
    for name in ("departments.csv", "districts_en.csv"):
        (tmp_path / name).write_text((reference.DATA / name).read_text(encoding="utf-8"), encoding="utf-8")

    def load(*rows: tuple[str, str, str, str]) -> dict[str, int]:
        with (tmp_path / "beijing_divisions.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("level", "code", "name", "parent_code"), *rows])
        return reference.load_places(at=AT, actor="system:test")

    monkeypatch.setattr(reference, "DATA", tmp_path)
    district = ("district", "110105", "朝阳区", "110000")
    assert load(district, ("subdistrict", "110105001", "旧街道", "110105"))["divisions"] == 2
    assert load(district, ("subdistrict", "110105002", "新街道", "110105"))["divisions"] == 2
    assert Division.objects.get(code="110105001").valid_until == date(2026, 3, 1)
    with pytest.raises(UnknownDivision):
        queries.division(code="110105001", on=TODAY)
    assert queries.division(code="110105001", on=date(2026, 3, 1)).name_zh == "旧街道"
    assert load(district, ("subdistrict", "110105002", "更名街道", "110105"))["divisions"] == 1
    assert queries.division(code="110105002", on=TODAY).name_zh == "更名街道"
    for lost in (("subdistrict", "110106001", "孤儿", "110106"), ("subdistrict", "110106001", "错位", "110105")):
        with pytest.raises(BadReferenceData):
            load(district, lost)
    assert not Division.objects.filter(code="110106001").exists()


@pytest.mark.parametrize(
    ("language", "in_district", "in_city"),
    [
        ("zh-hans", "朝阳区市场监督管理局", "北京市市场监督管理局"),
        ("en", "Chaoyang Market Regulation authority", "Beijing Market Regulation authority"),
    ],
)
def test_a_department_is_called_by_its_name_in_a_district_and_in_the_city(
    language: str, in_district: str, in_city: str
) -> None:
    reference.load_places(at=AT, actor="system:test")
    department, chaoyang = Department.objects.get(code="market_regulation"), Division.objects.get(code="110105")
    with override(language):
        assert department.of(chaoyang) == in_district
        assert department.of(None) == in_city

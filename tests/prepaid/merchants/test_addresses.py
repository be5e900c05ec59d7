"""Real addresses find their subdistrict; doubtful ones are asked about. Over all divisions of Beijing."""

import csv
from functools import cache

import pytest

from prepaid.merchants.addresses import Place, Resolution, resolve
from prepaid.people.reference import DATA


@cache
def beijing() -> dict[str, list[Place]]:
    levels: dict[str, list[Place]] = {"district": [], "subdistrict": [], "community": []}
    with (DATA / "beijing_divisions.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            levels[row["level"]].append(Place(row["code"], row["name"], row["parent_code"]))
    return levels


def place(address: str) -> Resolution:
    levels = beijing()
    return resolve(
        address,
        districts=levels["district"],
        subdistricts=levels["subdistrict"],
        communities=levels["community"],
    )


def names(found: Resolution) -> tuple[str | None, list[str]]:
    by_code = {row.code: row.name for rows in beijing().values() for row in rows}
    return found.district and by_code[found.district], [by_code[code] for code in found.subdistricts]


@pytest.mark.parametrize(
    ("address", "district", "subdistrict"),
    [
        ("北京市朝阳区望京街道阜通东大街6号", "朝阳区", "望京街道"),
        ("朝阳区望京西路甲50号", "朝阳区", "望京街道"),
        ("北京 朝阳区 建外街道 光华路8号", "朝阳区", "建外街道"),
        ("北京市海淀区中关村南路3号", "海淀区", "中关村街道"),
        ("海淀区八里庄街道阜成路", "海淀区", "八里庄街道"),
        ("朝阳区八里庄街道十里堡", "朝阳区", "八里庄街道"),
        ("三里屯街道工体北路21号", "朝阳区", "三里屯街道"),
        ("北京市朝阳三里屯路19号", "朝阳区", "三里屯街道"),
        ("通州区于家务回族乡西垡村", "通州区", "于家务回族乡"),
        ("海淀区皂君庙路", "海淀区", "北下关街道"),
        ("北京市朝阳区望京街道，东城大厦3层", "朝阳区", "望京街道"),
    ],
)
def test_the_longest_name_decides(address: str, district: str, subdistrict: str) -> None:
    assert names(place(address)) == (district, [subdistrict])


def test_every_subdistrict_finds_itself_with_its_district() -> None:
    by_code = {row.code: row for row in beijing()["district"]}
    wrong = [
        street.name
        for street in beijing()["subdistrict"]
        if place(f"北京市{by_code[street.parent or ''].name}{street.name}1号").subdistrict != street.code
    ]
    assert wrong == []


def test_a_name_in_two_districts_is_asked_about() -> None:
    found = place("八里庄街道12号")
    assert found.district is None
    assert found.subdistrict is None
    assert len(found.subdistricts) == 2


@pytest.mark.parametrize(
    "address",
    ["", "1号", "天津市河西区友谊路20号", "河北省廊坊市三河市燕郊镇", "上海市浦东新区世纪大道100号", "Main Street 1"],
)
def test_what_is_not_in_beijing_is_not_guessed(address: str) -> None:
    assert place(address) == Resolution(None)


def test_a_district_alone_leaves_the_street_open() -> None:
    assert names(place("北京市朝阳区某大厦1层")) == ("朝阳区", [])

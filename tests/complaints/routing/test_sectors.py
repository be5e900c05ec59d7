"""The sector of a shop by the words of its name."""

import csv
from pathlib import Path

import pytest

from complaints.routing import sectors
from complaints.routing.sectors import sector_of
from prepaid.merchants import reference


@pytest.mark.parametrize(
    ("name", "text", "sector"),
    [
        ("力美健健身俱乐部", "", "fitness"),
        ("小鱼儿少儿游泳馆", "", "youth_sports"),  # the longer word first
        ("爱车汽车美容中心", "", "auto_repair"),
        ("丽人美容美发", "", "beauty"),
        ("某某（北京）科技有限公司", "报了钢琴课，老师走了", "arts"),
        ("星星ＫＴＶ", "", "entertainment"),
        ("健身餐厅", "", None),  # two sectors
        ("某某公司", "退钱", None),
        ("", "", None),
    ],
)
def test_by_the_name_then_by_the_text(name, text, sector):
    assert sector_of(name, text) == sector


def test_every_sector_named_is_one_of_the_table():
    with (Path(reference.__file__).parent / "data" / "sectors.csv").open(encoding="utf-8-sig", newline="") as file:
        known = {row["code"] for row in csv.DictReader(file)} - {"undetermined"}
    assert {sector for _word, sector in sectors._words()} == known

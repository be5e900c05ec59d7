"""The districts, subdistricts and communities of Beijing (data/beijing_divisions.csv)."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
#: The development zone in Yizhuang is a subdistrict of Daxing in the table, but handles its own complaints.
ZONE_CODE, ZONE = "110115403", "亦庄开发区"
_SUFFIX = re.compile(
    "(社区居民委员会|社区居委会|社区家委会|居民委员会|居委会|村民委员会|村委会|家委会|股份经济合作社生活区|社区|街道|地区|满族乡|回族乡|镇|乡|村)$"
)


@dataclass(frozen=True)
class Division:
    """A subdistrict or a community. ``stem`` is the name as people write it in an address."""

    code: str
    name: str
    stem: str
    district: str
    parent: str

    @property
    def is_subdistrict(self) -> bool:
        """Whether it is a subdistrict (街道、镇、乡)."""
        return len(self.code) == 9


@dataclass(frozen=True)
class Divisions:
    """The table. Districts by name, the zone among them."""

    codes: dict[str, str]
    parts: tuple[Division, ...]

    @property
    def districts(self) -> tuple[str, ...]:
        """The names of all districts; a district's position here is its number."""
        return tuple(self.codes)


@cache
def divisions() -> Divisions:
    """The table, read once."""
    with (DATA / "beijing_divisions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    districts = {row["code"]: row["name"] for row in rows if row["level"] == "district"}
    parts = tuple(
        Division(row["code"], row["name"], _stem(row["name"]), _district_of(row["code"], districts), row["parent_code"])
        for row in rows
        if row["level"] != "district"
    )
    return Divisions({name: code for code, name in districts.items()} | {ZONE: ZONE_CODE}, parts)


def _district_of(code: str, districts: dict[str, str]) -> str:
    return ZONE if code.startswith(ZONE_CODE) else districts[code[:6]]


def _stem(name: str) -> str:
    """``望京西园社区居委会`` is 望京西园; a name that is nothing but its kind, or a number, stays whole."""
    stem = _SUFFIX.sub("", name)
    if len(stem) > 3:
        stem = _SUFFIX.sub("", stem)
    return stem if len(stem) > 1 and not stem.isascii() else name

"""Known compounds (data/beijing_places.csv) and known names (data/beijing_names.csv)."""

import csv
from dataclasses import dataclass

from complaints.routing.divisions import DATA, ZONE

Point = tuple[float, float]  # longitude and latitude, GCJ-02


@dataclass(frozen=True)
class Place:
    """A residential compound."""

    name: str
    district: str
    address: str
    point: Point

    def texts(self) -> tuple[str, str]:
        """What somebody there might write, without the district's full name, and without its short one either.

        Where the district is named nothing has to be learned: the router reads it.
        """
        text = (self.address + self.name).replace(self.district, "")
        return text, text.replace(short(self.district), "")


@dataclass(frozen=True)
class Name:
    """A road, neighbourhood or landmark, and the districts it lies in."""

    text: str
    districts: tuple[str, ...]


def short(district: str) -> str:
    """``朝阳`` for 朝阳区."""
    return "亦庄" if district == ZONE else district[:-1]


def places() -> list[Place]:
    """Every compound of the table."""
    with (DATA / "beijing_places.csv").open(encoding="utf-8-sig", newline="") as file:
        return [
            Place(row["name"], row["district"], row["address"], (float(row["lng"]), float(row["lat"])))
            for row in csv.DictReader(file)
        ]


def names() -> list[Name]:
    """Every name of the table."""
    with (DATA / "beijing_names.csv").open(encoding="utf-8-sig", newline="") as file:
        return [Name(row["name"], tuple(row["districts"].split("、"))) for row in csv.DictReader(file)]

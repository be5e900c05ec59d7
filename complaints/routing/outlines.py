"""In which district's outline a point lies, and how near the next district is (data/beijing_districts.geojson, GCJ-02).

Even-odd ray casting. A grid of cells about a kilometre wide keeps it fast: a cell that no border crosses lies in one district
as a whole, and in the others only the borders nearby are measured.
"""

import json
from collections import defaultdict
from functools import cache
from math import cos, hypot, radians

from complaints.routing.divisions import DATA
from complaints.routing.places import Point

_CELL = 0.01  # degrees
_METRES_NORTH = 111_000.0
_METRES_EAST = _METRES_NORTH * cos(radians(40.0))

Cell = tuple[int, int]
Ring = list[Point]
Edge = tuple[Point, Point]


class Outlines:
    """The outlines of the districts."""

    def __init__(self, rings: dict[str, list[Ring]]):
        self._rings = rings
        self._boxes = {name: _box(parts) for name, parts in rings.items()}
        self._borders: dict[Cell, list[tuple[str, Edge]]] = defaultdict(list)
        for name, parts in rings.items():
            for ring in parts:
                for edge in zip(ring, [*ring[1:], ring[0]], strict=True):
                    for cell in _cells(edge):
                        self._borders[cell].append((name, edge))
        self._whole: dict[Cell, str | None] = {}

    def district(self, point: Point) -> str | None:
        """The district around a point, None outside all of them."""
        cell = _cell(point)
        if cell in self._borders:
            return self._inside(point)
        if cell not in self._whole:
            # Cells far away are not remembered: there are too many of them.
            found = self._inside(point)
            if found is None:
                return None
            self._whole[cell] = found
        return self._whole[cell]

    def near(self, point: Point) -> dict[str, float]:
        """The districts whose borders run within about a kilometre of a point, with the distance in metres."""
        found: dict[str, float] = {}
        x, y = _cell(point)
        for cell in ((x + across, y + up) for across in (-1, 0, 1) for up in (-1, 0, 1)):
            for name, edge in self._borders.get(cell, ()):
                found[name] = min(found.get(name, 1e9), _distance(point, edge))
        return found

    def _inside(self, point: Point) -> str | None:
        lng, lat = point
        for name, (west, south, east, north) in self._boxes.items():
            if west <= lng <= east and south <= lat <= north:
                crossings = sum(_crossings(point, ring) for ring in self._rings[name])
                if crossings % 2:
                    return name
        return None


@cache
def outlines() -> Outlines:
    """The outlines of the file, read once."""
    file = json.loads((DATA / "beijing_districts.geojson").read_text(encoding="utf-8"))
    rings: dict[str, list[Ring]] = {}
    for feature in file["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        rings[feature["properties"]["name"]] = [
            [(corner[0], corner[1]) for corner in ring] for polygon in polygons for ring in polygon
        ]
    return Outlines(rings)


def _crossings(point: Point, ring: Ring) -> int:
    lng, lat = point
    count = 0
    before_lng, before_lat = ring[-1]
    for after_lng, after_lat in ring:
        if (before_lat > lat) != (after_lat > lat) and lng < before_lng + (lat - before_lat) / (
            after_lat - before_lat
        ) * (after_lng - before_lng):
            count += 1
        before_lng, before_lat = after_lng, after_lat
    return count


def _box(rings: list[Ring]) -> tuple[float, float, float, float]:
    lngs, lats = zip(*(corner for ring in rings for corner in ring), strict=True)
    return min(lngs), min(lats), max(lngs), max(lats)


def _cell(point: Point) -> Cell:
    return int(point[0] // _CELL), int(point[1] // _CELL)


def _cells(edge: Edge) -> set[Cell]:
    """Every cell the edge can touch: the corners of its box and what lies between."""
    (west, south), (east, north) = map(_cell, edge)
    return {
        (x, y)
        for x in range(min(west, east), max(west, east) + 1)
        for y in range(min(south, north), max(south, north) + 1)
    }


def _distance(point: Point, edge: Edge) -> float:
    """Metres from a point to an edge."""
    (ax, ay), (bx, by) = (((lng - point[0]) * _METRES_EAST, (lat - point[1]) * _METRES_NORTH) for lng, lat in edge)
    dx, dy = bx - ax, by - ay
    length = dx * dx + dy * dy
    part = max(0.0, min(1.0, -(ax * dx + ay * dy) / length)) if length else 0.0
    return hypot(ax + part * dx, ay + part * dy)

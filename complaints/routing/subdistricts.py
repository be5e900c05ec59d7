"""Which subdistrict of a known district: only where a name says so, or the nearest known compounds agree. Else none."""

from collections import defaultdict
from collections.abc import Iterable
from math import hypot

from complaints.routing.divisions import Division, divisions
from complaints.routing.places import Place, Point
from complaints.routing.texts import comparable

#: A subdistrict's stem alone (回龙观) is a neighbourhood and may be larger; followed by one of these it is the subdistrict.
_KINDS = ("街道", "地区", "镇", "乡")
_SHORTEST_COMMUNITY = 3
#: So many known compounds at most so many degrees away must agree (about 400 m).
_NEIGHBOURS, _REACH = 3, 0.004


class Subdistricts:
    """Subdistricts by the names in a text, and by a point."""

    def __init__(self, places: Iterable[Place]):
        self._named: dict[tuple[str, str], Division] = {}
        communities: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._by_code = {part.code: part for part in divisions().parts if part.is_subdistrict}
        for part in divisions().parts:
            if part.is_subdistrict:
                for name in {part.name, *(part.stem + kind for kind in _KINDS)}:
                    self._named[part.district, name] = part
            elif len(part.stem) >= _SHORTEST_COMMUNITY:
                communities[part.district, part.stem].add(part.parent)
        self._communities = {
            key: self._by_code[min(parents)] for key, parents in communities.items() if len(parents) == 1
        }
        self._longest = max(len(name) for _, name in (*self._named, *self._communities))
        self._cells: dict[tuple[int, int], list[tuple[Point, str, Division]]] = defaultdict(list)
        for place in places:
            if found := self._by_name(comparable(place.address + place.name), place.district):
                self._cells[_cell(place.point)].append((place.point, place.district, found))

    def find(self, plain: str, district: str, point: Point | None = None) -> Division | None:
        """The subdistrict of a comparable text, or of a point, in the district."""
        return self._by_name(plain, district) or (self._by_point(point, district) if point else None)

    def _by_name(self, plain: str, district: str) -> Division | None:
        """The subdistrict that is named, else that of the longest community; none when two are equally long."""
        if found := self._longest_match(plain, district, self._named):
            return found
        return self._longest_match(plain, district, self._communities)

    def _longest_match(self, plain: str, district: str, table: dict[tuple[str, str], Division]) -> Division | None:
        for length in range(min(self._longest, len(plain)), 1, -1):
            parts = (plain[start : start + length] for start in range(len(plain) - length + 1))
            found = {table[district, part] for part in parts if (district, part) in table}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def _by_point(self, point: Point, district: str) -> Division | None:
        x, y = _cell(point)
        near = sorted(
            (hypot(point[0] - other[0], point[1] - other[1]), found.code)
            for cell in ((x + across, y + up) for across in (-1, 0, 1) for up in (-1, 0, 1))
            for other, their_district, found in self._cells.get(cell, ())
            if their_district == district
        )[:_NEIGHBOURS]
        agreed = {code for _, code in near}
        if len(near) == _NEIGHBOURS and len(agreed) == 1 and near[-1][0] <= _REACH:
            return self._by_code[agreed.pop()]
        return None


def _cell(point: Point) -> tuple[int, int]:
    return int(point[0] // _REACH), int(point[1] // _REACH)

"""Which subdistrict of a known district: only where a name says so, or the nearest known compounds agree. Else none."""

from collections import defaultdict
from collections.abc import Iterable
from math import hypot

from complaints.routing.divisions import Division, divisions
from complaints.routing.matching import Matcher
from complaints.routing.places import Place, Point
from complaints.routing.texts import comparable

#: A subdistrict's stem alone (回龙观) is a neighbourhood and may be larger; followed by one of these it is the subdistrict.
_KINDS = ("街道", "地区", "镇", "乡")
_SHORTEST_COMMUNITY = 3
#: A community may have the name of a road that runs on through others.
_ROADS = ("路", "街", "巷", "条", "胡同", "桥", "门")
#: So many known compounds at most so many degrees away must agree (about 400 m).
_NEIGHBOURS, _REACH = 3, 0.004


_Codes = dict[str, dict[str, set[str]]]


class Subdistricts:
    """Subdistricts by the names in a text, and by a point."""

    def __init__(self, places: Iterable[Place]):
        self._by_code = {part.code: part for part in divisions().parts if part.is_subdistrict}
        named: _Codes = defaultdict(lambda: defaultdict(set))
        communities: _Codes = defaultdict(lambda: defaultdict(set))
        for part in divisions().parts:
            if part.is_subdistrict:
                for name in (part.name, *(part.stem + kind for kind in _KINDS)):
                    named[part.district][name].add(part.code)
            elif len(part.stem) >= _SHORTEST_COMMUNITY and not part.stem.endswith(_ROADS):
                communities[part.district][part.stem].add(part.parent)
        self._tables = {name: (_Names(named[name]), _Names(communities[name])) for name in divisions().districts}
        self._cells: dict[tuple[int, int], list[tuple[Point, str, Division]]] = defaultdict(list)
        for place in places:
            if found := self._by_name(comparable(place.address + place.name), place.district):
                self._cells[_cell(place.point)].append((place.point, place.district, found))

    def find(self, plain: str, district: str, point: Point | None = None) -> Division | None:
        """The subdistrict of a comparable text, or of a point, in the district."""
        return self._by_name(plain, district) or (self._by_point(point, district) if point else None)

    def _by_name(self, plain: str, district: str) -> Division | None:
        """The subdistrict that is named, else that of the longest community; none when several are meant."""
        named, communities = self._tables[district]
        codes = named.codes_of_longest(plain) or communities.codes_of_longest(plain)
        return self._by_code[min(codes)] if len(codes) == 1 else None

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


class _Names:
    """Names of one district with the codes of the subdistricts they lie in."""

    def __init__(self, codes: dict[str, set[str]]):
        self._codes = codes
        self._matcher = Matcher(codes)

    def codes_of_longest(self, text: str) -> set[str]:
        """The subdistricts of the longest name in a text, of all names equally long."""
        found = list(self._matcher.all(text))
        length = max(map(len, found), default=0)
        return {code for name in found if len(name) == length for code in self._codes[name]}


def _cell(point: Point) -> tuple[int, int]:
    return int(point[0] // _REACH), int(point[1] // _REACH)

"""Known compounds, names and communities as tables; a text in, for every district a number per signal out.

The signals, in the order of ``SIGNALS``:

* fragment: every sequence of up to six characters that also stands in the texts of known compounds, weighed by how much more
  often it does so in the district than chance would have it;
* name2 … name5: the known names (ours, and communities) that stand in the text, the longest first, by their length (5: or more).
  Where a name lies is what the tables say, corrected by the compounds whose texts contain it;
* name: the one name of them that speaks most clearly; community, known: the longest community and the longest of our names;
* number: the nearest house numbers of known compounds on the same road, its own side counting more;
* share: how many compounds the district has at all.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp, log

from complaints.routing.divisions import Divisions, divisions
from complaints.routing.places import Name, Place, names
from complaints.routing.texts import comparable

SIGNALS = ("fragment", "name2", "name3", "name4", "name5", "name", "community", "known", "number", "share")
_FRAGMENT, _NAME, _CLEAREST, _COMMUNITY, _KNOWN, _NUMBER, _SHARE = 0, 1, 5, 6, 7, 8, 9
_LONGEST_FRAGMENT, _LONGEST_NAME = 6, 10

#: A table's word for where a name lies counts as much as so many compounds.
_KNOWN_COUNTS, _COMMUNITY_COUNTS = 2.0, 1.5
_ROAD = re.compile(
    "([\u4e00-\u9fff]{1,6}?(?:大街|胡同|南路|北路|东路|西路|中路|路|街|里|巷|条|园|村|庄|营))[甲乙丙丁]?([0-9]{1,5})号"
)

Counts = dict[int, float]
Row = list[float]


@dataclass(frozen=True)
class Match:
    """A known name found in a text."""

    text: str
    shares: Counts  # by district, with what it is counted by


class Gazetteer:
    """The tables, and what texts give by them. Districts are numbers: their positions in ``Divisions.districts``."""

    def __init__(self, places: Iterable[Place], known: Iterable[Name] | None = None, table: Divisions | None = None):
        table = table or divisions()
        self.districts = table.districts
        self._number = {name: number for number, name in enumerate(self.districts)}
        self.communities: dict[str, Counts] = defaultdict(dict)
        for part in table.parts:
            _count(self.communities[part.stem], self._number[part.district], 1)
        self.known: dict[str, Counts] = {}
        for name in names() if known is None else known:
            self.known[comparable(name.text)] = {self._number[d]: 1 / len(name.districts) for d in name.districts}
        self._names: dict[str, Counts] = defaultdict(dict)
        for counted, source in ((_KNOWN_COUNTS, self.known), (_COMMUNITY_COUNTS, self.communities)):
            for text, counts in source.items():
                for district, count in counts.items():
                    _count(self._names[text], district, counted * count / sum(counts.values()))
        # Most fragments stand in one text only: a number for a district that has it once, else a table.
        self._fragments: dict[str, int | Counts] = {}
        self._roads: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.places = list(places)
        for place in self.places:
            self._learn(place, 1)
        held = [sum(place.district == name for place in self.places) for name in self.districts]
        self._share = [(count + 10) / (len(self.places) + 10 * len(held)) for count in held]
        self._log_share = [log(share) for share in self._share]

    @contextmanager
    def without(self, places: Iterable[Place]) -> Iterator[None]:
        """As if the places were not known, so that a text of theirs can be read as a stranger's."""
        group = list(places)
        for place in group:
            self._learn(place, -1)
        yield
        for place in group:
            self._learn(place, 1)

    def _learn(self, place: Place, sign: int) -> None:
        district = self._number[place.district]
        texts = {comparable(text) for text in place.texts()}
        for fragment in {found for text in texts for found in _fragments(text)}:
            counts = self._fragments.get(fragment)
            if counts is None:
                self._fragments[fragment] = district
            elif isinstance(counts, int) and sign < 0:
                del self._fragments[fragment]
            else:
                if isinstance(counts, int):
                    counts = self._fragments[fragment] = {counts: 1}
                _count(counts, district, sign)
                if not counts:
                    del self._fragments[fragment]
        for name in {found for text in texts for found in self._all_names(text)}:
            _count(self._names[name], district, sign)
        for road, number in _numbers(comparable(place.texts()[0])):
            if sign > 0:
                self._roads[road].append((number, district))
            else:
                self._roads[road].remove((number, district))

    def _all_names(self, text: str) -> Iterator[str]:
        for start in range(len(text)):
            for end in range(start + 2, min(len(text), start + _LONGEST_NAME) + 1):
                if text[start:end] in self._names:
                    yield text[start:end]

    def matches(self, text: str, district: int) -> list[Match]:
        """The known names in a comparable text that lie in the district, perhaps among others."""
        return [Match(name, counts) for name, counts in _longest(text, self._names) if district in counts]

    def signals(self, text: str) -> list[Row]:
        """For every district what each signal gives a comparable text."""
        rows = [[0.0] * len(SIGNALS) for _ in self.districts]
        self._weigh_fragments(text, rows)
        for name, counts in _longest(text, self._names):
            total = sum(counts.values()) + 1
            column = _NAME + min(len(name), 5) - 2
            for district, count in counts.items():
                weight = log(1 + (count + self._share[district]) / total / 0.03)
                rows[district][column] += weight
                rows[district][_CLEAREST] = max(rows[district][_CLEAREST], weight)
        for column, table in ((_COMMUNITY, self.communities), (_KNOWN, self.known)):
            for name, counts in _longest(text, table):
                total = sum(counts.values())
                for district, count in counts.items():
                    rows[district][column] = max(rows[district][column], count / total * (len(name) - 1))
        for road, number in _numbers(text):
            self._weigh_numbers(road, number, rows)
        for row, weight in zip(rows, self._log_share, strict=True):
            row[_SHARE] = weight
        return rows

    def telling_fragment(self, text: str, district: int) -> str:
        """The fragment of a comparable text that most of all stands in the texts of the district's compounds."""
        best, found = 0.0, ""
        for fragment in dict.fromkeys(_fragments(text)):
            counts = self._fragments.get(fragment)
            if counts is None or len(fragment) == 1:
                continue
            count, total = (
                (counts == district, 1.0)
                if isinstance(counts, int)
                else (counts.get(district, 0), sum(counts.values()))
            )
            if (worth := len(fragment) * count / (total + 0.5)) > best:
                best, found = worth, fragment
        return found

    def _weigh_fragments(self, text: str, rows: list[Row]) -> None:
        for start in range(len(text)):
            for end in range(start + 1, min(start + _LONGEST_FRAGMENT, len(text)) + 1):
                counts = self._fragments.get(text[start:end])
                if counts is None:
                    break
                length = end - start
                if length == 1:
                    continue
                if isinstance(counts, int):
                    rows[counts][_FRAGMENT] += log(1 + 0.5 / self._share[counts]) / length
                    continue
                total = sum(counts.values())
                for district, count in counts.items():
                    excess = count * total / (total + 1) ** 2 / (0.5 * self._share[district])
                    rows[district][_FRAGMENT] += log(1 + excess) / length

    def _weigh_numbers(self, road: str, number: int, rows: list[Row]) -> None:
        near: Counts = {}
        for other, district in self._roads.get(road, ()):
            side = 1 if (other - number) % 2 == 0 else 0.6
            _count(near, district, side * exp(-3 * abs(log((number + 3) / (other + 3)))))
        total = sum(near.values()) + 0.3
        for district, count in near.items():
            rows[district][_NUMBER] += log(1 + count / total / 0.05)


def _count(counts: Counts, district: int, by: float) -> None:
    counts[district] = counts.get(district, 0) + by
    if counts[district] < 1e-9:
        del counts[district]


def _fragments(text: str) -> Iterator[str]:
    for start in range(len(text)):
        for end in range(start + 1, min(start + _LONGEST_FRAGMENT, len(text)) + 1):
            if text[end - 1] == "|":
                break
            yield text[start:end]


def _longest(text: str, table: dict[str, Counts]) -> Iterator[tuple[str, Counts]]:
    passed = 0
    for start in range(len(text) - 1):
        for end in range(min(len(text), start + _LONGEST_NAME), max(start + 1, passed), -1):
            counts = table.get(text[start:end])
            if counts:
                passed = end
                yield text[start:end], counts
                break


def _numbers(text: str) -> list[tuple[str, int]]:
    """Roads and house numbers; a road is known by its last four characters, before which anything may stand."""
    return [(road[-4:], int(number)) for road, number in _ROAD.findall(text)]

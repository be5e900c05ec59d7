"""Known compounds, names and communities as tables; a text in, for every district a number per signal out.

The signals, in the order of ``SIGNALS``:

* fragment: sequences of characters that also stand in the texts of known compounds;
* name2 … name5: the known names (ours, and communities) that stand in the text, by their length (5: or more). Where a name lies
  is what the tables say, corrected by the compounds whose texts contain it;
* name: the one of them that speaks most clearly; community, known: the longest community and the longest of our names;
* number: the nearest house numbers of known compounds on the same road;
* share: how many compounds the district has at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import log

from complaints.routing.divisions import divisions
from complaints.routing.fragments import Counts, Fragments, count
from complaints.routing.house_numbers import HouseNumbers
from complaints.routing.matching import Matcher
from complaints.routing.places import Place, names
from complaints.routing.texts import comparable

SIGNALS = ("fragment", "name2", "name3", "name4", "name5", "name", "community", "known", "number", "share")

#: A table's word for where a name lies counts as much as so many compounds.
_KNOWN_COUNTS, _COMMUNITY_COUNTS = 2.0, 1.5

Row = tuple[float, ...]


class Gazetteer:
    """The tables, and what texts give by them. Districts are numbers: their positions in ``Divisions.districts``."""

    def __init__(self, places: Iterable[Place]):
        self.districts = divisions().districts
        self._number = {name: number for number, name in enumerate(self.districts)}
        communities: dict[str, Counts] = defaultdict(dict)
        for part in divisions().parts:
            count(communities[part.stem], self._number[part.district], 1)
        self._communities = _Table(communities)
        self._known = _Table(
            {comparable(name.text): {self._number[d]: 1.0 for d in name.districts} for name in names()}
        )
        both: dict[str, Counts] = defaultdict(dict)
        for counted, source in ((_KNOWN_COUNTS, self._known), (_COMMUNITY_COUNTS, self._communities)):
            for text, counts in source.counts.items():
                for district, number in counts.items():
                    count(both[text], district, counted * number / sum(counts.values()))
        self._names = _Table(both)
        self._fragments = Fragments()
        self._numbers = HouseNumbers()
        self.places = list(places)
        for place in self.places:
            self._learn(place, 1)
        held = [sum(place.district == name for place in self.places) for name in self.districts]
        self._shares = [(number + 10) / (len(self.places) + 10 * len(held)) for number in held]
        self._log_shares = [log(share) for share in self._shares]

    @contextmanager
    def without(self, places: Iterable[Place]) -> Iterator[None]:
        """As if the places were not known, so that a text of theirs can be read as a stranger's."""
        group = list(places)
        for place in group:
            self._learn(place, -1)
        try:
            yield
        finally:
            for place in group:
                self._learn(place, 1)

    def _learn(self, place: Place, sign: int) -> None:
        district = self._number[place.district]
        texts = {comparable(text) for text in place.texts()}
        self._fragments.learn(texts, district, sign)
        for name in {found for text in texts for found in self._names.matcher.all(text)}:
            count(self._names.counts[name], district, sign)
        self._numbers.learn(comparable(place.texts()[0]), district, sign)

    def signals(self, text: str) -> list[Row]:
        """For every district what each signal gives a comparable text, in the order of ``SIGNALS``."""
        size = len(self.districts)
        by_length = [[0.0] * size for _ in range(4)]
        clearest = [0.0] * size
        for name, counts in self._names.longest(text):
            total = sum(counts.values()) + 1
            column = by_length[min(len(name), 5) - 2]
            for district, number in counts.items():
                weight = log(1 + (number + self._shares[district]) / total / 0.03)
                column[district] += weight
                clearest[district] = max(clearest[district], weight)
        columns = (
            self._fragments.weigh(text, self._shares),
            *by_length,
            clearest,
            self._communities.longest_share(text, size),
            self._known.longest_share(text, size),
            self._numbers.weigh(text, size),
            self._log_shares,
        )
        return list(zip(*columns, strict=True))

    def shares_of_names(self, text: str, district: int) -> dict[str, float]:
        """The known names in a comparable text that lie in the district, each with how much of what is known of it does."""
        return {
            name: counts[district] / sum(counts.values())
            for name, counts in self._names.longest(text)
            if district in counts
        }

    def telling_fragment(self, text: str, district: int) -> str:
        """The fragment of a comparable text that most of all stands in the texts of the district's compounds."""
        return self._fragments.telling(text, district)


class _Table:
    """Names with their districts."""

    def __init__(self, counts: dict[str, Counts]):
        self.counts = counts
        self.matcher = Matcher(counts)

    def longest(self, text: str) -> Iterator[tuple[str, Counts]]:
        """From left to right the longest name at each place, and its districts."""
        for name in self.matcher.longest(text):
            yield name, self.counts[name]

    def longest_share(self, text: str, size: int) -> list[float]:
        """For each of so many districts the length of its longest name in the text, less where others have that name too."""
        found = [0.0] * size
        for name, counts in self.longest(text):
            total = sum(counts.values())
            for district, number in counts.items():
                found[district] = max(found[district], number / total * (len(name) - 1))
        return found

"""House numbers of known compounds, road by road: a long road runs through several districts."""

import re
from collections import defaultdict
from math import exp, log

from complaints.routing.fragments import Counts, count

_ROAD = re.compile(
    "([\u4e00-\u9fff]{1,6}?(?:大街|胡同|南路|北路|东路|西路|中路|路|街|里|巷|条|园|村|庄|营))[甲乙丙丁]?([0-9]{1,5})号"
)
#: A number on the other side of the road says less.
_OTHER_SIDE = 0.6


class HouseNumbers:
    """The numbers on every road, and in which districts they are."""

    def __init__(self) -> None:
        self._roads: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def learn(self, text: str, district: int, sign: int) -> None:
        """Take the numbers of a compound in, or (-1) out again."""
        for road, number in _numbers(text):
            if sign > 0:
                self._roads[road].append((number, district))
            else:
                self._roads[road].remove((number, district))

    def weigh(self, text: str, size: int) -> list[float]:
        """For each of so many districts how near its numbers on the text's roads are to those of the text."""
        weights = [0.0] * size
        for road, number in _numbers(text):
            near: Counts = {}
            for other, district in self._roads.get(road, ()):
                side = 1 if (other - number) % 2 == 0 else _OTHER_SIDE
                count(near, district, side * exp(-3 * abs(log((number + 3) / (other + 3)))))
            total = sum(near.values()) + 0.3
            for district, nearness in near.items():
                weights[district] += log(1 + nearness / total / 0.05)
        return weights


def _numbers(text: str) -> list[tuple[str, int]]:
    """Roads and numbers; a road is known by its last four characters, before which anything may stand."""
    return [(road[-4:], int(number)) for road, number in _ROAD.findall(text)]

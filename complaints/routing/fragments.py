"""Sequences of up to six characters in the texts of known compounds, by district."""

from collections.abc import Iterable, Iterator
from math import log

_LONGEST = 6

Counts = dict[int, float]


def count(counts: Counts, district: int, by: float) -> None:
    """Add to a district's count; what falls to nothing is taken out."""
    counts[district] = counts.get(district, 0) + by
    if counts[district] < 1e-9:
        del counts[district]


class Fragments:
    """In how many texts of which district each fragment stands."""

    def __init__(self) -> None:
        # Most stand in one text only: then the number of its district, else counts. Half the memory, and faster.
        self._counts: dict[str, int | Counts] = {}

    def learn(self, texts: Iterable[str], district: int, sign: int) -> None:
        """Count the texts of a compound in, or (-1) out again. A fragment counts once however often it stands there."""
        for fragment in {found for text in texts for found in _fragments(text)}:
            counts = self._counts.get(fragment)
            if counts is None:
                self._counts[fragment] = district
            elif isinstance(counts, int) and sign < 0:
                del self._counts[fragment]
            else:
                if isinstance(counts, int):
                    counts = self._counts[fragment] = {counts: 1}
                count(counts, district, sign)
                if not counts:
                    del self._counts[fragment]

    def weigh(self, text: str, shares: list[float]) -> list[float]:
        """For each district the sum over the text's fragments of how much more often than by chance they stand there.

        A fragment weighs the less the longer it is, since it contains shorter ones that are counted as well.
        """
        weights = [0.0] * len(shares)
        alone = [log(1 + 0.5 / share) for share in shares]
        for start in range(len(text)):
            for length in range(1, min(_LONGEST, len(text) - start) + 1):
                counts = self._counts.get(text[start : start + length])
                if counts is None:
                    break
                if length == 1:
                    continue
                if isinstance(counts, int):
                    weights[counts] += alone[counts] / length
                    continue
                total = sum(counts.values())
                scale = total / (total + 1) ** 2 / 0.5
                for district, number in counts.items():
                    weights[district] += log(1 + number * scale / shares[district]) / length
        return weights

    def telling(self, text: str, district: int) -> str:
        """The fragment of the text that most of all stands in the texts of the district."""
        best, found = 0.0, ""
        for fragment in dict.fromkeys(_fragments(text)):
            counts = self._counts.get(fragment, {})
            if isinstance(counts, int):
                counts = {counts: 1}
            worth = len(fragment) * counts.get(district, 0) / (sum(counts.values()) + 0.5)
            if len(fragment) > 1 and worth > best:
                best, found = worth, fragment
        return found


def _fragments(text: str) -> Iterator[str]:
    for start in range(len(text)):
        for end in range(start + 1, min(start + _LONGEST, len(text)) + 1):
            if text[end - 1] == "|":
                break
            yield text[start:end]

"""Finds names in a text without trying every piece of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator


class Matcher:
    """Names of two characters or more, by how they begin: most places in a text begin none of them."""

    def __init__(self, names: Iterable[str]):
        self._names = {name for name in names if len(name) > 1}
        lengths: dict[str, set[int]] = defaultdict(set)
        for name in self._names:
            lengths[name[:2]].add(len(name))
        self._lengths = {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()}

    def all(self, text: str) -> Iterator[str]:
        """Every name that stands in the text, also one within another; those that begin at one place from long to short."""
        for start in range(len(text) - 1):
            for length in self._lengths.get(text[start : start + 2], ()):
                name = text[start : start + length]
                if name in self._names:
                    yield name

    def longest(self, text: str) -> Iterator[str]:
        """From left to right the longest name at each place; one may reach over the end of the one before it."""
        passed = 0
        for start in range(len(text) - 1):
            for length in self._lengths.get(text[start : start + 2], ()):
                if start + length <= passed:
                    break
                name = text[start : start + length]
                if name in self._names:
                    passed = start + length
                    yield name
                    break

"""Which sector a shop belongs to, by the words of its name and of what was written about it."""

import csv
from functools import cache
from pathlib import Path

from complaints.routing.texts import comparable

_DATA = Path(__file__).parent / "data" / "sector_words.csv"


@cache
def _words() -> list[tuple[str, str]]:
    """Word and sector, the longest word first: 少儿游泳 is read before 游泳, 汽车美容 before 美容."""
    with _DATA.open(encoding="utf-8", newline="") as file:
        pairs = [(word, row["sector"]) for row in csv.DictReader(file) for word in row["words"].split()]
    return sorted(pairs, key=lambda pair: (-len(pair[0]), pair))


def sector_of(name: str, text: str = "") -> str | None:
    """The code of the one sector that the name speaks of, else the one that the text does; None when neither names exactly one."""
    for said in (name, text):
        found = _sectors_in(said)
        if len(found) == 1:
            return found.pop()
        if found:
            return None
    return None


def _sectors_in(said: str) -> set[str]:
    left, found = comparable(said), set()
    for word, sector in _words():
        if word in left:
            found.add(sector)
            left = left.replace(word, "|")
    return found

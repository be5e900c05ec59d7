"""Ranks and the four classes, by a written rule (docs/measures.md, "Ranking"). Plain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from complaints.measures.states import UnitClass

#: So many at the end of the ranking of subdistricts are called in by the city.
CALLED_IN = 10


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A unit's place. ``score`` in hundredths of a per cent; ``change`` against the month before, None where there was none."""

    code: str
    score: int
    rank: int
    change: int | None
    unit_class: UnitClass


def ranked(
    scores: Mapping[str, int], *, earlier: Mapping[str, int], first_percent: int, last_percent: int
) -> list[Ranked]:
    """The best first; equal scores share a rank and are always in the same class, the better one where a limit divides them.

    Advanced: fewer units are better than the first class holds. Under treatment: no more units are equal or worse, itself
    included, than the last class holds. Of the rest those are progressing whose score rose, and the others are to put right.
    """
    holds_first, holds_last = (len(scores) * percent // 100 for percent in (first_percent, last_percent))
    order = sorted(scores, key=lambda code: (-scores[code], code))
    values = [scores[code] for code in order]
    found = []
    for code in order:
        score = scores[code]
        better = sum(value > score for value in values)
        not_better = len(values) - better
        change = score - earlier[code] if code in earlier else None
        if better < holds_first:
            unit_class = UnitClass.ADVANCED
        elif not_better <= holds_last:
            unit_class = UnitClass.GOVERN
        elif change is not None and change > 0:
            unit_class = UnitClass.PROGRESS
        else:
            unit_class = UnitClass.RECTIFY
        found.append(Ranked(code=code, score=score, rank=better + 1, change=change, unit_class=unit_class))
    return found


def called_in(rows: Sequence[Ranked]) -> set[str]:
    """The codes of the last ten; who is equal to the tenth from the end is left out when that makes more than ten."""
    return {row.code for row in rows if len(rows) - row.rank + 1 <= CALLED_IN} if len(rows) > CALLED_IN else set()

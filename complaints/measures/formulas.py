"""The arithmetic of the measures: shares in hundredths of a per cent, months, durations as they are kept."""

from datetime import date, datetime
from fractions import Fraction

from escrow.clock import beijing_date

#: 100 %.
WHOLE = 10_000
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def share(part: int, of: int) -> int | None:
    """In hundredths of a per cent, half rounded up; None of nothing."""
    return None if of == 0 else (2 * part * WHOLE + of) // (2 * of)


def score(*, parts: list[tuple[int, int, int]]) -> int | None:
    """Σ weight × rate in hundredths of a per cent; ``parts`` are (weight in per cent, counted, of how many). None when one of
    the rates that weigh something is of nothing. Rounded once, at the end."""
    total = Fraction(0)
    for weight, counted, of in parts:
        if weight and not of:
            return None
        total += Fraction(weight * counted, of) if weight else 0
    return int(total * 100 + Fraction(1, 2))


def weighted(*, parts: list[tuple[int, int]]) -> int:
    """The same from rates that are already in hundredths of a per cent, half rounded up."""
    return (2 * sum(weight * rate for weight, rate in parts) + 100) // 200


def month_of(at: datetime) -> date:
    """The first day of the month in Beijing."""
    return beijing_date(at).replace(day=1)


def before(month: date, by: int = 1) -> date:
    """The month ``by`` months earlier (later when negative)."""
    year, nth = divmod(month.year * 12 + month.month - 1 - by, 12)
    return date(year, nth + 1, 1)


def kept(seconds: int) -> int:
    """A duration as it is kept: to the second below ten minutes, to the minute below a day, to the hour above; rounded down,
    so that medians are of a bounded number of values and the same however they were added up. Never below 0."""
    seconds = max(0, seconds)
    if seconds < 10 * MINUTE:
        return seconds
    unit = MINUTE if seconds < DAY else HOUR
    return seconds - seconds % unit

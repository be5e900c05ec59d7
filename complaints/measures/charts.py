"""Lines over months and bars of places, as figures for SVGs that the server writes; the tables below say the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from complaints.measures.formulas import WHOLE

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 60, 16, 14, 28
#: Lines across lie ten per cent apart, or twenty when the figures need more than half of the scale.
FINE, COARSE = WHOLE // 10, WHOLE // 5
BAR, GAP, NAMES = 22, 8, 170


@dataclass(frozen=True)
class Tick:
    """A line across or a mark below: where, and what it is called."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """One row of figures; ``nth`` chooses its colour and dash. A month without a figure is a gap between ``runs``."""

    nth: int
    label: str
    runs: list[str]
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Lines:
    """Everything the template places."""

    lines: list[Line]
    across: list[Tick]
    below: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


@dataclass(frozen=True)
class Bar:
    """One place: its name, its bar from ``left`` on, and the figure behind it."""

    name: str
    text: str
    y: int
    base: int
    wide: float
    end: float


@dataclass(frozen=True)
class Bars:
    """Everything the template places."""

    bars: list[Bar]
    height: int
    width: int = WIDTH
    left: int = NAMES
    thick: int = BAR


def rate_lines(series: Sequence[tuple[str, Sequence[int | None]]], *, names: Sequence[str]) -> Lines:
    """Rates (hundredths of a per cent) up to 100 %, from a round figure below the least of them."""
    values = [value for _label, row in series for value in row if value is not None]
    least = min(values, default=0)
    step = FINE if least >= WHOLE // 2 else COARSE
    bottom = min(least // step * step, WHOLE - 2 * step)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(nth: int) -> float:
        return round(LEFT + wide * nth / max(1, len(names) - 1), 1)

    def y(value: int) -> float:
        return round(TOP + high * (WHOLE - value) / (WHOLE - bottom), 1)

    every = max(1, -(-len(names) // 6))
    lines = []
    for nth, (label, row) in enumerate(series, start=2):
        runs: list[list[str]] = [[]]
        dots = []
        for place, value in enumerate(row):
            if value is None:
                runs.append([])
                continue
            runs[-1].append(f"{x(place)},{y(value)}")
            dots.append((x(place), y(value)))
        lines.append(Line(nth, label, [" ".join(run) for run in runs if len(run) > 1], dots))
    return Lines(
        lines=lines,
        across=[Tick(y(value), f"{value // 100} %") for value in range(bottom, WHOLE + 1, step)],
        below=[Tick(x(nth), name) for nth, name in enumerate(names) if (len(names) - 1 - nth) % every == 0],
    )


def bars(rows: Sequence[tuple[str, int, str]], *, most: int | None = None) -> Bars:
    """One bar a row (name, value, the value in words), as long as the value is of ``most`` (the greatest)."""
    top = most or max((value for _name, value, _text in rows), default=0) or 1
    room = WIDTH - NAMES - 80
    placed = []
    for nth, (name, value, text) in enumerate(rows):
        wide = round(room * value / top, 1)
        y = GAP + nth * (BAR + GAP)
        placed.append(Bar(name, text, y, y + BAR - 6, wide, NAMES + wide + 8))
    return Bars(placed, GAP + len(rows) * (BAR + GAP))

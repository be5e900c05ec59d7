"""Lines over weeks, as figures for an SVG that the server writes: no script draws it, and the table below says the same."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 440, 240
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 14, 28
STEPS = 5  # lines across, at most two more
FEN_OF_10_YUAN = 1000


@dataclass(frozen=True)
class Tick:
    """A line across or a mark below: where, and what it is called (fen, or a number of a week)."""

    at: float
    value: int
    text: str = ""


@dataclass(frozen=True)
class Line:
    """One row of figures. ``nth`` chooses its colour and dash, which stand in the style sheet."""

    nth: int
    label: str
    points: str
    end_x: float
    end_y: float


@dataclass(frozen=True)
class Chart:
    """Everything the template places."""

    lines: list[Line]
    across: list[Tick]
    below: list[Tick]
    zero: float
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def chart(series: Sequence[tuple[str, Sequence[int]]], *, names: Sequence[str]) -> Chart:
    """The rows (fen) over one axis; ``names`` of the places below, of which some are written."""
    values = [value for _label, row in series for value in row]
    step = _step(max([*values, 0]) - min([*values, 0]))
    top = -(-max([*values, 0]) // step) * step
    bottom = min([*values, 0]) // step * step
    top = top if top > bottom else bottom + step
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(nth: int) -> float:
        return round(LEFT + wide * nth / max(1, len(names) - 1), 1)

    def y(value: int) -> float:
        return round(TOP + high * (top - value) / (top - bottom), 1)

    every = max(1, -(-len(names) // 6))
    return Chart(
        lines=[
            Line(
                nth,
                label,
                " ".join(f"{x(place)},{y(value)}" for place, value in enumerate(row)),
                x(len(row) - 1),
                y(row[-1]) if row else y(0),
            )
            for nth, (label, row) in enumerate(series, start=1)
        ],
        across=[Tick(y(value), value, f"{value // 100:,}") for value in range(bottom, top + 1, step)],
        below=[Tick(x(nth), nth, name) for nth, name in enumerate(names) if nth % every == 0],
        zero=y(0),
    )


def _step(span: int) -> int:
    """A round distance between the lines across: 1, 2 or 5 times a power of ten, at least ten yuan."""
    step = FEN_OF_10_YUAN
    while True:
        for times in (1, 2, 5):
            if span <= step * times * STEPS:
                return step * times
        step *= 10

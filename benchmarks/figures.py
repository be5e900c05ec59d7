"""What a subject reports, and the table of it."""

import os
import sys
from dataclasses import asdict, dataclass
from typing import Any

Limit = tuple[str, float]  # ("≥" or "≤", what the figure is held to)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line: what was measured, beside what. ``limit`` None: for information."""

    name: str
    value: float | None  # None: left out, ``note`` says why
    unit: str
    limit: Limit | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """ok, missed, left out, or nothing."""
        if self.value is None:
            return "left out"
        if self.limit is None:
            return ""
        sign, bound = self.limit
        return "ok" if (self.value >= bound if sign == "≥" else self.value <= bound) else "MISSED"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}


def table(figures: list[Figure]) -> str:
    """The figures as lines of text."""
    rows = [("", "measured", "", "target", "", "")]
    for f in figures:
        value = "–" if f.value is None else f"{f.value:,.2f}" if f.value < 100 else f"{f.value:,.0f}"
        limit = f"{f.limit[0]} {f.limit[1]:,g}" if f.limit else ""
        rows.append((f.name, value, f.unit, limit, f.verdict, f.note))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = [
        f"{name:{widths[0]}}  {value:>{widths[1]}} {unit:{widths[2]}}  {limit:>{widths[3]}}  {verdict:{widths[4]}}  {note}"
        for name, value, unit, limit, verdict, note in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def load() -> float:
    """Processes that wanted a processor in the last minute: above the number of cores, others work here too."""
    return os.getloadavg()[0]


def say(text: str) -> None:
    """Progress, on stderr: stdout is for the result."""
    print(text, file=sys.stderr, flush=True)

"""What stands on the pages as rows of figures: tiles, and the tables as they are saved."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.measures.queries.board import Board, Figures
from complaints.measures.queries.ranking import Ranking, Unit
from complaints.measures.states import Grouping, Span
from complaints.measures.wording import points, rate, took
from escrow.bank_files.writing import Cell


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A figure of the month, of what it is made, and what it was the month before."""

    label: str
    value: str
    made_of: str
    before: str


def tiles(now: Figures, earlier: Figures) -> list[Tile]:
    """The figures on top of the dashboard."""
    rates = [
        (_("Response rate"), now.response, earlier.response, ("contacted", "due")),
        (_("Resolution rate"), now.resolved, earlier.resolved, ("resolved", "valid")),
        (_("Satisfaction rate"), now.satisfied, earlier.satisfied, ("satisfied", "valid")),
        (_("Repeated"), now.repeated, earlier.repeated, ("repeated", "received")),
    ]
    found = [Tile(label=_("Score"), value=rate(now.overall, 2), made_of="", before=rate(earlier.overall, 2))]
    for label, value, was, (part, whole) in rates:
        made_of = _("%(part)s of %(whole)s") % {"part": f"{now.counts[part]:,}", "whole": f"{now.counts[whole]:,}"}
        found.append(Tile(label=label, value=rate(value), made_of=made_of, before=rate(was)))
    received = (now.counts["received"], earlier.counts["received"])
    reopened = _("%(number)s reopened") % {"number": now.counts["reopened"]}
    found.append(
        Tile(
            label=pgettext("measures", "Received"),
            value=f"{received[0]:,}",
            made_of=reopened,
            before=f"{received[1]:,}",
        )
    )
    for span in Span:
        times, was_times = now.times.get(span), earlier.times.get(span)
        ninety = _("nine in ten within %(time)s") % {"time": took(times.p90)} if times else ""
        was_took = took(was_times.median) if was_times else took(None)
        label = _("Time %(span)s (median)") % {"span": span.label}
        found.append(Tile(label=label, value=took(times.median if times else None), made_of=ninety, before=was_took))
    return found


def board_sheet(board: Board, by: Grouping) -> list[list[Cell]]:
    """Headings, one line a row, and the sum; times in seconds."""
    headings: list[Cell] = [
        pgettext("measures", "Code"), str(by.label), pgettext("measures", "Received"), _("Repeated"), _("Reopened"),
        _("Contact due"), _("Contacted in time"), _("Response rate"), _("Callbacks ended"), _("Valid callbacks"),
        _("Contacted, as the consumer says"), pgettext("measures", "Resolved"), _("Resolution rate"),
        pgettext("measures", "Satisfied"), _("Satisfaction rate"), _("Score"), _("Score the month before"),
    ]  # fmt: skip
    for span in Span:
        headings += [
            _("Time %(span)s, median (s)") % {"span": span.label},
            _("Time %(span)s, 90 %% (s)") % {"span": span.label},
        ]
    lines = [_line(row.code, row.name or _("not yet known"), row.now, row.earlier) for row in board.rows]
    return [headings, *lines, _line("", _("together"), board.now, board.earlier)]


def _line(code: str, name: str, now: Figures, earlier: Figures) -> list[Cell]:
    count = now.counts
    line: list[Cell] = [
        code, name, count["received"], count["repeated"], count["reopened"], count["due"], count["contacted"], rate(now.response),
        count["asked"], count["valid"], count["reached"], count["resolved"], rate(now.resolved), count["satisfied"],
        rate(now.satisfied), rate(now.overall, 2), rate(earlier.overall, 2),
    ]  # fmt: skip
    for span in Span:
        times = now.times.get(span)
        line += [times.median, times.p90] if times else [None, None]
    return line


def ranking_sheet(found: Ranking, units: list[Unit]) -> list[list[Cell]]:
    """Headings, and one line a unit; whether the figures are official."""
    headings: list[Cell] = [
        _("Rank"), pgettext("measures", "Code"), pgettext("measures", "Name"), _("Response rate"), _("Resolution rate"),
        _("Satisfaction rate"), _("Score"), _("Against the month before"), pgettext("measures", "Class"), _("Figures"),
    ]  # fmt: skip
    return [
        headings,
        *(
            _place(unit, pgettext("measures", "official") if found.source else _("the platform's own"))
            for unit in units
        ),
    ]


def _place(unit: Unit, whose: str) -> list[Cell]:
    change = points(unit.change).lstrip("+").replace("−", "-")  # a plain number, which a spreadsheet reads
    return [
        unit.rank, unit.code, unit.name, rate(unit.response, 2), rate(unit.resolved, 2), rate(unit.satisfied, 2),
        rate(unit.score, 2), change, str(unit.unit_class.label) if unit.unit_class else _("not ranked"), whose,
    ]  # fmt: skip

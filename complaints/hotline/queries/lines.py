"""What a file's lines are and what became of them, personal data masked."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from complaints.cases.models import Case
from complaints.hotline.lines import sentence
from complaints.hotline.models import WorkOrder, WorkOrderFile, WorkOrderLine
from complaints.hotline.states import LineState
from escrow.bank_files.writing import Cell
from prepaid.notices import phones
from prepaid.people.models import masked_name


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A line as people see it."""

    line: WorkOrderLine
    caller: str
    merchant: str
    remark: str


def known_numbers(*, system: str, numbers: Collection[str]) -> set[str]:
    """Which of them were taken before, in any way."""
    orders = WorkOrder.objects.filter(system=system, number__in=numbers).values_list("number", flat=True)
    cases = Case.objects.filter(foreign_system=system, foreign_number__in=numbers)
    return set(orders) | set(cases.values_list("foreign_number", flat=True))


def counts_of(file: WorkOrderFile) -> dict[LineState, int]:
    """How many lines are in each state, those without any too."""
    found = dict(file.lines.order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in LineState}


def shown(lines: Iterable[WorkOrderLine]) -> list[Shown]:
    """Names and numbers masked."""
    return [_shown(line) for line in lines]


def _shown(line: WorkOrderLine) -> Shown:
    order = json.loads(line.content) if line.content else {}
    name = masked_name(order["caller"]) if order.get("caller") else ""
    phone = phones.masked(order["phone"]) if order else ""
    return Shown(
        line=line, caller=f"{name} {phone}".strip(), merchant=order.get("merchant", ""), remark=remark_of(line)
    )


def remark_of(line: WorkOrderLine) -> str:
    """What is wrong and what to do about it, or what it led to."""
    said = [sentence((column, code)) for column, code in line.problems]
    if line.state == LineState.KNOWN:
        said.append(_("This number was taken before; nothing to do."))
    return "; ".join(said)


def report_of(file: WorkOrderFile) -> Iterator[list[Cell]]:
    """A line of headings, then one a line of the file. No personal data in it."""
    yield [_("Line"), _("Number"), _("State"), _("Complaint"), _("What is wrong and what to do")]
    for line in file.lines.select_related("case").order_by("row").iterator(chunk_size=1000):
        number = line.case.number if line.case else ""
        yield [line.row, line.number, line.get_state_display(), number, remark_of(line)]

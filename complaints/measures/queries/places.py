"""What the dashboards offer to choose from: by code, named in the language of the page."""

from dataclasses import dataclass

from prepaid.merchants.models import Sector
from prepaid.people.models import Division, DivisionLevel


@dataclass(frozen=True)
class Business:
    """Sectors, and the departments that lead one."""

    sectors: list[tuple[str, str]]
    departments: dict[str, str]


def districts() -> dict[str, str]:
    """All that there ever were: old months name them."""
    return {one.code: one.name for one in Division.objects.filter(level=DivisionLevel.DISTRICT)}


def lines_of_business() -> Business:
    """In one question."""
    sectors = list(Sector.objects.select_related("lead_department"))
    departments = {one.lead_department_id: one.lead_department.name for one in sectors}
    return Business([(one.code, one.name) for one in sectors], dict(sorted(departments.items())))

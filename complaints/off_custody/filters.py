"""Filters of the queue of reports; they live in the address."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from complaints.off_custody.models import OffCustodyReport
from complaints.off_custody.states import UNDECIDED, ReportState
from prepaid.people.access import me


class ReportStageFilter(admin.SimpleListFilter):
    """What is still to be decided, unless something else is asked for."""

    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Every stage but the one shown when none is named."""
        mine = ("mine", _("Mine"))
        return [mine, *((state.value, state.label) for state in ReportState), ("all", _("All"))]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """“Undecided” is what Django calls “All”: the choice without a parameter."""
        choices = super().choices(changelist)
        yield {**next(choices), "display": _("Undecided")}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[OffCustodyReport]) -> QuerySet[OffCustodyReport]:
        """The reports of the stage."""
        match self.value():
            case "mine":
                return queryset.filter(state__in=UNDECIDED, lead_officer=me(request))
            case "all":
                return queryset
            case str(state) if state in ReportState.values:
                return queryset.filter(state=state)
        return queryset.filter(state__in=UNDECIDED)

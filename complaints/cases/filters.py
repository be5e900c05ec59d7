"""Filters of the officers' queue; they live in the address."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from complaints.cases.models import Case, CaseQuerySet
from complaints.cases.states import ENDED, ENDED_EARLY, CaseState
from escrow import clock
from prepaid.merchants.queries import districts, sectors
from prepaid.people.access import me


def today_of(request: HttpRequest) -> date:
    """Today in Beijing, asked once for everything on one page."""
    if not hasattr(request, "business_day"):
        request.business_day = clock.today()  # type: ignore[attr-defined]  # kept on the request
    return request.business_day  # type: ignore[attr-defined]  # set above


def sees_the_city(request: HttpRequest) -> bool:
    """Operators, and posts for the whole city."""
    user = me(request)
    return user.is_platform_operator or (user.post is not None and user.post.is_citywide)


def still_undecided(queryset: Any) -> CaseQuerySet:
    """Those of the rows, which ``by_urgency`` has put in order: asked by that order, an index answers."""
    found: CaseQuerySet = queryset.filter(urgency=0)
    return found


#: The stage that is shown when none is named.
UNDECIDED_STAGE = "undecided"


class StageFilter(admin.SimpleListFilter):
    """What is still to be decided, unless something else is asked for."""

    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Every stage but the one shown when none is named."""
        return [
            ("mine", _("Mine")),
            ("waiting", _("Waiting for an officer")),
            ("undetermined", _("Authority undetermined")),
            ("executing", _("Refund on its way")),
            *([("supervised", _("Supervision list"))] if sees_the_city(request) else []),
            ("over", _("Closed or withdrawn")),
            ("all", _("All")),
        ]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """“Undecided” is what Django calls “All”; it has a name of its own, because the address without any may open something else."""
        choices = super().choices(changelist)
        yield {
            **next(choices),
            "selected": self.value() in {None, UNDECIDED_STAGE},
            "query_string": changelist.get_query_string({self.parameter_name: UNDECIDED_STAGE}),
            "display": _("Undecided"),
        }
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """The cases of the stage."""
        undecided = still_undecided(queryset)
        match self.value():
            case "mine":
                return undecided.filter(lead_officer=me(request))
            case "waiting":
                return undecided.filter(state__in=[CaseState.RECEIVED, CaseState.DISPATCHED])
            case "undetermined":
                return undecided.filter(undetermined=True)
            case "supervised" if sees_the_city(request):
                return queryset.filter(supervised_at__isnull=False).exclude(state__in=ENDED)
            case "executing":
                return queryset.filter(state=CaseState.EXECUTING)
            case "over":
                return queryset.filter(state__in=ENDED_EARLY | {CaseState.CLOSED})
            case "all":
                return queryset
        return undecided


class DueFilter(admin.SimpleListFilter):
    """By the last day of the time limit."""

    title = _("deadline")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Overdue, today, soon."""
        return [("overdue", _("Overdue")), ("today", _("Today")), ("soon", _("In 3 days or less"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Undecided cases whose last day falls there."""
        today = today_of(request)
        running = still_undecided(queryset)
        match self.value():
            case "overdue":
                return running.overdue(at=clock.now())
            case "today":
                return running.filter(due_on=today)
            case "soon":
                return running.filter(due_on__range=(today, today + timedelta(days=3)))
        return queryset


class DistrictFilter(admin.SimpleListFilter):
    """For those who see more than one district."""

    title = _("district")
    parameter_name = "district"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The districts of Beijing; nothing for a district's own officer."""
        post = me(request).post
        if post is not None and not post.is_citywide:
            return []
        return [(district.code, district.name) for district in districts(on=today_of(request))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Cases that happened there."""
        return queryset.filter(district_id=self.value()) if self.value() else queryset


class SectorFilter(admin.SimpleListFilter):
    """By line of business."""

    title = _("sector")
    parameter_name = "sector"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The sectors of the officer's department; all for the platform's operator."""
        rows = sectors(on=today_of(request))
        if (post := me(request).post) is not None:
            rows = rows.filter(lead_department_id=post.department_id)
        return [(sector.code, sector.name) for sector in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Cases of the sector."""
        return queryset.filter(sector_id=self.value()) if self.value() else queryset


FILTERS = (StageFilter, DueFilter, DistrictFilter, SectorFilter)
WORDS = "q"
MOST_LETTERS = 100


def asked(query: str) -> dict[str, str]:
    """What the query of an address asks of the queue: words and filters; pages and whatever else stands there are left out."""
    try:
        pairs = parse_qsl(query, max_num_fields=20)
    except ValueError:
        return {}
    names = {WORDS, *(one.parameter_name for one in FILTERS)}
    said = {name: value.replace("\0", "").strip() for name, value in pairs if name in names}
    return {name: value for name, value in said.items() if value}


def tidy(query: str) -> str:
    """The same question always in the same words."""
    return urlencode(sorted(asked(query).items()))


def known_to(request: HttpRequest, query: str, model_admin: Any) -> str:
    """``tidy`` without what this officer cannot choose: values that no filter offers them, and words that are too long."""
    found = asked(query)
    for one in FILTERS:
        if one.parameter_name in found:
            offered = {str(value) for value, _label in one(request, {}, Case, model_admin).lookup_choices}
            offered |= {UNDECIDED_STAGE} if one is StageFilter else set()
            if found[one.parameter_name] not in offered:
                del found[one.parameter_name]
    if len(found.get(WORDS, "")) > MOST_LETTERS:
        del found[WORDS]
    return urlencode(sorted(found.items()))


def in_words(request: HttpRequest, query: str, model_admin: Any) -> list[tuple[Any, Any]]:
    """What the query asks, as a reader sees it: the name of each filter and what is chosen in it."""
    found = asked(query)
    said: list[tuple[Any, Any]] = [(_("Search"), found[WORDS])] if WORDS in found else []
    for one in FILTERS:
        if one.parameter_name in found:
            value = found[one.parameter_name]
            offered = dict(one(request, {}, Case, model_admin).lookup_choices) | {UNDECIDED_STAGE: _("Undecided")}
            said.append((capfirst(one.title), offered.get(value, value)))
    return said

"""The dashboard and the ranking, each with the way to a file. Nothing is saved here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import unquote_plus

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from complaints.measures import sheets
from complaints.measures.charts import bars, rate_lines
from complaints.measures.forms import BoardForm, RankingForm
from complaints.measures.formulas import before
from complaints.measures.models import Cell
from complaints.measures.queries.board import Board, board, first_month
from complaints.measures.queries.places import districts, lines_of_business
from complaints.measures.queries.ranking import Ranking, ranking
from complaints.measures.queries.rules import rule_for
from complaints.measures.queries.scope import Scope, scope_of
from complaints.measures.states import Grouping
from complaints.measures.wording import rate
from escrow import clock
from escrow.bank_files.writing import Cell as FileCell
from prepaid.people import exports, operations
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin
from prepaid.people.forms import ExportForm

#: Bars of one chart; the table has the rest.
MOST_BARS = 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asks of the dashboard, checked against what its user may read."""

    form: BoardForm
    month: date
    by: Grouping
    filters: dict[str, str]
    names: dict[str, str]


@admin.register(Cell)
class CellAdmin(ReadOnlyAdmin):
    """The measures, to whoever the administration lets in, as far as their post reads them."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The pages; single rows nobody needs."""
        return obj is None and self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """On the first page for everybody."""
        return self.admin_site.has_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """The dashboard, the ranking, and both as files."""

        def page(name: str, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(never_cache(view))

        return [
            path("", page("changelist", self.dashboard), name="measures_cell_changelist"),
            path("ranking/", page("ranking", self.ranks), name="measures_cell_ranking"),
            path("export/", page("export", self.export), name="measures_cell_export"),
            path("ranking/export/", page("ranking_export", self.export_ranks), name="measures_cell_ranking_export"),
        ]

    def dashboard(self, request: HttpRequest) -> HttpResponse:
        """A month beside the month before, and the year behind it."""
        scope = _scope(request)
        asked = _asked(request, scope)
        rule = rule_for(asked.month)
        found = board(month=asked.month, rule=rule, filters=asked.filters, by=asked.by, names=asked.names)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Measures of %(month)s") % {"month": f"{asked.month:%Y-%m}"},
            "opts": self.opts,
            "asked": asked,
            "earlier": before(asked.month),
            "board": found,
            "rule": rule,
            "tiles": sheets.tiles(found.now, found.earlier),
            "lines": _lines(found),
            "bars": _received(found),
            "may_rank": scope.department is None,
            "query": request.META.get("QUERY_STRING", ""),
            "scope_name": _name_of(scope, asked.names, me(request).post),
        }
        return TemplateResponse(request, "admin/measures/board.html", context)

    def ranks(self, request: HttpRequest) -> HttpResponse:
        """The four classes of the districts or subdistricts."""
        scope, form, month, level, found = _ranking(request)
        units = found.within(scope.district)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ranking of %(month)s") % {"month": f"{month:%Y-%m}"},
            "opts": self.opts,
            "form": form,
            "month": month,
            "found": found,
            "units": units,
            "level": level,
            "bars": bars(
                [(unit.name, unit.score or 0, rate(unit.score, 2)) for unit in units if unit.rank][:MOST_BARS],
                most=10_000,
            ),
            "query": request.META.get("QUERY_STRING", ""),
        }
        return TemplateResponse(request, "admin/measures/ranking.html", context)

    def export(self, request: HttpRequest) -> HttpResponse:
        """The dashboard's table as a file."""
        asked = _asked(request, _scope(request))
        rule = rule_for(asked.month)
        found = board(month=asked.month, rule=rule, filters=asked.filters, by=asked.by, names=asked.names)
        return self._saved(request, "measures", asked.month, sheets.board_sheet(found, asked.by))

    def export_ranks(self, request: HttpRequest) -> HttpResponse:
        """The ranking as a file."""
        scope, _form, month, _level, found = _ranking(request)
        return self._saved(request, "ranking", month, sheets.ranking_sheet(found, found.within(scope.district)))

    def _saved(self, request: HttpRequest, name: str, month: date, lines: list[list[FileCell]]) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")

        def save(data: dict[str, Any]) -> HttpResponse:
            operations.export_list(
                name=f"measures_{name}",
                query=query,
                rows=len(lines) - 1,
                kind=data["kind"],
                reason=data["reason"],
                by=me(request),
                at=clock.now(),
            )
            raw, media_type = exports.written(data["kind"], f"{name} {month:%Y-%m}", lines)
            headers = {"Content-Disposition": f'attachment; filename="{name}-{month:%Y-%m}.{data["kind"]}"'}
            return HttpResponse(raw, content_type=media_type, headers=headers)

        return self.deed(
            request,
            title=_("Save as a file"),
            form=ExportForm(request.POST or None),
            submit=_("Write it down and save"),
            do=save,
            about=[
                (_("Month"), f"{month:%Y-%m}"),
                (_("Filter"), unquote_plus(query) or _("none")),
                (_("Rows"), f"{len(lines) - 1:,}"),
            ],
        )


def _scope(request: HttpRequest) -> Scope:
    scope = scope_of(me(request))
    if scope is None:
        raise Http404
    return scope


def _months() -> list[tuple[str, str]]:
    """From today's month back to the first of which there is something, and one before it at least."""
    this = clock.today().replace(day=1)
    first = min(first_month() or this, before(this))
    months = []
    while this >= first:
        months.append((f"{this:%Y-%m}", f"{this:%Y-%m}"))
        this = before(this)
    return months


def _chosen(form: Any, months: list[tuple[str, str]]) -> date:
    """The month of a checked form. What is not offered does not exist."""
    if not form.is_valid():
        raise Http404
    return date.fromisoformat(f"{form.cleaned_data['month'] or months[0][0]}-01")


def _asked(request: HttpRequest, scope: Scope) -> Asked:
    months, places, business = _months(), districts(), lines_of_business()
    anything = [("", _("all"))]
    choices = {"month": months, "sector": anything + business.sectors}
    if scope.district is None:
        choices["district"] = [*anything, *places.items()]
    elif request.GET.get("district", scope.district) != scope.district:
        raise Http404
    if scope.department is None:
        choices["department"] = [*anything, *business.departments.items()]
    elif request.GET.get("department", scope.department) != scope.department:
        raise Http404
    first = Grouping.DISTRICT if scope.district is None else Grouping.SUBDISTRICT
    given = request.GET.copy()
    given["month"] = given.get("month") or months[0][0]
    given["by"] = given.get("by") or first.value
    form = BoardForm(given, choices=choices)
    month = _chosen(form, months)
    names = ("district", "department", "sector")
    wanted = {f"{name}_id": str(form.cleaned_data[name]) for name in names if form.cleaned_data.get(name)}
    return Asked(
        form=form,
        month=month,
        by=Grouping(form.cleaned_data["by"] or first),
        filters={**wanted, **scope.filters},
        names={**places, **business.departments, **dict(business.sectors)},
    )


def _ranking(request: HttpRequest) -> tuple[Scope, RankingForm, date, Grouping, Ranking]:
    scope = _scope(request)
    if scope.department is not None:  # a ranking is of places, and such a post reads none as a whole
        raise Http404
    months = _months()
    given = request.GET.copy()
    given["month"] = given.get("month") or months[0][0]
    given["level"] = given.get("level") or Grouping.DISTRICT.value
    form = RankingForm(given, months=months)
    month = _chosen(form, months)
    level = Grouping(form.cleaned_data["level"] or Grouping.DISTRICT)
    return scope, form, month, level, ranking(month=month, level=level)


def _name_of(scope: Scope, names: dict[str, str], post: Any) -> str:
    if scope.district is not None:
        return names.get(scope.district, scope.district)
    return str(post) if scope.department is not None else str(_("the whole city"))


def _lines(found: Board) -> Any:
    series = [
        (_("response rate"), [one.response for _month, one in found.months]),
        (_("resolution rate"), [one.resolved for _month, one in found.months]),
        (_("satisfaction rate"), [one.satisfied for _month, one in found.months]),
    ]
    return rate_lines(series, names=[f"{month:%y-%m}" for month, _one in found.months])


def _received(found: Board) -> Any:
    rows = sorted(found.rows, key=lambda row: -row.now.counts["received"])[:MOST_BARS]
    received = [(row.name or str(_("not yet known")), row.now.counts["received"]) for row in rows]
    return bars([(name, number, f"{number:,}") for name, number in received if number])

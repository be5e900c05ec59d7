"""Files of work orders: choose, look at every line, confirm, follow; and the results for the hotline's own system."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.hotline import operations
from complaints.hotline.columns import COLUMNS, heading
from complaints.hotline.forms import ExportForm, UploadForm
from complaints.hotline.models import WorkOrderFile
from complaints.hotline.queries.lines import counts_of, report_of, shown
from complaints.hotline.queries.results import as_table
from complaints.hotline.queries.scope import check_runs_hotline, file_for, runs_hotline
from complaints.hotline.states import FileState, LineState
from complaints.hotline.tables import csv_lines, json_lines
from escrow import clock
from escrow.errors import NotFound
from prepaid.people.access import me, shows_domain_errors
from prepaid.people.admin_site import PostScopedAdmin

LINES_A_PAGE = 50
#: Seconds after which the page of a running import is shown anew.
LOOK_AGAIN = "5"


@admin.register(WorkOrderFile)
class WorkOrderFileAdmin(PostScopedAdmin):
    """The coordinator's posts for the whole city and the platform's operators."""

    list_display = ["name", "system", "lines_count", "state", "read_by", "read_at", "done_at"]
    list_filter = ["system", "state"]
    list_select_related = ["read_by"]
    change_list_template = "admin/hotline/files.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All, for who may import; for everybody else there is none."""
        rows = WorkOrderFile.objects.select_related("read_by", "decided_by")
        return rows if runs_hotline(me(request)) else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who runs the hotline."""
        return self.admin_site.has_permission(request) and runs_hotline(me(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """On the first page for who may import."""
        return runs_hotline(me(request))

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the deeds, and files to take away."""
        pages: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("read/", self.read, "read"),
            ("results/", self.results, "results"),
            ("empty.<slug:kind>", self.empty, "empty"),
            ("<int:pk>/confirm/", require_POST(self.confirm), "confirm"),
            ("<int:pk>/discard/", require_POST(self.discard), "discard"),
            ("<int:pk>/report/", self.report, "report"),
        ]
        own = [
            path(address, self.admin_site.admin_view(_refusals_shown(view)), name=f"hotline_workorderfile_{name}")
            for address, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def read(self, request: HttpRequest) -> HttpResponse:
        """Choose a file; every line of it is read."""
        check_runs_hotline(me(request))

        def kept(data: dict[str, Any]) -> HttpResponse:
            chosen = data["file"]
            file = operations.read_file(
                file=chosen.file,
                size=chosen.size,
                name=chosen.name,
                system=data["system"],
                leave_out_unknown=data["unknown"] == "leave_out",
                by=me(request),
                at=clock.now(),
            )
            return redirect("admin:hotline_workorderfile_change", file.pk)

        form = UploadForm(request.POST or None, request.FILES or None)
        answer = self.deed(
            request, title=_("Import work orders"), form=form, submit=_("Read and show"), do=kept, columns=_columns()
        )
        if hasattr(answer, "template_name"):
            answer.template_name = "admin/hotline/read.html"
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What every line is and would become, or has become."""
        try:
            file = file_for(user=me(request), file_id=int(object_id) if object_id.isdecimal() else 0)
        except NotFound as error:
            raise Http404 from error
        counts = counts_of(file)
        asked = request.GET.get("state", "")
        lines = file.lines.select_related("case").order_by("row")
        if asked in LineState.values:
            lines = lines.filter(state=asked)
        total = counts[LineState(asked)] if asked in LineState.values else file.lines_count
        pages = Paginator(lines, LINES_A_PAGE)
        pages.__dict__["count"] = total  # known already
        page = pages.get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": file.name,
            "opts": self.opts,
            "file": file,
            "waits": file.state == FileState.READ,
            "runs": file.state == FileState.TAKING,
            "done": file.lines_count - counts[LineState.NEW],
            "counts": [(state, state.label, count) for state, count in counts.items() if count],
            "new": counts[LineState.NEW],
            "asked": asked,
            "page": page,
            "lines": shown(page.object_list),
        }
        answer = render(request, "admin/hotline/file.html", context)
        if file.state == FileState.TAKING:
            answer.headers["Refresh"] = LOOK_AGAIN
        return answer

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have the new lines taken."""
        operations.confirm_file(file_id=pk, by=me(request), at=clock.now())
        messages.success(request, _("The import has begun. You may leave this page; it goes on."))
        return redirect("admin:hotline_workorderfile_change", pk)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Forget the file."""
        operations.discard_file(file_id=pk, by=me(request), at=clock.now())
        messages.success(request, _("The file is discarded; nothing of it was imported."))
        return redirect("admin:hotline_workorderfile_changelist")

    def report(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Every line with what is wrong or what it led to."""
        file = file_for(user=me(request), file_id=pk)
        return _saved(csv_lines(report_of(file)), f"report-{file.pk}.csv")

    def empty(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """A table with our columns and nothing in it."""
        check_runs_hotline(me(request))
        if kind == "json":
            return _saved(json_lines([dict.fromkeys(COLUMNS, "")]), "work-orders.json")
        return _saved(csv_lines([[heading(field) for field in COLUMNS]]), "work-orders.csv")

    def results(self, request: HttpRequest) -> HttpResponseBase:
        """First contact, result and closing text of a period, for the hotline's own system."""
        check_runs_hotline(me(request))

        def saved(data: dict[str, Any]) -> HttpResponse:
            rows = operations.export_results(**data, by=me(request), at=clock.now())
            lines = csv_lines(as_table(rows)) if data["kind"] == "csv" else json_lines(rows)
            return _saved(lines, f"results-{data['first']}-{data['last']}.{data['kind']}")  # type: ignore[return-value]  # a stream

        today = clock.today()
        form = ExportForm(request.POST or None, initial={"first": today - timedelta(days=30), "last": today})
        return self.deed(request, title=_("Results for the hotline"), form=form, submit=_("Save as a file"), do=saved)


def _refusals_shown(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    return wraps(view)(shows_domain_errors(view))


def _columns() -> list[tuple[str, str, str]]:
    return [(heading(field), field, ", ".join(names[1:])) for field, names in COLUMNS.items()]


def _saved(lines: Iterator[bytes], name: str) -> StreamingHttpResponse:
    media_type = "application/json" if name.endswith("json") else "text/csv; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type=media_type, headers=headers)

"""The list: what is open, since when, whose it is, what to do next."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from escrow import clock
from escrow.money import yuan
from prepaid.backoffice.admin import steps
from prepaid.backoffice.forms import FilterForm
from prepaid.backoffice.models import Assignment
from prepaid.backoffice.queries import matters as queries
from prepaid.backoffice.queries.matters import Asked
from prepaid.people.access import me
from prepaid.people.admin_site import QueueItem, ReadOnlyAdmin, register_queue

A_PAGE = 50
#: What a spreadsheet would take for a formula (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@admin.register(Assignment)
class MatterAdmin(ReadOnlyAdmin):
    """Operators only, as ``backends.RoleBackend`` has it."""

    def get_urls(self) -> list[URLPattern]:
        """The steps beside the list; there is no page of one row."""
        pages = [
            path(route, self.admin_site.admin_view(steps.for_operators(self, view)), name=f"backoffice_{name}")
            for name, (route, view) in steps.PAGES.items()
        ]
        shown = [page for page in super().get_urls() if getattr(page, "name", "") == "backoffice_assignment_changelist"]
        return [*pages, *shown]

    def changelist_view(  # type: ignore[override]  # a file is streamed, which no page is
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Everything open, oldest first; ``file=csv`` is the same list to take along."""
        steps.check_operator(self, request)
        at = clock.now()
        form = FilterForm(request.GET)
        asked = form.asked()
        if request.GET.get("file") == "csv":
            return _file(asked, at)
        kinds = queries.tallies(Asked(owner=asked.owner, late=asked.late, words=asked.words), at=at)
        count = sum(tally.count for tally in kinds if asked.lane in {"", tally.source.lane})
        page = Paginator(range(count), A_PAGE).get_page(request.GET.get("page"))  # counted already, fetched below
        context = {
            **self.admin_site.each_context(request),
            "title": _("Open matters"),
            "opts": self.opts,
            "form": form,
            "asked": asked,
            "kinds": kinds,
            "everything": sum(tally.count for tally in kinds),
            "late": sum(tally.late for tally in kinds),
            "page": page,
            "matters": queries.matters(
                asked, at=at, among=kinds, start=max(0, page.start_index() - 1), stop=page.end_index()
            ),
            "at": at,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/backoffice/matters.html", context)


def _file(asked: Asked, at: Any) -> HttpResponseBase:
    """UTF-8 with its mark, which Excel needs; times in Beijing, sums in yuan."""
    writer = csv.writer(_Echo())
    heading = [_("Kind"), _("Number"), _("Merchant"), _("Sum (yuan)"), _("Since"), _("Too old"), _("In charge"), _("Remark")]  # fmt: skip

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(heading)
        for matter in queries.every_matter(asked, at=at):
            yield writer.writerow(
                _plain(str(cell))
                for cell in (
                    matter.source.title,
                    matter.label,
                    matter.merchant or "",
                    yuan(matter.fen) if matter.fen is not None else "",
                    f"{matter.since.astimezone(clock.BEIJING):%Y-%m-%d %H:%M}",
                    _("yes") if matter.late else "",
                    matter.owner.get_full_name() if matter.owner else "",
                    matter.remark,
                )
            )

    name = f"open-matters-{clock.beijing_date(at).isoformat()}.csv"
    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """The line."""
        return text


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


@register_queue
def open_matters(request: HttpRequest) -> list[QueueItem]:
    """How many of each kind, with the moment from which the oldest is too old."""
    if not me(request).is_platform_operator:
        return []
    page = reverse("admin:backoffice_assignment_changelist")
    return [
        QueueItem(
            title=f"{tally.source.title}: {tally.count}",
            url=f"{page}?lane={tally.source.lane}",
            lane=_("Operations"),
            due_at=tally.oldest + tally.source.late_after,
            note=_("%(count)s too old") % {"count": tally.late} if tally.late else "",
        )
        for tally in queries.tallies(Asked(), at=clock.now())
    ]

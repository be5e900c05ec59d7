"""Reconciliation as operators see it: the days, what differs in one, files from banks, and files for them."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from escrow import audit, clock, reconciliation
from escrow import operations as escrow
from escrow.bank_files import from_bytes
from escrow.errors import DomainError, NotFound
from escrow.models import (
    BankFile,
    BankFormat,
    ChannelBillLine,
    ClearingAlarm,
    InstructionBatch,
    StatementLine,
    TieOut,
)
from escrow.money import yuan
from prepaid.backoffice import operations
from prepaid.backoffice.admin.steps import check_operator
from prepaid.backoffice.forms import BatchForm, FileForm
from prepaid.backoffice.models import CustodyFile
from prepaid.backoffice.queries import books
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin
from prepaid.people.forms import RevealForm

A_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Pages(ReadOnlyAdmin):
    """An operators' page with further pages beside its list: ``pages`` are (route, name, view)."""

    pages: tuple[tuple[str, str, Any], ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """The further pages first: their routes are words, a row's is a number."""

        def guarded(view: Any) -> Any:
            def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
                check_operator(self, request)
                try:
                    return view(request, page=self, **kwargs)
                except NotFound as error:
                    raise Http404 from error

            return self.admin_site.admin_view(shown)

        return [path(route, guarded(view), name=f"backoffice_{name}") for route, name, view in self.pages] + (
            super().get_urls()
        )

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        """A page of ours in the administration's frame."""
        context |= {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, [f"admin/backoffice/{template}.html", f"admin/{template}.html"], context)


def download(raw: bytes, *, name: str, media_type: str) -> HttpResponse:
    """A file to save."""
    return HttpResponse(raw, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def a_day(text: str, otherwise: date) -> date:
    """The day in an address; what is none is another day, not an error."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


class Differing(admin.SimpleListFilter):
    """Days that do not tie out."""

    title = gettext_lazy("difference")
    parameter_name = "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """One choice beside all."""
        return [("1", _("with a difference"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The differing ones."""
        return queryset.filter(reconciliation.differing()) if self.value() == "1" else queryset


@require_GET
def export(request: HttpRequest, page: Pages) -> HttpResponse:
    """The last month as a workbook."""
    at = clock.now()
    until = a_day(request.GET.get("until", ""), clock.beijing_date(at))
    since = a_day(request.GET.get("since", ""), until - timedelta(days=31))
    raw = books.workbook(since=max(since, until - timedelta(days=366)), until=until, at=at)
    return download(raw, name=f"reconciliation-{until}.xlsx", media_type=XLSX)


@require_POST
def check_now(request: HttpRequest, page: Pages) -> HttpResponse:
    """Tie out without waiting for the clock."""
    at = clock.now()
    rows, alarms = escrow.tie_out_lately(at=at), escrow.watch_clearing(at=at)
    messages.success(request, _("%(rows)s days checked, %(alarms)s alarms.") % {"rows": rows, "alarms": alarms})
    return redirect("admin:escrow_tieout_changelist")


@admin.register(TieOut)
class TieOutAdmin(Pages):
    """The days, and what differs in one."""

    list_display = ["day", "custody", "ledger", "bank", "difference", "unmatched"]
    list_filter = [Differing, "day"]
    search_fields = ["=beneficiary__custody_no"]
    ordering = ["-day", "beneficiary_id"]
    change_list_template = "admin/backoffice/days.html"
    pages = (
        ("export/", "reconciliation_xlsx", export),
        ("check/", "check_now", check_now),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TieOut]:
        """With whose account it is."""
        return super().get_queryset(request).select_related("beneficiary")

    @admin.display(description=gettext_lazy("custody account"), ordering="beneficiary__custody_no")
    def custody(self, row: TieOut) -> str:
        """Whose it is."""
        return row.beneficiary.custody_no

    @admin.display(description=gettext_lazy("ledger (yuan)"), ordering="ledger_fen")
    def ledger(self, row: TieOut) -> str:
        """Fen as yuan."""
        return yuan(row.ledger_fen)

    @admin.display(description=gettext_lazy("bank (yuan)"), ordering="bank_fen")
    def bank(self, row: TieOut) -> str:
        """Fen as yuan."""
        return "–" if row.bank_fen is None else yuan(row.bank_fen)

    @admin.display(description=gettext_lazy("difference (yuan)"))
    def difference(self, row: TieOut) -> str:
        """Bank less ledger; nothing when they agree."""
        return yuan(row.off_fen) if row.off_fen else "–"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with what is wrong elsewhere above it."""
        return super().changelist_view(
            request,
            {
                "title": _("Reconciliation"),
                "alarms": ClearingAlarm.objects.filter(cleared_at=None).count(),
                "unmatched": reconciliation.unmatched_lines().count(),
                "differing": TieOut.objects.filter(reconciliation.differing()).count(),
                "broken": len(reconciliation.broken_statements()),
                **(extra_context or {}),
            },
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One day of one merchant: the lines that differ, and what the ledger waits for."""
        check_operator(self, request)
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        at = clock.now()
        lines = list(reconciliation.unmatched_lines(until=row.day, beneficiary_id=row.beneficiary_id)[:500])
        shown = zip(lines, books.why(lines), strict=True)
        return self.page(
            request,
            "day",
            title=f"{row.day} · {row.beneficiary.custody_no}",
            row=row,
            merchant=books.merchants([row.beneficiary_id]).get(row.beneficiary_id),
            lines=[(line, reason, max(0, (clock.beijing_date(at) - line.day).days)) for line, reason in shown],
            awaited=[(one, one.age_days(at)) for one in reconciliation.awaited_lines(row.beneficiary_id)[:500]],
            broken=reconciliation.broken_statements(accounts=[row.beneficiary.custody_no]),
        )


@require_GET
def city_file(request: HttpRequest, page: Pages, ref: int) -> HttpResponse:
    """A day's file as it was written."""
    file = CustodyFile.objects.filter(pk=ref).first()
    if file is None:
        raise NotFound()
    return download(bytes(file.content), name=str(file), media_type="text/csv; charset=utf-8")


@admin.register(CustodyFile)
class CustodyFileAdmin(Pages):
    """What was told the city's custody platform, day by day."""

    list_display = ["day", "rows", "made_at", "sha256", "file"]
    search_fields = ["=sha256"]
    ordering = ["-day"]
    exclude = ["content"]
    pages = (("<int:ref>/file/", "city_file", city_file),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustodyFile]:
        """Without the files themselves."""
        return super().get_queryset(request).defer("content")

    @admin.display(description=gettext_lazy("file"))
    def file(self, row: CustodyFile) -> str:
        """To take along."""
        return format_html('<a href="{}">{}</a>', reverse("admin:backoffice_city_file", args=[row.pk]), _("Download"))


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, page: Pages) -> HttpResponse:
    """A file is read, and shown with what it would do; nothing happens before the yes."""
    form = FileForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            given = form.cleaned_data["file"]
            try:
                file = escrow.upload_file(
                    content=given.file,
                    name=given.name,
                    bank=form.cleaned_data["bank"],
                    wanted=form.cleaned_data["format"],
                    at=clock.now(),
                    actor=me(request).actor,
                )
                return redirect("admin:escrow_bankfile_change", file.pk)
            except DomainError as error:
                form.add_error("file", str(error))
                status = error.http_status
    response = page.page(request, "upload", title=_("Upload a file"), form=form)
    response.status_code = status
    return response


@require_POST
def take(request: HttpRequest, page: Pages, ref: int) -> HttpResponse:
    """The yes."""
    try:
        file = escrow.import_file(file_id=ref, at=clock.now(), actor=me(request).actor, wait=False)
        messages.success(request, _("Imported: %(new)s new lines.") % {"new": file.new_lines})
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("admin:escrow_bankfile_change", ref)


@require_POST
def discard(request: HttpRequest, page: Pages, ref: int) -> HttpResponse:
    """The no."""
    escrow.discard_file(file_id=ref, at=clock.now(), actor=me(request).actor)
    messages.success(request, _("Discarded. Nothing was imported."))
    return redirect("admin:escrow_bankfile_changelist")


@never_cache
def line_people(request: HttpRequest, page: Pages, ref: int) -> HttpResponse:
    """Who stands on the other side of a line: ask why, write it down, then show."""
    line = StatementLine.objects.filter(pk=ref).first()
    if line is None:
        raise NotFound()
    title = line.bank_ref or str(line.pk)

    def show(data: dict[str, Any]) -> HttpResponse:
        shown = operations.reveal_line(line_id=ref, reason=data["reason"], by=me(request), at=clock.now())
        return page.page(request, "line_people", title=title, line=shown)

    return page.deed(
        request,
        title=title,
        form=RevealForm(request.POST or None),
        submit=_("Write it down and show"),
        do=show,
        about=[(_("Day"), line.day), (_("Sum"), yuan(line.amount_fen))],
    )


@admin.register(BankFile)
class BankFileAdmin(Pages):
    """Files that were uploaded; one that waits shows what it would do."""

    list_display = ["name", "kind", "bank", "lines", "new_lines", "uploaded_at", "imported_at"]
    list_filter = ["kind", "bank", ("imported_at", admin.EmptyFieldListFilter)]
    search_fields = ["=sha256", "name"]
    ordering = ["-id"]
    change_list_template = "admin/backoffice/files.html"
    pages = (
        ("upload/", "upload", upload),
        ("<int:ref>/import/", "import_file", take),
        ("<int:ref>/discard/", "discard_file", discard),
        ("lines/<int:ref>/people/", "line_people", line_people),
    )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Before the import: every line and what would become of it. Afterwards: what became of its lines."""
        check_operator(self, request)
        file = self.get_object(request, object_id)
        if file is None:
            raise Http404
        outcome = None
        if file.content is not None:
            try:
                outcome = reconciliation.outcome(file, content=from_bytes(file.content))
            except DomainError as error:  # the bank's mapping has changed since the upload
                messages.error(request, str(error))
        today = clock.today()
        shown: list[Any] = [(one, one.age_days(today)) for one in outcome.lines] if outcome else []
        kept = StatementLine.objects.filter(file=file).order_by("day", "id") if file.imported_at else []
        return self.page(
            request,
            "file",
            title=file.name,
            file=file,
            outcome=outcome,
            expected=sum(1 for one, _age in shown if one.why is None),
            listed=sum(1 for one, _age in shown if one.why is not None),
            known=sum(1 for one, _age in shown if one.row is not None),
            page=Paginator(shown or list(kept), A_PAGE).get_page(request.GET.get("page")),
            bill=Paginator(file.bill_lines.order_by("id"), A_PAGE).get_page(request.GET.get("page")),
        )


@admin.register(BankFormat)
class BankFormatAdmin(ReadOnlyAdmin):
    """How each bank's table is to be read. Operators keep it themselves; every change stands in the audit trail."""

    list_display = ["bank", "name", "encoding", "header_row", "day", "balance"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators."""
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Operators."""
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: BankFormat, form: Any, change: bool) -> None:
        """With its audit row, in the view's transaction."""
        super().save_model(request, obj, form, change)
        audit.record(
            actor=me(request).actor,
            action="backoffice.bank_format",
            target=f"bankformat:{obj.pk}",
            after={name: str(form.cleaned_data.get(name, "")) for name in form.changed_data},
            at=clock.now(),
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail has it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail has it."""


@admin.register(ClearingAlarm)
class ClearingAlarmAdmin(ReadOnlyAdmin):
    """Accounts that did not return to zero in time."""

    list_display = ["code", "channel", "custody", "amount", "since", "raised_at", "cleared_at"]
    list_filter = [("cleared_at", admin.EmptyFieldListFilter), "code"]
    list_select_related = ["beneficiary"]

    @admin.display(description=gettext_lazy("custody account"))
    def custody(self, row: ClearingAlarm) -> str:
        """Whose it is."""
        return row.beneficiary.custody_no

    @admin.display(description=gettext_lazy("amount (yuan)"))
    def amount(self, row: ClearingAlarm) -> str:
        """Fen as yuan."""
        return yuan(row.amount_fen)


@admin.register(ChannelBillLine)
class ChannelBillLineAdmin(ReadOnlyAdmin):
    """The channel's bill beside what we hold."""

    list_display = ["number", "kind", "channel", "day", "amount", "finding"]
    list_filter = ["finding", "kind", "channel"]
    search_fields = ["=number", "=channel_no"]
    ordering = ["-id"]

    @admin.display(description=gettext_lazy("amount (yuan)"))
    def amount(self, row: ChannelBillLine) -> str:
        """Fen as yuan."""
        return yuan(row.amount_fen)


@require_http_methods(["GET", "POST"])
def make_batch(request: HttpRequest, page: Pages) -> HttpResponse:
    """Orders that are due, into a file: from then on they are sent no other way."""

    def do(data: dict[str, Any]) -> HttpResponse:
        made = escrow.make_batch(channel=data["bank"], kind=data["kind"], at=clock.now(), actor=me(request).actor)
        if made is None:
            messages.info(request, _("Nothing is due for that bank."))
        else:
            messages.success(request, _("%(number)s: %(count)s orders.") % {"number": made.number, "count": made.count})
        return redirect("admin:escrow_instructionbatch_changelist")

    return page.deed(
        request,
        title=_("Make an instruction file"),
        form=BatchForm(request.POST or None),
        submit=_("Make the file"),
        do=do,
        about=[(_("Mind"), _("Orders in a file are not sent through the bank's interface any more."))],
    )


@require_POST
def batch_file(request: HttpRequest, page: Pages, ref: int) -> HttpResponse:
    """The file to hand in; it names accounts in full, so the audit trail keeps who took it."""
    xlsx = request.POST.get("format") == "xlsx"
    name, raw = escrow.export_batch(batch_id=ref, at=clock.now(), actor=me(request).actor, xlsx=xlsx)
    return download(raw, name=name, media_type=XLSX if xlsx else "text/csv; charset=utf-8")


@admin.register(InstructionBatch)
class InstructionBatchAdmin(Pages):
    """Files of orders for banks that take files."""

    list_display = ["number", "channel", "kind", "count", "sum", "made_at"]
    list_filter = ["kind", "channel"]
    search_fields = ["=number"]
    ordering = ["-id"]
    change_list_template = "admin/backoffice/batches.html"
    pages = (("make/", "make_batch", make_batch), ("<int:ref>/file/", "batch_file", batch_file))

    @admin.display(description=gettext_lazy("sum (yuan)"))
    def sum(self, row: InstructionBatch) -> str:
        """Fen as yuan."""
        return yuan(row.sum_fen)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The orders of the file and what the bank has answered."""
        check_operator(self, request)
        batch = self.get_object(request, object_id)
        if batch is None:
            raise Http404
        lines = batch.lines.select_related("instruction").order_by("line_no")
        page = Paginator(lines, A_PAGE).get_page(request.GET.get("page"))
        return self.page(request, "batch", title=batch.number, batch=batch, page=page)

"""The officers' queue of reports, most urgent first, and what an officer does with one."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from complaints.cases.admin.deadline import countdown, end_of
from complaints.cases.filters import today_of
from complaints.cases.queries.file import authority
from complaints.evidence.views.serving import handed_out
from complaints.off_custody import operations
from complaints.off_custody.filters import ReportStageFilter
from complaints.off_custody.forms import ResultForm, RevealForm
from complaints.off_custody.models import OffCustodyReport
from complaints.off_custody.queries import by_urgency, lead_serves, others_on, reports_for, to_do
from escrow import clock
from escrow.errors import DomainError
from prepaid.people.access import me, shows_domain_errors
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue


@admin.register(OffCustodyReport)
class OffCustodyReportAdmin(PostScopedAdmin):
    """By the post, as cases are; how many stand against one merchant is said beside its name."""

    search_kind = "off_custody"
    list_display = ("number", "deadline", "stage", "merchant_and_count", "kind", "place")
    list_filter = (ReportStageFilter, "kind")
    search_fields = ("number", "merchant__name")
    sortable_by = ()

    class Media:
        css = {"all": ["cases.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[OffCustodyReport]:
        """The officer's own queue, most urgent first."""
        return by_urgency(reports_for(me(request)), today=today_of(request))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Most urgent first."""
        return ("urgency", "due_on", "id")

    def found_note(self, obj: OffCustodyReport) -> str:
        """Against whom, and where it stands."""
        return f"{obj.merchant.name} · {obj.get_state_display()}"

    def get_urls(self) -> list[URLPattern]:
        """The deeds beside Django's own addresses."""
        wrap = self.admin_site.admin_view
        name = "off_custody_offcustodyreport"
        return [
            path("<int:pk>/take/", wrap(require_POST(self.take)), name=f"{name}_take"),
            path("<int:pk>/decide/", wrap(self.decide), name=f"{name}_decide"),
            path("<int:pk>/reveal/", wrap(never_cache(self.reveal)), name=f"{name}_reveal"),
            path("<int:pk>/photo/", wrap(require_safe(shows_domain_errors(self.photo))), name=f"{name}_photo"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue, under the name of the post it belongs to."""
        title = me(request).post or _("All reports")
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One report."""
        return self._page(request, object_id)

    def take(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take it in charge."""
        report = self._report(request, pk)
        try:
            operations.take_in_charge(report_id=report.pk, officer=me(request), at=clock.now())
        except DomainError as error:
            return self._page(request, pk, error=error)
        messages.success(request, _("You are in charge of this report."))
        return redirect("admin:off_custody_offcustodyreport_change", pk)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what was found."""
        report = self._report(request, pk)

        def decided(data: dict[str, Any]) -> HttpResponse:
            operations.decide(report_id=report.pk, officer=me(request), at=clock.now(), **data)
            messages.success(request, _("Decided. Whoever reported sees the result by their link."))
            return redirect("admin:off_custody_offcustodyreport_change", pk)

        form = ResultForm(request.POST or None)
        about = self._about(report)
        return self.deed(
            request, title=_("Result of the report"), form=form, submit=_("Decide"), do=decided, about=about
        )

    def reveal(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the reporter's number once."""
        report = self._report(request, pk)

        def shown(data: dict[str, Any]) -> HttpResponse:
            phone = operations.reveal_phone(report_id=report.pk, officer=me(request), at=clock.now(), **data)
            return self._page(request, pk, phone=phone)

        about = [*self._about(report), (_("Telephone"), report.phone_masked or "–")]
        title, submit = _("Show the telephone number"), _("Write it down and show")
        form = RevealForm(request.POST or None)
        return self.deed(request, title=title, form=form, submit=submit, do=shown, about=about)

    def photo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The photo; who looked is written down."""
        report = operations.read_photo(report_id=pk, officer=me(request), at=clock.now())
        assert report.photo is not None  # or it was not found
        return handed_out(report.photo, name=report.number)

    def _report(self, request: HttpRequest, pk: int | str) -> OffCustodyReport:
        found = self.get_queryset(request).filter(pk=pk).first() if str(pk).isdecimal() else None
        if found is None:
            raise Http404
        return found

    def _about(self, report: OffCustodyReport) -> list[tuple[str, Any]]:
        return [
            (_("Report"), report.number),
            (_("Merchant"), report.merchant.name),
            (pgettext("paid", "How"), report.get_kind_display()),
        ]

    def _page(
        self, request: HttpRequest, pk: int | str, *, error: DomainError | None = None, phone: str = ""
    ) -> HttpResponse:
        report, officer = self._report(request, pk), me(request)
        others = others_on(report, officer=officer)
        taken = report.lead_officer_id is not None and lead_serves(report, at=clock.now())
        context = {
            **self.admin_site.each_context(request),
            "title": report.number,
            "opts": self.opts,
            "report": report,
            "owner": authority(report.lead_department, report.lead_district),
            "countdown": countdown(report.due_on, at=clock.now()),
            "others": others,
            "leads": report.is_undecided and report.lead_officer_id == officer.pk,
            "may_take": report.is_undecided and officer.post is not None and not taken,
            "phone": phone,
            "error": error,
        }
        status = error.http_status if error else 200
        return render(request, "admin/off_custody/report.html", context, status=status)

    @admin.display(description=gettext_lazy("deadline"))
    def deadline(self, report: Any) -> SafeString | str:
        """A countdown that says when it is urgent; nothing once decided."""
        return countdown(report.due_on, at=clock.now()) if report.is_undecided else "–"

    @admin.display(description=gettext_lazy("stage"))
    def stage(self, report: OffCustodyReport) -> SafeString:
        """The state in a word, and who is in charge."""
        lead = report.lead_officer.display_name if report.lead_officer else ""
        return format_html(
            '<span class="badge badge-{}">{}</span> <span class="case-under">{}</span>',
            "info" if report.is_undecided else "plain",
            report.get_state_display(),
            lead,
        )

    @admin.display(description=gettext_lazy("merchant"))
    def merchant_and_count(self, report: Any) -> SafeString:
        """The merchant, and the way to all reports on it when there are more."""
        if report.against < 2:
            return format_html("{}", report.merchant.name)
        page = reverse("admin:off_custody_offcustodyreport_changelist")
        return format_html(
            '{} <a class="case-under" href="{}">{}</a>',
            report.merchant.name,
            f"{page}?stage=all&merchant__id__exact={report.merchant_id}",
            _("%(count)s reports on it") % {"count": report.against},
        )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """All reports on one merchant are one address."""
        return lookup == "merchant__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]  # as Django passes it

    @admin.display(description=gettext_lazy("place"))
    def place(self, report: OffCustodyReport) -> SafeString:
        """District and store."""
        store = report.store.name if report.store else ""
        return format_html('{} <span class="case-under">{}</span>', report.district, store)


@register_queue
def waiting_reports(request: HttpRequest) -> list[QueueItem]:
    """The official's part of the work queue: reports that nobody leads yet, and their own."""
    return [
        QueueItem(
            title=f"{report.number} · {report.merchant.name}",
            url=reverse("admin:off_custody_offcustodyreport_change", args=[report.pk]),
            lane=gettext_lazy("Money outside custody"),
            due_at=end_of(report.due_on),
            note=report.get_state_display(),
        )
        for report in to_do(me(request))
    ]

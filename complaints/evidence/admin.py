"""The officers' side: add to a case one leads, look at what both sides have added. Each look is written down."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.cases.queries.scope import cases_for
from complaints.cases.states import EvidenceSide
from complaints.evidence import operations
from complaints.evidence.forms import OfficerEvidenceForm
from complaints.evidence.models import Evidence
from complaints.evidence.queries import for_officer
from complaints.evidence.views.parties import said_of
from complaints.evidence.views.serving import handed_out, most_bytes
from escrow import clock
from prepaid.people.access import me, shows_domain_errors
from prepaid.people.admin_site import PostScopedAdmin
from prepaid.people.uploads import takes_files


@admin.register(Evidence)
class EvidenceAdmin(PostScopedAdmin):
    """Photos and documents of the cases somebody may read; reached from the case."""

    list_display = ("case", "side", "kind", "at")
    list_select_related = ("case", "file", "added_by")
    fields = ("case", "side", "kind", "sha256", "added_by", "at")
    readonly_fields = ("kind",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without what is in them."""
        return for_officer(me(request)).select_related("case", "added_by")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Not on the first page: the way leads through the case."""
        return False

    @admin.display(description=gettext_lazy("kind"))
    def kind(self, evidence: Evidence) -> str:
        """Photo or PDF."""
        return evidence.file.get_kind_display()

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the form for a case, and the files."""
        wrap = self.admin_site.admin_view
        look = wrap(require_safe(shows_domain_errors(self.look)))
        return [
            path(
                "case/<int:case_id>/add/",
                wrap(takes_files(most_bytes)(never_cache(self.add))),
                name="evidence_evidence_add_to",
            ),
            path("<int:pk>/file/", look, name="evidence_evidence_file"),
            path("<int:pk>/preview/", look, {"preview": True}, name="evidence_evidence_preview"),
            *super().get_urls(),
        ]

    def look(self, request: HttpRequest, pk: int, preview: bool = False) -> HttpResponse:
        """One file, or its preview."""
        found = operations.read_as_officer(evidence_id=pk, officer=me(request), preview=preview, at=clock.now())
        return handed_out(found.file, name=f"{found.case.number}-{pk}", preview=preview)

    def add(self, request: HttpRequest, case_id: int) -> HttpResponse:
        """Add what a side handed over, or what was found; for the officer in charge."""
        case = cases_for(officer=me(request)).filter(pk=case_id).first()
        if case is None:
            raise Http404

        def added(data: dict[str, Any]) -> HttpResponse:
            rows = operations.add_as_officer(
                number=case.number,
                officer=me(request),
                side=EvidenceSide(data["side"]),
                files=data["photos"],
                at=clock.now(),
            )
            messages.success(request, said_of(rows))
            return redirect("admin:cases_case_change", case.pk)

        form = OfficerEvidenceForm(request.POST, request.FILES) if request.method == "POST" else OfficerEvidenceForm()
        return self.deed(
            request,
            title=_("Add photos or documents"),
            form=form,
            submit=_("Add to the file"),
            do=added,
            about=[(_("Complaint"), case.number), (_("Merchant"), case.against)],
        )

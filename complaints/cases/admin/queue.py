"""The officers' queue, most urgent first. Nothing is saved here: every change goes through an operation."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from complaints.cases.admin import deciding, pages, papers
from complaints.cases.admin.deadline import countdown_of, end_of
from complaints.cases.admin.life import LifeAdmin
from complaints.cases.filters import DistrictFilter, DueFilter, SectorFilter, StageFilter, sees_the_city
from complaints.cases.models import Case, TimeLimit
from complaints.cases.queries.queue import by_urgency, to_do
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import CaseState
from escrow import clock
from escrow.errors import DomainError
from prepaid.people.access import me
from prepaid.people.admin_site import QueueItem, ReadOnlyAdmin, register_queue
from prepaid.people.models import User


@admin.register(Case)
class CaseAdmin(LifeAdmin):
    search_kind = "cases"
    list_display = ("number", "deadline", "stage", "against", "place", "asked")
    list_filter = (StageFilter, DueFilter, DistrictFilter, SectorFilter)
    search_fields = ("number", "foreign_number", "merchant__name", "outside__merchant_name", "card__number")
    search_help_text = _("Number of the complaint or the card, name of the merchant, or the complainant's phone")
    sortable_by = ()

    class Media:
        css = {"all": ["cases.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """The officer's own queue, most urgent first: their department, in their district or in the city."""
        return by_urgency(cases_for(officer=me(request)))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Most urgent first, whatever the model's own order is."""
        return ("urgency", "due_on", "due_at", "id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """A whole phone number finds its owner's complaints; it is stored encrypted, so a part of it finds nothing."""
        try:
            person = User.objects.by_phone(search_term) if search_term else None
        except DomainError:
            person = None
        if person is not None:
            return queryset.filter(complainant=person), False
        return super().get_search_results(request, queryset, search_term)

    def found_note(self, obj: Case) -> str:
        """Against whom, and where it stands."""
        return f"{obj.against} · {obj.stage}"

    def get_urls(self) -> list[URLPattern]:
        """The actions of a file beside Django's own addresses."""
        actions = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"cases_case_{name}")
            for name, view in {**pages.ACTIONS, "decide": deciding.decide, **papers.ACTIONS}.items()
        ]
        actions += [
            path(
                "<int:pk>/documents/<int:document>/",
                self.admin_site.admin_view(papers.document),
                name="cases_case_document",
            )
        ]
        return [*actions, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue, under the name of the post it belongs to."""
        title = me(request).post or _("All complaints")
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The file of one case."""
        return pages.file(request, object_id)

    @admin.display(description=_("deadline"))
    def deadline(self, case: Any) -> SafeString | str:
        """A countdown that says when it is urgent: to the decision, then to the money."""
        return countdown_of(case, at=clock.now())

    @admin.display(description=_("stage"))
    def stage(self, case: Case) -> SafeString:
        """The state in a word, and who is in charge."""
        colour = "info" if case.is_undecided else ("ok" if case.state == CaseState.EXECUTING else "plain")
        lead = case.lead_officer.display_name if case.lead_officer else ""
        return format_html(
            '<span class="badge badge-{}">{}</span> <span class="case-under">{}</span>',
            colour,
            case.stage,
            lead,
        )

    @admin.display(description=_("merchant"))
    def against(self, case: Case) -> SafeString:
        """The merchant and its sector."""
        sector = case.sector.name if case.sector else ""
        return format_html('{} <span class="case-under">{}</span>', case.against, sector)

    @admin.display(description=_("place"))
    def place(self, case: Case) -> SafeString:
        """District and subdistrict."""
        street = case.subdistrict.name if case.subdistrict else ""
        return format_html('{} <span class="case-under">{}</span>', case.district or "", street)

    @admin.display(description=_("asked for"))
    def asked(self, case: Case) -> str:
        """What the consumer asked for, or contests."""
        return case.asked


@register_queue
def supervision_list(request: HttpRequest) -> list[QueueItem]:
    """For operators and posts for the whole city: the way to the supervision list, without asking what is on it."""
    if not sees_the_city(request):
        return []
    address = reverse("admin:cases_case_changelist")
    return [QueueItem(title=str(_("Supervision list")), url=f"{address}?stage=supervised", lane=_("Complaint"))]


@register_queue
def waiting_cases(request: HttpRequest) -> list[QueueItem]:
    """The official's part of the work queue: cases that nobody leads yet, and their own."""
    return [
        QueueItem(
            title=f"{case.number} · {case.against}",
            url=reverse("admin:cases_case_change", args=[case.pk]),
            lane=_("Complaint"),
            due_at=case.due_at or end_of(case.due_on),
            note=case.stage,
        )
        for case in to_do(officer=me(request))
    ]


@admin.register(TimeLimit)
class TimeLimitAdmin(ReadOnlyAdmin):
    list_display = ("code", "working_days", "days", "hours", "valid_from", "source", "mark")

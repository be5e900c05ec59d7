"""The officers' queue, most urgent first. Nothing is saved here: every change goes through an operation."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from complaints.cases.admin import bulk, deciding, pages, papers, saved_filters
from complaints.cases.admin.deadline import countdown_of, end_of
from complaints.cases.admin.life import LifeAdmin
from complaints.cases.admin.long_list import Queue, QueuePaginator
from complaints.cases.filters import FILTERS, sees_the_city, tidy
from complaints.cases.models import Case, TimeLimit
from complaints.cases.queries.queue import by_urgency, to_do, with_number
from complaints.cases.queries.saved_filters import filters_of
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import BulkKind, CaseState
from escrow import clock
from escrow.errors import DomainError
from prepaid.people.access import me
from prepaid.people.admin_site import QueueItem, ReadOnlyAdmin, register_queue
from prepaid.people.models import User


@admin.register(Case)
class CaseAdmin(LifeAdmin):
    search_kind = "cases"
    list_display = ("number", "deadline", "stage", "against", "place", "asked")
    list_filter = FILTERS
    search_fields = ("number", "foreign_number", "merchant__name", "outside__merchant_name", "card__number")
    search_help_text = _("Number of the complaint or the card, name of the merchant, or the complainant's phone")
    sortable_by = ()
    paginator = QueuePaginator
    show_facets = admin.ShowFacets.NEVER  # they count everything

    class Media:
        css = {"all": ["cases.css"]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Queue]:
        """The queue's own."""
        return Queue

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Who holds a post may choose several cases; the deeds are those of ``bulk``."""
        if me(request).post is None:
            return {}
        return {kind.value: (bulk.ask, kind.value, kind.label) for kind in BulkKind}

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *where: Any) -> HttpResponse | None:
        """What is to be done to the chosen cases, to be confirmed; None, and a word, when it cannot be asked so."""
        chosen = request.POST.getlist("action")
        index = request.POST.get("index", "")
        kind = chosen[int(index)] if index in {str(place) for place in range(len(chosen))} else ""
        try:
            return bulk.ask(self, request, kind=kind, ids=bulk.ids_in(request.POST.getlist(ACTION_CHECKBOX_NAME)))
        except DomainError as error:
            messages.warning(request, str(error))
            return None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """The officer's own queue, most urgent first: their department, in their district or in the city."""
        return by_urgency(cases_for(officer=me(request)))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Most urgent first, whatever the model's own order is."""
        return ("urgency", "due_on", "due_at", "id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """A whole number (of the complaint, here or there, or of the card) finds just that, by an index; a whole phone number its
        owner's complaints (it is stored encrypted, so a part of it finds nothing); other words what contains them."""
        if numbered := with_number(search_term):
            return queryset.filter(pk__in=numbered), False
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
        return [*actions, *bulk.urls(self), *saved_filters.urls(self), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The queue, under the name of the post it belongs to. Without a question it opens the officer's own filter, if there is one."""
        user = me(request)
        saved = filters_of(owner=user)
        if request.method == "GET" and not request.META.get("QUERY_STRING"):
            for one in saved:
                if one.is_default:
                    return redirect(f"{reverse('admin:cases_case_changelist')}?{one.query}")
        query = tidy(request.META.get("QUERY_STRING", ""))
        context = {
            "title": user.post or _("All complaints"),
            "saved_filters": saved,
            "present_query": query,
            "bulk_kinds": BulkKind.choices,
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

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

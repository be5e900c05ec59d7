"""Calls to departments, as the department called in sees them: what is asked, the case while it is called, its report and answer."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.cases import operations
from complaints.cases.admin.deadline import end_of
from complaints.cases.admin.life_forms import AnswerCallForm
from complaints.cases.models import Assist
from complaints.cases.queries.assists import SHOWN, assists_for, with_what_is_shown
from complaints.cases.queries.file import owner_of
from complaints.cases.states import AssistState
from escrow import clock
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue, step


@admin.register(Assist)
class AssistAdmin(PostScopedAdmin):
    """The called department's own rows. Of the case it reads what helps to answer, the parties masked, and that while it is called."""

    list_display = ["number", "helper", "lead", "answer_by", "state", "late_at"]
    list_filter = ["state"]
    list_select_related = list(SHOWN)
    search_fields = ["=case__number"]
    fields = [
        "number", "lead", "helper", "asked", "called_by", "called_at", "answer_by", "state", "steps", "matter", "consumer", "merchant",
        "place", "reported_at", "reported_by", "answer", "answered_at", "answered_by", "late_at", "withdrawn_at",
    ]  # fmt: skip
    readonly_fields = ["number", "lead", "helper", "steps", "matter", "consumer", "merchant", "place"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What this user may read."""
        return with_what_is_shown(assists_for(user=me(request)))

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the report and the answer."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/report/", view(self.report), name="cases_assist_report"),
            path("<int:pk>/answer/", view(self.answer_page), name="cases_assist_answer"),
            *super().get_urls(),
        ]

    def report(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Somebody here has taken it up."""

        def reported(data: dict[str, Any]) -> HttpResponse:
            operations.report_in(assist_id=pk, officer=me(request), at=clock.now())
            messages.success(request, _("Reported. The lead has been told."))
            return redirect("admin:cases_assist_change", pk)

        form = Form(request.POST if request.method == "POST" else None)
        return self._page(request, pk, title=_("Report"), form=form, submit=_("We have taken it up"), do=reported)

    def answer_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer to the lead."""

        def answered(data: dict[str, Any]) -> HttpResponse:
            operations.answer_call(assist_id=pk, officer=me(request), text=data["text"], at=clock.now())
            messages.success(request, _("The lead reads your answer in the file."))
            return redirect("admin:cases_assist_change", pk)

        form = AnswerCallForm(request.POST or None)
        return self._page(request, pk, title=_("Answer to the lead"), form=form, submit=_("Answer"), do=answered)

    def _page(self, request: HttpRequest, pk: int, **page: Any) -> HttpResponse:
        assist = self.get_queryset(request).filter(pk=pk).first()
        if assist is None:
            raise Http404
        about = [
            (_("Complaint"), assist.case.number),
            (_("Lead"), self.lead(assist)),
            (_("Asked"), assist.asked),
            (_("Answer by"), assist.answer_by.isoformat()),
        ]
        return self.deed(request, about=about, **page)

    @admin.display(description=gettext_lazy("complaint"))
    def number(self, assist: Assist) -> str:
        """Of which case."""
        return assist.case.number

    @admin.display(description=gettext_lazy("lead"))
    def lead(self, assist: Assist) -> str:
        """Whom it answers to."""
        officer = assist.case.lead_officer
        return f"{owner_of(assist.case)} · {officer.display_name}" if officer else owner_of(assist.case)

    @admin.display(description=gettext_lazy("department called in"))
    def helper(self, assist: Assist) -> str:
        """Who is to help."""
        return assist.department.of(assist.district)

    @admin.display(description=gettext_lazy("what happened"))
    def matter(self, assist: Assist) -> str:
        """What the consumer wrote, while the department is called in."""
        return assist.case.text if assist.is_open else "–"

    @admin.display(description=gettext_lazy("consumer"))
    def consumer(self, assist: Assist) -> str:
        """Masked."""
        return assist.case.complainant.display_name if assist.is_open else "–"

    @admin.display(description=gettext_lazy("merchant"))
    def merchant(self, assist: Assist) -> str:
        """Whom it is about."""
        return assist.case.against if assist.is_open else "–"

    @admin.display(description=gettext_lazy("place"))
    def place(self, assist: Assist) -> str:
        """Where it is."""
        if not assist.is_open:
            return "–"
        case = assist.case
        names = (
            case.district and case.district.name,
            case.subdistrict and case.subdistrict.name,
            case.store and case.store.address,
            case.outside and case.outside.address,
        )
        return " · ".join(name for name in names if name)

    @admin.display(description=gettext_lazy("next"))
    def steps(self, assist: Assist) -> SafeString | str:
        """To the report, then to the answer; for the department itself."""
        if not assist.is_open:
            return "–"
        if assist.state == AssistState.CALLED:
            way = step("admin:cases_assist_report", _("Report …"), assist.pk, may=lambda user: user.is_regulator)
        else:
            way = step("admin:cases_assist_answer", _("Answer …"), assist.pk, may=lambda user: user.is_regulator)
        return format_html("{}", way or "–")


@register_queue
def waiting_calls(request: HttpRequest) -> list[QueueItem]:
    """The called department's part of the work queue."""
    user = me(request)
    if user.post is None:
        return []
    return [
        QueueItem(
            title=assist.case.number,
            url=reverse("admin:cases_assist_change", args=[assist.pk]),
            lane=_("Called in"),
            due_at=end_of(assist.answer_by),
            note=assist.get_state_display(),
        )
        for assist in assists_for(user=user).open().select_related("case").order_by("answer_by")[:50]
    ]

"""Groups of complaints: the wave about one merchant on one page, and one reply to all."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from complaints.cases import operations
from complaints.cases.forms import ReplyForm
from complaints.cases.models import CaseGroup
from complaints.cases.queries.groups import group_for, groups_for
from complaints.cases.queries.queue import by_urgency
from complaints.cases.queries.scope import cases_for
from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.people.access import me, shows_domain_errors
from prepaid.people.admin_site import PostScopedAdmin

#: So many cases of one group stand on its page; the rest is found in the list.
MOST = 100


@admin.register(CaseGroup)
class CaseGroupAdmin(PostScopedAdmin):
    list_display = ("name", "owner", "cases_open", "cases_all", "opened_at")
    search_fields = ("name",)
    search_help_text = _("Name of the merchant")
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseGroup]:
        """The groups of the officer's own queue."""
        return groups_for(officer=me(request))

    def get_urls(self) -> list[URLPattern]:
        """The reply beside Django's own addresses."""
        view = self.admin_site.admin_view(reply)
        return [path("<int:pk>/reply/", view, name="cases_casegroup_reply"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """All cases of one group and the form of the reply."""
        if not object_id.isdecimal():
            raise Http404
        return group_page(request, int(object_id))

    @admin.display(description=_("responsible"))
    def owner(self, group: CaseGroup) -> str:
        """朝阳区体育局."""
        return group.department.of(group.district)

    @admin.display(description=_("open"))
    def cases_open(self, group: CaseGroup) -> int:
        """Undecided cases."""
        return int(group.cases_open)  # type: ignore[attr-defined]  # annotated

    @admin.display(description=_("all"))
    def cases_all(self, group: CaseGroup) -> int:
        """All its cases."""
        return int(group.cases_all)  # type: ignore[attr-defined]  # annotated


def group_page(
    request: HttpRequest, pk: int, *, form: ReplyForm | None = None, error: DomainError | None = None
) -> HttpResponse:
    """One group: its cases by urgency, what was replied, the reply."""
    try:
        group = group_for(officer=me(request), group_id=pk)
    except NotFound as refused:
        raise Http404 from refused
    cases = by_urgency(cases_for(officer=me(request)).filter(group=group))
    context = {
        **admin.site.each_context(request),
        "title": group.name,
        "opts": CaseGroup._meta,
        "group": group,
        "cases": cases[:MOST],
        "most": MOST,
        "replies": group.replies.select_related("by"),
        "form": (form or ReplyForm()) if me(request).post is not None else None,
        "error": error,
    }
    status = error.http_status if error else (400 if form is not None else 200)
    return render(request, "admin/cases/casegroup/group.html", context, status=status)


@require_POST
@shows_domain_errors
def reply(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Tell all consumers of the group the same."""
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return group_page(request, pk, form=form)
    told = operations.reply_to_group(group_id=pk, officer=me(request), text=form.cleaned_data["text"], at=clock.now())
    said = ngettext("%(told)s consumer has been told.", "%(told)s consumers have been told.", told) % {"told": told}
    messages.success(request, said)
    return redirect(reverse("admin:cases_casegroup_change", args=[pk]))

"""An officer's own filters of the queue: kept, renamed, deleted, and the one the queue opens with."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from complaints.cases import operations
from complaints.cases.filters import in_words, known_to
from complaints.cases.forms import FilterForm, FilterNameForm
from complaints.cases.queries.saved_filters import filter_of
from escrow import clock
from prepaid.people.access import me, shows_domain_errors


def urls(page: Any) -> list[URLPattern]:
    """Keeping one, changing one, deleting one. ``page`` is the queue's."""
    view = page.admin_site.admin_view

    @shows_domain_errors
    def keep(request: HttpRequest) -> HttpResponseBase:
        """The query behind this address, under a name."""
        query = known_to(request, request.META.get("QUERY_STRING", ""), page)

        def kept(data: dict[str, Any]) -> HttpResponse:
            one = operations.keep_filter(owner=me(request), name=data["name"], query=query, at=clock.now())
            messages.success(request, _("Saved as “%(name)s”; it stands above the list.") % {"name": one.name})
            return _to_the_list(one.query)

        form = FilterNameForm(request.POST if request.method == "POST" else None)
        return page.deed(
            request,
            title=_("Save this filter"),
            form=form,
            submit=_("Save"),
            do=kept,
            about=in_words(request, query, page),
        )

    @shows_domain_errors
    def change(request: HttpRequest, pk: int) -> HttpResponseBase:
        """Another name, or the queue opens with it."""
        one = filter_of(owner=me(request), filter_id=pk)

        def changed(data: dict[str, Any]) -> HttpResponse:
            operations.change_filter(
                owner=me(request), filter_id=pk, name=data["name"], is_default=data["is_default"], at=clock.now()
            )
            messages.success(request, _("Saved."))
            return _to_the_list(one.query)

        form = FilterForm(
            request.POST if request.method == "POST" else None,
            initial={"name": one.name, "is_default": one.is_default},
        )
        delete_url = reverse("admin:cases_case_filter_delete", args=[pk])
        return page.deed(
            request,
            title=_("Saved filter"),
            form=form,
            submit=_("Save"),
            do=changed,
            about=in_words(request, one.query, page),
            other_url=delete_url,
            other_words=_("Delete this filter …"),
        )

    @shows_domain_errors
    def delete(request: HttpRequest, pk: int) -> HttpResponseBase:
        """No longer above the list."""
        one = filter_of(owner=me(request), filter_id=pk)

        def deleted(data: dict[str, Any]) -> HttpResponse:
            operations.delete_filter(owner=me(request), filter_id=pk, at=clock.now())
            messages.success(request, _("Deleted."))
            return _to_the_list("stage=undecided")

        return page.deed(
            request,
            title=_("Delete this filter"),
            form=Form(request.POST if request.method == "POST" else None),
            submit=_("Delete"),
            do=deleted,
            about=[(_("Name of the filter"), one.name), *in_words(request, one.query, page)],
        )

    return [
        path("filters/", view(keep), name="cases_case_filter_keep"),
        path("filters/<int:pk>/", view(change), name="cases_case_filter"),
        path("filters/<int:pk>/delete/", view(delete), name="cases_case_filter_delete"),
    ]


def _to_the_list(query: str) -> HttpResponse:
    return redirect(f"{reverse('admin:cases_case_changelist')}?{query}")

"""Several cases in one press: asked first, then done case by case, then a line for each."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from complaints.cases import operations
from complaints.cases.errors import NothingChosen, TooManyChosen
from complaints.cases.filters import today_of
from complaints.cases.forms import BulkForm
from complaints.cases.models import Case
from complaints.cases.queries.bulk import bulk_deed_of, colleagues_of, fits, lines_of
from complaints.cases.queries.queue import by_urgency
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import BulkKind
from escrow import clock
from escrow.errors import NotFound
from prepaid.people.access import me, shows_domain_errors

WARNINGS = {
    BulkKind.ACCEPT: _("You lead each of them to the end; this cannot be taken back, nor passed on."),
    BulkKind.ASSIGN: _("The colleague leads each of them to the end; this cannot be taken back."),
    BulkKind.URGE: _("Whoever is in charge gets a message for each; it cannot be taken back."),
}


def urls(page: Any) -> list[URLPattern]:
    """Doing, and what came of it."""
    view = page.admin_site.admin_view
    return [
        path("bulk/", view(do), name="cases_case_bulk"),
        path("bulk/<int:pk>/", view(report), name="cases_case_bulk_report"),
    ]


def ids_in(texts: Iterable[str]) -> list[int]:
    """Those of the texts that are numbers of rows. Raises ``TooManyChosen``."""
    found = {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 18}
    if len(found) > operations.MOST_AT_ONCE:
        raise TooManyChosen(most=operations.MOST_AT_ONCE)
    return sorted(found)


def ask(
    page: Any, request: HttpRequest, *, kind: str, ids: list[int], form: BulkForm | None = None, error: Any = None
) -> HttpResponse:
    """What is about to be done to which cases; nothing has happened yet.

    Raises:
        NothingChosen: no deed was named, or none of the cases is the officer's to see. NotFound: they hold no post.
    """
    officer = me(request)
    if officer.post is None:
        raise NotFound()
    cases = list(by_urgency(cases_for(officer=officer)).filter(pk__in=ids)) if kind in BulkKind.values else []
    if not cases:
        raise NothingChosen()
    deed = BulkKind(kind)
    context = {
        **admin.site.each_context(request),
        "title": deed.label,
        "opts": Case._meta,
        "kind": deed,
        "rows": [(case, fits(deed, case)) for case in cases],
        "warning": WARNINGS[deed],
        "form": form or _form(request, deed, {}),
        "error": error,
    }
    status = error.http_status if error else (400 if form is not None else 200)
    return render(request, "admin/cases/case/bulk.html", context, status=status)


def _form(request: HttpRequest, kind: BulkKind, data: Any) -> BulkForm:
    post = me(request).post
    colleagues = colleagues_of(post, on=today_of(request)) if kind == BulkKind.ASSIGN and post else None
    return BulkForm(data or None, colleagues=colleagues, initial={"kind": kind.value, "key": uuid.uuid4()})


@require_POST
@shows_domain_errors
def do(request: HttpRequest) -> HttpResponseBase:
    """One press: do it to each case, then show what came of each."""
    kind, ids = request.POST.get("kind", ""), ids_in(request.POST.getlist("case"))
    if kind not in BulkKind.values or me(request).post is None:
        raise NotFound()
    form = _form(request, BulkKind(kind), request.POST)
    if not form.is_valid():
        return ask(None, request, kind=kind, ids=ids, form=form)
    lead = form.cleaned_data.get("lead")
    try:
        deed = operations.begin_bulk(
            key=form.cleaned_data["key"],
            kind=BulkKind(kind),
            case_ids=ids,
            officer=me(request),
            lead_id=lead.pk if lead else None,
            at=clock.now(),
        )
    except NothingChosen as error:
        raise NotFound() from error  # none of them exists for this officer
    operations.carry_out(deed=deed, officer=me(request), at=clock.now())
    return redirect("admin:cases_case_bulk_report", deed.pk)


@shows_domain_errors
def report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What came of each case; posted to, it goes on where it broke off."""
    officer = me(request)
    deed = bulk_deed_of(officer=officer, deed_id=pk)
    if request.method == "POST":
        operations.carry_out(deed=deed, officer=officer, at=clock.now())
        return redirect("admin:cases_case_bulk_report", deed.pk)
    lines = lines_of(deed)
    context = {
        **admin.site.each_context(request),
        "title": deed.get_kind_display(),
        "opts": Case._meta,
        "deed": deed,
        "lines": lines,
        "done": sum(line.is_done for line in lines),
        "refused": sum(bool(line.refusal) for line in lines),
        "waiting": sum(line.tried_at is None for line in lines),
    }
    return render(request, "admin/cases/case/bulk_report.html", context)

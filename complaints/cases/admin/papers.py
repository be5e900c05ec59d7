"""The mediation and the documents of a case, for its officers: write the record, keep signed papers, issue, take away."""

from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.cases import operations
from complaints.cases.admin.pages import View, of_my_queue
from complaints.cases.filters import today_of
from complaints.cases.forms import MediationForm, SignatureForm
from complaints.cases.models import Case
from complaints.cases.queries.papers import papers_of
from complaints.cases.states import DocumentKind, Manner, Side
from complaints.cases.views.files import court_file, document_file, record_file
from escrow import clock
from escrow.errors import DomainError, InvalidAmount
from escrow.money import yuan
from prepaid.people.access import me


@of_my_queue
@require_http_methods(["GET", "POST"])
def papers(request: HttpRequest, case: Case) -> HttpResponse:
    """Everything about it on one page. A POST is the record of a mediation."""
    if request.method == "GET":
        return _page(request, case)
    form = MediationForm(request.POST)
    if not form.is_valid():
        return _page(request, case, form=form)
    try:
        operations.record_mediation(
            number=case.number, officer=me(request), record=_record(form.cleaned_data), at=clock.now()
        )
    except DomainError as error:
        field = "custody" if isinstance(error, InvalidAmount) else getattr(error, "field", None)
        if field is None:
            return _page(request, case, form=form, error=error)
        form.add_error(field, str(error))
        return _page(request, case, form=form)
    return _done(request, case, _("The record is in the file. Both sides have been asked to read it."))


@of_my_queue
@require_POST
def signature(request: HttpRequest, case: Case) -> HttpResponse:
    """A side has signed the record on paper."""
    form = SignatureForm(request.POST)
    if not form.is_valid():
        return _page(request, case, signature_form=form)
    try:
        operations.record_signature(
            number=case.number,
            officer=me(request),
            side=Side(form.cleaned_data["side"]),
            signed_on=form.cleaned_data["signed_on"],
            sha256=form.cleaned_data["sha256"],
            at=clock.now(),
        )
    except DomainError as error:
        return _page(request, case, error=error)
    return _done(request, case, _("The signature is in the file."))


@of_my_queue
@require_POST
def issue(request: HttpRequest, case: Case) -> HttpResponse:
    """Issue a document to both sides."""
    kind = request.POST.get("kind", "")
    if kind not in DocumentKind.values:
        raise Http404
    try:
        operations.issue_document(number=case.number, kind=DocumentKind(kind), officer=me(request), at=clock.now())
    except DomainError as error:
        return _page(request, case, error=error)
    return _done(request, case, _("Issued: both sides have their copies."))


@of_my_queue
@require_GET
def document(request: HttpRequest, case: Case, *, document: int) -> HttpResponse:
    """Either side's copy."""
    return document_file(request, case, document, side=None)


@of_my_queue
@require_GET
def record(request: HttpRequest, case: Case) -> HttpResponse:
    """The newest record, to be signed."""
    return record_file(request, case, side=None)


@of_my_queue
@require_GET
def court(request: HttpRequest, case: Case) -> HttpResponse:
    """The file for a court's confirmation."""
    return court_file(request, case, side=None)


def _page(
    request: HttpRequest,
    case: Case,
    *,
    form: Form | None = None,
    signature_form: Form | None = None,
    error: DomainError | None = None,
) -> HttpResponse:
    shown = papers_of(case, side=None, today=today_of(request))
    leads = case.lead_officer_id == me(request).pk
    newest = shown["newest"]
    writes = leads and case.is_undecided and case.refund_request is not None and not (newest and newest.is_confirmed)
    signs = leads and shown["waits"]
    invalid = bool((form and form.errors) or (signature_form and signature_form.errors))
    context = {
        **admin.site.each_context(request),
        **shown,
        "title": _("Mediation and documents of %(number)s") % {"number": case.number},
        "opts": Case._meta,
        "leads": leads,
        "form": (form or MediationForm(initial=_initial(case, newest))) if writes else None,
        "signature_form": (signature_form or SignatureForm(initial={"sha256": newest.sha256})) if signs else None,
        "error": error,
    }
    status = error.http_status if error else (400 if invalid else 200)
    return render(request, "admin/cases/case/papers.html", context, status=status)


def _initial(case: Case, newest: Any) -> dict[str, Any]:
    """What an open record says; else both sides' newest statements in the file, the complaint where the consumer made none."""
    if newest is not None and newest.is_open:
        named = ("manner", "place", "consumer_by", "merchant_by", "consumer_said", "merchant_said", "pay_by", "terms")
        sums = {
            name: yuan(fen) for name, fen in (("custody", newest.custody_fen), ("direct", newest.direct_fen)) if fen
        }
        facts = {name: getattr(newest, name) for name in named}
        return {**facts, **sums, "held_at": timezone.localtime(newest.held_at), "agreed": "yes"}
    said = {one.side: one.text for one in case.statements.order_by("id")}
    return {
        "held_at": timezone.localtime(clock.now()),
        "manner": Manner.IN_PERSON,
        "consumer_by": case.complainant.display_name,
        "merchant_by": case.against,
        "consumer_said": said.get(Side.CONSUMER, case.text),
        "merchant_said": said.get(Side.MERCHANT, ""),
    }


def _record(data: dict[str, Any]) -> operations.Record:
    same = ("held_at", "place", "consumer_by", "merchant_by", "consumer_said", "merchant_said", "pay_by", "terms")
    return operations.Record(
        manner=Manner(data["manner"]),
        custody_fen=data["custody"] or 0,
        direct_fen=data["direct"] or 0,
        failed_because=data["failed_because"],
        **{name: data[name] for name in same},
    )


def _done(request: HttpRequest, case: Case, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("admin:cases_case_papers", case.pk)


ACTIONS: dict[str, View] = {
    "papers": papers,
    "signature": signature,
    "issue": issue,
    "record": record,
    "court": court,
}

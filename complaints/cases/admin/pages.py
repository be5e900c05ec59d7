"""The file of one case and what the officer does in it. Each action is one operation, then back to the file."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.cases import operations
from complaints.cases.admin.deadline import countdown_of
from complaints.cases.filters import today_of
from complaints.cases.forms import (
    AssignForm,
    AuthorityForm,
    EndUnpaidForm,
    RecordForm,
    RepaidForm,
    TurnAwayForm,
)
from complaints.cases.models import Case
from complaints.cases.queries.callbacks import last_of
from complaints.cases.queries.file import (
    authority,
    charged_of,
    figures_of,
    money_of,
    next_step_of,
    owner_of,
    steps_of,
    timeline_of,
)
from complaints.cases.queries.life import life_of
from complaints.cases.queries.outside import with_earlier
from complaints.cases.queries.queue import colleagues_for
from complaints.cases.queries.scope import cases_for, linked, whole
from complaints.cases.queries.serving import lead_still_serves, may_be_assigned
from complaints.cases.queries.templates import Template, template_by, templates
from complaints.cases.states import CallResult, CaseState, Side
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.queries import districts, sectors
from prepaid.people.access import me, shows_domain_errors

Page = Callable[..., HttpResponse]
View = Callable[..., HttpResponseBase]


def of_my_queue(view: Page) -> View:
    """Give the view its case; one outside the officer's queue does not exist."""

    @wraps(view)
    @shows_domain_errors
    def found(request: HttpRequest, pk: int, **named: int) -> HttpResponse:
        return view(request, _case(request, pk), **named)

    return found


def _case(request: HttpRequest, pk: int | str) -> Case:
    cases = with_earlier(whole(cases_for(officer=me(request))))
    case = cases.filter(pk=pk).first() if str(pk).isdecimal() else None
    if case is None:
        raise Http404
    return linked(case)


def file(
    request: HttpRequest,
    pk: int | str,
    *,
    forms: dict[str, Form] | None = None,
    error: DomainError | None = None,
    phone: str = "",
) -> HttpResponse:
    """The whole case on one page. ``forms`` are those that came back with errors; ``phone`` was just revealed."""
    case = _case(request, pk)
    officer = me(request)
    today = today_of(request)
    leads = case.is_undecided and case.lead_officer_id == officer.pk
    # Who leads it and looks at it holds the post; anybody else may find that the lead has left.
    led_elsewhere = (
        officer.post is not None and case.lead_officer_id not in {None, officer.pk} and may_be_assigned(case)
    )
    orphaned = led_elsewhere and not lead_still_serves(case, at=clock.now())
    free = officer.post is not None and not case.lead_officer_id and case.state == CaseState.DISPATCHED
    owing = case.outcome.repayment if case.state == CaseState.EXECUTING and case.lead_officer_id == officer.pk else None
    status = error.http_status if error else (400 if forms else 200)
    money = money_of(case)
    context = {
        **admin.site.each_context(request),
        "title": case.number,
        "opts": Case._meta,
        "case": case,
        "error": error,
        "phone": phone,
        "owner": owner_of(case),
        "coordinator": authority(case.coordinator, case.district),
        "enforcer": authority(case.enforcer, case.district),
        "late": case.is_late(at=clock.now()),
        "countdown": countdown_of(case, at=clock.now()),
        "next_step": next_step_of(case, at=clock.now()),
        "steps": steps_of(case),
        "timeline": timeline_of(case),
        "outcome": getattr(case, "outcome", None),
        "earlier": getattr(case, "earlier_outcome", None),
        "callback": last_of(case),
        "money": money,
        "figures": figures_of(case, held_fen=money.held_fen, today=today),
        "leads": leads,
        "may_accept": free and case.district_id is not None,
        "record_form": _record_form(case, None, template_by(request.GET.get("template", ""))) if leads else None,
        "templates": templates(),
        "life": life_of(case, officer=officer, at=clock.now()),
        "charged": charged_of(case),
        "orphaned": orphaned,
        "assign_form": _assign_form(request, case, None) if free or orphaned else None,
        "sector_form": _authority_form(request, case, None) if free and case.undetermined else None,
        "turn_away_form": TurnAwayForm() if free and case.outside is not None else None,
        "repaid_form": RepaidForm() if owing else None,
        "end_unpaid_form": EndUnpaidForm() if owing and owing.due_on < today else None,
        "sides": Side,
        "call_results": CallResult,
        **(forms or {}),
    }
    return render(request, "admin/cases/case/file.html", context, status=status)


def _record_form(case: Case, data: Any, template: Template | None = None) -> RecordForm:
    initial = {"side": template.side, "text": template.text} if template else None
    form = RecordForm(data, prefix="record", initial=initial)
    if case.redemption is not None:
        del form.fields["offer"]  # a charge is withdrawn or decided, nothing is offered
    return form


def _assign_form(request: HttpRequest, case: Case, data: Any) -> AssignForm:
    form = AssignForm(data)
    form.fields["lead"].queryset = colleagues_for(case=case, on=today_of(request))  # type: ignore[attr-defined]  # a choice field
    return form


def _authority_form(request: HttpRequest, case: Case, data: Any) -> AuthorityForm:
    today = today_of(request)
    initial = {"sector": case.sector_id}
    known = sectors(on=today).exclude(code=operations.UNDETERMINED)
    return AuthorityForm(
        data, initial=initial, sectors=known, districts=districts(on=today) if case.district_id is None else None
    )


def done(request: HttpRequest, case: Case, sentence: str) -> HttpResponse:
    """Back to the file, with what was done in a sentence."""
    messages.success(request, sentence)
    return redirect("admin:cases_case_change", case.pk)


@of_my_queue
@require_POST
def accept(request: HttpRequest, case: Case) -> HttpResponse:
    """Take the case in charge."""
    try:
        operations.accept(number=case.number, officer=me(request), at=clock.now())
    except DomainError as error:
        return file(request, case.pk, error=error)
    return done(request, case, _("You are in charge of this case and lead it to the end."))


@of_my_queue
@require_POST
def assign(request: HttpRequest, case: Case) -> HttpResponse:
    """Put a colleague in charge."""
    form = _assign_form(request, case, request.POST)
    if not form.is_valid():
        return file(request, case.pk, forms={"assign_form": form})
    try:
        operations.assign(number=case.number, lead_id=form.cleaned_data["lead"].pk, officer=me(request), at=clock.now())
    except DomainError as error:
        return file(request, case.pk, error=error)
    return done(request, case, _("The officer in charge has been told."))


@of_my_queue
@require_POST
def sector(request: HttpRequest, case: Case) -> HttpResponse:
    """Determine whose matter a case is when that is not clear; it may leave this officer's queue."""
    form = _authority_form(request, case, request.POST)
    if not form.is_valid():
        return file(request, case.pk, forms={"sector_form": form})
    try:
        sent = operations.determine_authority(
            number=case.number,
            sector_code=form.cleaned_data["sector"],
            district_code=form.cleaned_data.get("district", ""),
            officer=me(request),
            at=clock.now(),
        )
    except DomainError as error:
        return file(request, case.pk, error=error)
    messages.success(request, _("%(number)s sent to %(owner)s.") % {"number": case.number, "owner": owner_of(sent)})
    return redirect("admin:cases_case_changelist")


@of_my_queue
@require_POST
def statement(request: HttpRequest, case: Case) -> HttpResponse:
    """Write down what a side said."""
    form = _record_form(case, request.POST)
    if not form.is_valid():
        return file(request, case.pk, forms={"record_form": form})
    try:
        operations.record_statement(
            number=case.number,
            officer=me(request),
            side=Side(form.cleaned_data["side"]),
            text=form.cleaned_data["text"],
            offer_fen=form.cleaned_data.get("offer"),
            at=clock.now(),
        )
    except DomainError as error:
        return file(request, case.pk, forms={"record_form": form}, error=error)
    return done(request, case, _("The statement is in the file."))


@of_my_queue
@require_POST
def call(request: HttpRequest, case: Case) -> HttpResponse:
    """Log a call: the button names the side and what came of it."""
    side, _dot, result = request.POST.get("call", "").partition(".")
    if side not in Side.values or result not in CallResult.values:
        raise Http404
    try:
        operations.log_call(
            number=case.number, officer=me(request), side=Side(side), result=CallResult(result), at=clock.now()
        )
    except DomainError as error:
        return file(request, case.pk, error=error)
    return done(request, case, _("The call is logged."))


@of_my_queue
@require_POST
def reveal(request: HttpRequest, case: Case) -> HttpResponse:
    """Show the complainant's telephone number once; the audit trail keeps who looked."""
    try:
        phone = operations.reveal_phone(
            number=case.number, reason=request.POST.get("reason", ""), officer=me(request), at=clock.now()
        )
    except DomainError as error:
        return file(request, case.pk, error=error)
    return file(request, case.pk, phone=phone)


@of_my_queue
@require_POST
def turn_away(request: HttpRequest, case: Case) -> HttpResponse:
    """Sort out what is no matter of prepaid consumption."""
    form = TurnAwayForm(request.POST)
    return _by_form(
        request,
        case,
        {"turn_away_form": form},
        operations.turn_away,
        _("The case is closed; the consumer has been told."),
    )


@of_my_queue
@require_POST
def repaid(request: HttpRequest, case: Case) -> HttpResponse:
    """The officer has seen the proof that the merchant paid."""
    form = RepaidForm(request.POST)
    return _by_form(
        request, case, {"repaid_form": form}, operations.record_repaid, _("The case is closed: the money is back.")
    )


@of_my_queue
@require_POST
def unpaid(request: HttpRequest, case: Case) -> HttpResponse:
    """End a case whose merchant did not pay by its day."""
    form = EndUnpaidForm(request.POST)
    return _by_form(
        request, case, {"end_unpaid_form": form}, operations.end_unpaid, _("The case is closed; the debt stays open.")
    )


def _by_form(
    request: HttpRequest, case: Case, forms: dict[str, Form], verb: Callable[..., object], said: str
) -> HttpResponse:
    """One operation with what its one form says, by the form's own names."""
    (form,) = forms.values()
    if not form.is_valid():
        return file(request, case.pk, forms=forms)
    try:
        verb(number=case.number, officer=me(request), at=clock.now(), **form.cleaned_data)
    except DomainError as error:
        return file(request, case.pk, error=error)
    return done(request, case, said)


ACTIONS: dict[str, View] = {
    "accept": accept,
    "assign": assign,
    "sector": sector,
    "statement": statement,
    "call": call,
    "reveal": reveal,
    "turn_away": turn_away,
    "repaid": repaid,
    "unpaid": unpaid,
}

"""The consumer's complaints: complain, follow, add, withdraw."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints.cases import operations
from complaints.cases.errors import CaseExists
from complaints.cases.forms import ChargeComplaintForm, ComplaintForm, StatementForm
from complaints.cases.models import Case
from complaints.cases.queries.callbacks import last_of, link_of
from complaints.cases.queries.file import charged_of, next_step_of, owner_of, steps_of, timeline_of
from complaints.cases.queries.mediations import waits_for
from complaints.cases.queries.scope import complaint_of, complaints_of
from complaints.cases.states import Side, Wanted
from escrow import clock
from escrow.errors import DomainError
from prepaid.cards import queries as cards
from prepaid.cards.states import Deed
from prepaid.people.access import me, shows_domain_errors

PAGE_LENGTH = 20


@login_required
@require_GET
def complaints(request: HttpRequest) -> HttpResponse:
    """All complaints of the signed-in person, each with its owner, deadline and next step."""
    page = Paginator(complaints_of(user=me(request)).order_by("-id"), PAGE_LENGTH).get_page(request.GET.get("page"))
    rows = [{"case": case, "owner": owner_of(case), "next": next_step_of(case, at=clock.now())} for case in page]
    return render(request, "consumer/complaints.html", {"page": page, "rows": rows})


@login_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Complain about a refund request that was refused or not answered."""
    refund_request = cards.request_of(user=me(request), request_id=pk)
    if request.method == "GET" and (case := Case.objects.filter(refund_request=refund_request).first()):
        return redirect("complaint_detail", case.number)
    form = ComplaintForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            case = operations.open_case(
                refund_request_id=pk,
                complainant=me(request),
                text=form.cleaned_data["text"],
                wanted=Wanted(form.cleaned_data["wanted"]),
                at=clock.now(),
            )
            messages.success(request, _("Your complaint %(number)s has been received.") % {"number": case.number})
            return redirect("complaint_detail", case.number)
        except CaseExists as error:
            messages.warning(request, str(error))
            return redirect("complaint_detail", error.details["number"])
        except DomainError as error:
            form.add_error(None, str(error))
            status = error.http_status
    elif request.method == "POST":
        status = 400
    return render(
        request, "consumer/complaint_start.html", {"form": form, "refund_request": refund_request}, status=status
    )


@login_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_about_charge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is wrong about a charge where a no alone does not end it."""
    charge = cards.redemption_of(user=me(request), redemption_id=pk, deed=Deed.DISPUTE)
    owns = charge.card.holder_id == me(request).pk
    if request.method == "GET":
        if not owns and not charge.is_waiting:  # the case is the holder's
            return redirect("redemption_confirm", pk)
        if case := Case.objects.filter(redemption=charge).first():
            return redirect("complaint_detail", case.number)
        if charge.no_ends_it or not charge.is_waiting:
            return redirect("redemption_confirm", pk)
    form = ChargeComplaintForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            case = operations.open_charge_case(
                redemption_id=pk, complainant=me(request), text=form.cleaned_data["text"], at=clock.now()
            )
            if not owns:
                messages.success(request, _("The complaint has been received. The card's holder follows it."))
                return redirect("redemption_confirm", pk)
            messages.success(request, _("Your complaint %(number)s has been received.") % {"number": case.number})
            return redirect("complaint_detail", case.number)
        except CaseExists as error:
            if not owns:
                return redirect("redemption_confirm", pk)
            messages.warning(request, str(error))
            return redirect("complaint_detail", error.details["number"])
        except DomainError as error:
            form.add_error(None, str(error))
            status = error.http_status
    elif request.method == "POST":
        status = 400
    return render(request, "consumer/complaint_charge.html", {"form": form, "charge": charge}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One complaint: owner, deadline, next step, what happened. A POST adds a statement."""
    form = StatementForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            operations.add_statement(
                number=number, complainant=me(request), text=form.cleaned_data["text"], at=clock.now()
            )
            messages.success(request, _("Your statement is in the file."))
            return redirect("complaint_detail", number)
        except DomainError as error:
            form.add_error(None, str(error))
            status = error.http_status
    elif request.method == "POST":
        status = 400
    case = complaint_of(user=me(request), number=number)
    today = clock.today()
    callback = last_of(case)
    context = {
        "case": case,
        "form": form,
        "owner": owner_of(case),
        "late": case.is_late(at=clock.now()),
        "next_step": next_step_of(case, at=clock.now()),
        "steps": steps_of(case),
        "timeline": timeline_of(case, side=Side.CONSUMER),
        "outcome": getattr(case, "outcome", None),
        "charged": charged_of(case),
        "earlier": getattr(case, "earlier_outcome", None),
        "to_confirm": waits_for(case, side=Side.CONSUMER),
        "callback": callback,
        "callback_open": callback is not None and callback.takes_answers(today=today),
        "callback_link": link_of(callback) if callback else "",
    }
    return render(request, "consumer/complaint_detail.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Ask, then withdraw."""
    case = complaint_of(user=me(request), number=number)
    error, status = None, 200
    if request.method == "POST":
        try:
            operations.withdraw(number=number, complainant=me(request), at=clock.now())
            said = _("Your complaint is withdrawn. The card can be used again.")
            if case.outside is not None:
                said = _("Your complaint is withdrawn.")
            elif case.redemption is not None:
                said = _("Your complaint is withdrawn. The charge counts as confirmed.")
            messages.success(request, said)
            return redirect("complaint_detail", number)
        except DomainError as refusal:
            error, status = refusal, refusal.http_status
    return render(request, "consumer/complaint_withdraw.html", {"case": case, "error": error}, status=status)

"""The merchant's charges that are not decided: what customers have not answered yet, and what they dispute."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError
from prepaid.cards import operations, queries
from prepaid.cards.forms import InsistForm
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember

PAGE_LENGTH = 20


@require_GET
@manager_page
def shop_charges(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Disputed charges first, then those that wait, each with what silence means and what can be done."""
    return _list(request, staff)


def _list(request: HttpRequest, staff: StaffMember, error: DomainError | None = None) -> HttpResponse:
    page = Paginator(queries.open_charges(staff=staff), PAGE_LENGTH).get_page(request.GET.get("page"))
    context = {"staff": staff, "page": page, "charges": queries.with_stoppages(list(page)), "error": error}
    return render(request, "merchant/charges.html", context, status=error.http_status if error else 200)


@require_POST
@manager_page
def shop_charge_withdraw(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Give up a charge that waits or is disputed."""
    try:
        charge = operations.undo_redemption(staff=staff, redemption_id=pk, at=clock.now(), actor=staff.user.actor)
    except DomainError as error:
        return _refused(request, staff, error)
    messages.success(request, charge.outcome)
    return redirect("shop_charges")


@require_http_methods(["GET", "POST"])
@manager_page
def shop_charge_insist(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Stand by a charge that waits, with the reason."""
    charge = queries.charge_at(staff=staff, redemption_id=pk)
    if charge is None:
        raise Http404
    form, error = InsistForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            operations.insist_on_redemption(
                staff=staff,
                redemption_id=pk,
                because=form.cleaned_data["because"],
                at=clock.now(),
                actor=staff.user.actor,
            )
        except DomainError as refusal:
            error = refusal
        else:
            messages.success(request, _("The customer has been told why you insist."))
            return redirect("shop_charges")
    status = error.http_status if error else (400 if form.errors else 200)
    context = {"staff": staff, "charge": charge, "form": form, "error": error}
    return render(request, "merchant/charge_insist.html", context, status=status)


def _refused(request: HttpRequest, staff: StaffMember, error: DomainError) -> HttpResponse:
    if error.http_status == 404:
        raise Http404 from error
    return _list(request, staff, error)

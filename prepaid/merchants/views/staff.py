"""Who works for the merchant."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants import operations, queries
from prepaid.merchants.access import manager_page
from prepaid.merchants.forms import StaffForm, refuse
from prepaid.merchants.models import StaffMember
from prepaid.people.access import me


@require_http_methods(["GET", "POST"])
@manager_page
def shop_staff(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Everybody who works here, and the form to add somebody."""
    form = StaffForm(request.POST or None, merchant_id=staff.merchant_id)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            typed = form.cleaned_data
            try:
                added = operations.add_staff(
                    by=staff,
                    phone=typed["phone"],
                    role=typed["role"],
                    store_id=int(typed["store"]) if typed["store"] else None,
                    at=clock.now(),
                    actor=me(request).actor,
                )
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("%(person)s can work here now.") % {"person": added.user.phone_masked})
                return redirect("shop_staff")
    context = {"staff": staff, "people": queries.staff_of(staff.merchant_id), "form": form}
    return render(request, "merchant/staff.html", context, status=status)


@require_POST
@manager_page
def shop_staff_end(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The person no longer works here."""
    operations.end_staff(by=staff, staff_id=pk, at=clock.now(), actor=me(request).actor)
    messages.success(request, _("Their access has ended."))
    return redirect("shop_staff")

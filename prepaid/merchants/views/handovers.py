"""A change of who runs the merchant, or where it is paid: what it causes is shown before it is reported."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants import bank_accounts, operations, queries
from prepaid.merchants.access import manager_page
from prepaid.merchants.forms import HandoverForm, refuse
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.people.access import me
from prepaid.people.models import masked_name

SHOWN = 20


@require_http_methods(["GET", "POST"])
@manager_page
def shop_handover(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Fill in, see what it causes, report; below, what was reported."""
    form = HandoverForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            report = {"by": staff, "facts": form.facts, "because": form.cleaned_data["because"]}
            try:
                if "report" not in request.POST:
                    handover = operations.check_handover(**report)
                    meaning = {"staff": staff, "form": form, "handover": handover, "rating": staff.merchant.rating}
                    return render(request, "merchant/handover_confirm.html", meaning)
                operations.report_handover(**report, at=clock.now(), actor=me(request).actor)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("Reported. Sales and payouts wait until two officials have verified it."))
                return redirect("shop_handover")
    rows = list(queries.handovers_of(staff.merchant)[:SHOWN])
    context = {
        "staff": staff,
        "form": form,
        "rows": rows,
        "is_owner": staff.role == StaffRole.OWNER,
        "waits": any(row.is_open for row in rows),
        "representative": masked_name(staff.merchant.legal_representative),
        "controller": masked_name(staff.merchant.controller) if staff.merchant.controller else "",
        "account": bank_accounts.masked(staff.merchant.beneficiary.payout_account_no),
    }
    return render(request, "merchant/handover.html", context, status=status)


@require_POST
@manager_page
def shop_handover_withdraw(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The change is not wanted any more, or another owner knows nothing of it."""
    operations.withdraw_handover(by=staff, handover_id=pk, at=clock.now(), actor=me(request).actor)
    messages.success(request, _("Withdrawn. Everything stays as it was, and sales go on."))
    return redirect("shop_handover")

"""The counter for customers without a smartphone: a code by SMS, and a receipt on paper."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.forms import SmsChargeForm, SmsCodeForm
from prepaid.cards.operations import Asked
from prepaid.cards.views.counter import FIELD_OF
from prepaid.merchants.access import counter_page
from prepaid.merchants.models import StaffMember


@require_http_methods(["GET", "POST"])
@counter_page
def counter_sms(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The card's number and what to charge; the code goes to its holder's phone."""
    choices: dict[str, Any] = {
        "stores": queries.counter_stores(staff=staff),
        "has_courses": queries.has_courses(staff=staff),
    }
    form = SmsChargeForm(request.POST or None, **choices)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            typed = form.cleaned_data
            asked = Asked(
                units=typed["units"],
                amount_fen=typed["amount"],
                lesson_class=typed.get("lesson_class", ""),
                lesson_on=typed.get("lesson_on"),
                store_id=typed.get("store"),
            )
            try:
                code = operations.send_sms_code(
                    staff=staff,
                    number=typed["number"],
                    asked=asked,
                    note=typed["note"],
                    at=clock.now(),
                    actor=staff.user.actor,
                )
                return redirect("counter_sms_code", code.pk)
            except NotFound:
                raise
            except DomainError as error:
                _refused(form, staff, error, typed.get("store"), "number")
                status = error.http_status
    return render(request, "merchant/counter_sms.html", {"staff": staff, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
@counter_page
def counter_sms_code(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """What the code was sent for, and the code as the customer reads it out."""
    at = clock.now()
    code = queries.sms_code_at(staff=staff, code_id=pk)
    form = SmsCodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            digits = form.cleaned_data["code"]
            try:
                charge = operations.charge_by_sms(staff=staff, code_id=pk, digits=digits, at=at, actor=staff.user.actor)
                return redirect("counter_receipt", charge.pk)
            except NotFound:
                raise
            except DomainError as error:
                _refused(form, staff, error, code.store_id, "code")
                status = error.http_status
                code = queries.sms_code_at(staff=staff, code_id=pk)
    context = {"staff": staff, "form": form, "sent": code, "over": code.is_over(at)}
    return render(request, "merchant/counter_sms_code.html", context, status=status)


@require_GET
@counter_page
def counter_receipt(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One charge on paper."""
    receipt = queries.receipt_of(staff=staff, redemption_id=pk, today=clock.today())
    return render(request, "merchant/receipt.html", {"staff": staff, "receipt": receipt, "charge": receipt.charge})


def _refused(form: Any, staff: StaffMember, error: DomainError, store_id: int | None, otherwise: str) -> None:
    """Beside the field it is about."""
    operations.count_refusal(staff=staff, store_id=store_id, at=clock.now())
    field = next((name for kind, name in FIELD_OF.items() if isinstance(error, kind)), otherwise)
    form.add_error(field if field in form.fields else None, str(error))

"""At the counter: prepare a purchase, which the customer makes on her own phone."""

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError
from escrow.models import blind_index
from prepaid.cards import operations, queries
from prepaid.cards.errors import StoreNotInContract
from prepaid.cards.forms import PreparedForm
from prepaid.merchants.access import counter_page
from prepaid.merchants.models import StaffMember
from prepaid.people.access import limited
from prepaid.products.queries import sellable_version, versions_on_sale

#: SMS of one member of staff, and to one number.
RATES = "60/d/user,3/d/key"


@require_GET
@counter_page
def shop_sell(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """What can be sold now, and what came of the purchases prepared here last."""
    context = {
        "staff": staff,
        "versions": versions_on_sale(staff.merchant_id),
        "prepared": queries.last_prepared(merchant_id=staff.merchant_id),
    }
    return render(request, "merchant/sell.html", context)


@require_http_methods(["GET", "POST"])
@counter_page
def shop_sell_product(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The code that the customer scans, or an SMS to her number."""
    queries.sold_here(version_id=pk, merchant_id=staff.merchant_id)
    version = sellable_version(pk, on=clock.today())
    if version.after_use and not queries.may_have_given(staff=staff, version=version):
        raise StoreNotInContract()
    form = PreparedForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            phone = form.cleaned_data["phone"]
            try:
                limited(request, action="send_prepared", rates=RATES, key=blind_index(phone))
                operations.send_prepared(
                    staff=staff, version=version, phone=phone, at=clock.now(), actor=staff.user.actor
                )
            except DomainError as error:
                form.add_error("phone", str(error))
                status = error.http_status
            else:
                messages.success(
                    request, _("The link is on its way. The customer reads, accepts and pays on her own phone.")
                )
                return redirect("shop_sell_product", version.pk)
    address = operations.prepared_address(staff=staff, version=version)
    qr = segno.make_qr(address, error="l").svg_inline(omitsize=True)
    context = {"staff": staff, "version": version, "form": form, "qr": mark_safe(qr)}  # noqa: S308 – drawn from our own address
    return render(request, "merchant/sell_product.html", context, status=status)

"""The merchant's stores: where its cards are redeemed."""

from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants import operations, queries
from prepaid.merchants.access import manager_page
from prepaid.merchants.forms import StoreForm, refuse
from prepaid.merchants.models import StaffMember, Store
from prepaid.people.access import me


@require_safe
@manager_page
def shop_stores(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """All stores of the merchant."""
    context = {"staff": staff, "rows": queries.stores_of(staff.merchant_id), "on": clock.today()}
    context["stopped"] = queries.stopped_at([staff.merchant])
    return render(request, "merchant/stores.html", context)


@require_http_methods(["GET", "POST"])
@manager_page
def shop_store_add(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """A new store."""
    return _store_page(request, staff, None)


@require_http_methods(["GET", "POST"])
@manager_page
def shop_store_edit(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Correct, move or close a store."""
    return _store_page(request, staff, queries.store_of(staff.merchant_id, pk))


@require_safe
@manager_page
def shop_store_poster(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """A sheet for the door. Nothing on it can become untrue: whether the store is filed, covered and selling stands on the page its
    code opens."""
    store = queries.store_of(staff.merchant_id, pk)
    address = settings.PUBLIC_URL + reverse("store_status", args=[store.pk])
    qr = segno.make_qr(address, error="q").svg_inline(omitsize=True)
    shown = {"address": address, "short_address": address.partition("://")[2]}
    context = {"staff": staff, "store": store, "merchant": staff.merchant, **shown}
    return render(request, "merchant/poster.html", {**context, "qr": mark_safe(qr)})  # noqa: S308 – drawn from our own address


def _store_page(request: HttpRequest, staff: StaffMember, store: Store | None) -> HttpResponse:
    """One form for both. An address that was not placed yet comes back with what was found, for correction."""
    form = StoreForm(request.POST or None, on=clock.today(), store=store)
    context = {"staff": staff, "store": store, "form": form}
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                if not form.is_placed and (placed := _placed(form)):
                    # A new address is shown with its place for correction before anything is saved.
                    context["form"] = StoreForm(placed, on=clock.today(), store=store)
                    return render(request, "merchant/store.html", {**context, "check_place": True})
                _save(request, staff, store, form)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("%(name)s was saved.") % {"name": form.cleaned_data["name"]})
                return redirect("shop_stores")
    return render(request, "merchant/store.html", context, status=status)


def _placed(form: StoreForm) -> QueryDict | None:
    """What was typed, with the subdistrict its address lies in; None when the person's own choice agrees, or nothing
    can be found to hold against it.

    Raises:
        AddressOutsideBeijing, AddressAmbiguous: nothing can be found and nothing was chosen.
    """
    typed = form.cleaned_data
    try:
        _district, found = queries.resolve_address(typed["address"], on=clock.today())
    except DomainError:
        if typed["subdistrict"]:
            return None
        raise
    if typed["subdistrict"] == found.pk:
        return None
    data = QueryDict(mutable=True)
    data.update(form.data)
    data["subdistrict"], data["placed"] = found.pk, typed["address"]
    return data


def _save(request: HttpRequest, staff: StaffMember, store: Store | None, form: StoreForm) -> None:
    common: dict[str, Any] = {"merchant_id": staff.merchant_id, "at": clock.now(), "actor": me(request).actor}
    if store is None:
        operations.add_store(**common, **form.values)
    else:
        operations.edit_store(**common, store_id=store.pk, **form.values)

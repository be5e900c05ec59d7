"""The counter's PIN: one's own, and the quick switch to another person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.merchants import operations, queries
from prepaid.merchants.access import COUNTER_KEY, at_counter, opens_at_counter, staff_page
from prepaid.merchants.forms import PinForm, SwitchForm, refuse
from prepaid.merchants.models import CounterPin, StaffMember


@require_http_methods(["GET", "POST"])
@staff_page
def counter_pin(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Set one's own PIN; only who is signed in can."""
    form, status = PinForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                operations.set_pin(staff=staff, pin=form.cleaned_data["pin"], at=clock.now(), actor=staff.user.actor)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("Your PIN is set."))
                return redirect("counter_switch")
    has_pin = CounterPin.objects.filter(staff=staff).exists()
    return render(
        request, "merchant/counter_pin.html", {"staff": staff, "form": form, "has_pin": has_pin}, status=status
    )


@opens_at_counter
@require_http_methods(["GET", "POST"])
@staff_page
def counter_switch(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Another person takes over the counter by PIN; who is signed in comes back the same way, to all their pages."""
    taken = request.session.get(COUNTER_KEY)
    working = at_counter(request)
    stores = [] if staff.store or taken else list(queries.stores_of(staff.merchant_id).filter(is_open=True))
    store = staff.store or (queries.counter_store(staff, taken["store"]) if taken else None)
    people = [
        one for one in queries.counter_staff(staff, store) if hasattr(one, "pin") and (taken or one.pk != staff.pk)
    ]
    form, status = SwitchForm(request.POST or None, people=people, stores=stores), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            typed = form.cleaned_data
            try:
                now = operations.switch_counter(
                    at_work=staff,
                    to_id=typed["staff"],
                    pin=typed["pin"],
                    store_id=taken["store"] if taken else typed.get("store"),
                    at=clock.now(),
                    actor=(working or staff).user.actor,
                )
            except NotFound:
                raise
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                _take_over(request, staff, now)
                messages.success(request, _("%(person)s works at the counter now.") % {"person": now.user.display_name})
                return redirect("shop_counter")
    context = {
        "staff": working or staff,
        "signed_in": staff,
        "is_taken": taken is not None,
        "has_own": CounterPin.objects.filter(staff=staff).exists(),
        "people": people,
        "form": form,
    }
    return render(request, "merchant/counter_switch.html", context, status=status)


def _take_over(request: HttpRequest, signed_in: StaffMember, now: StaffMember) -> None:
    """Who is signed in gets all their pages back; anybody else the counter alone. The session goes on under another key."""
    if now.pk == signed_in.pk:
        request.session.pop(COUNTER_KEY, None)
    else:
        request.session[COUNTER_KEY] = {"staff": now.pk, "store": now.store_id}
    request.session.cycle_key()

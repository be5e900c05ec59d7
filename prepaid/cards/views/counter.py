"""The counter: one field, one button. The page's script sends to the API; without it the form does the same."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError, InvalidAmount, InvalidUnits, LessonCharged, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.errors import (
    AmountNeeded,
    AmountTooLarge,
    CheckInIsFree,
    LessonDay,
    LessonNeeded,
    NotACourse,
    NothingToCharge,
    OneLesson,
    SessionsNeeded,
    SessionsNotCharged,
    StoreNeeded,
    TooManySessions,
)
from prepaid.cards.forms import CounterForm
from prepaid.cards.models import CardRule
from prepaid.merchants.access import counter_page
from prepaid.merchants.models import StaffMember
from prepaid.merchants.views.today import Event, register_events

#: Refusals that belong beside another field than the code's.
FIELD_OF: dict[type[DomainError], str] = {
    TooManySessions: "units",
    InvalidUnits: "units",
    SessionsNotCharged: "units",
    SessionsNeeded: "amount",
    AmountNeeded: "amount",
    AmountTooLarge: "amount",
    NothingToCharge: "amount",
    OneLesson: "units",
    LessonNeeded: "lesson_class",
    LessonCharged: "lesson_class",
    NotACourse: "lesson_class",
    LessonDay: "lesson_on",
    InvalidAmount: "amount",
    CheckInIsFree: "amount",
    StoreNeeded: "store",
}


@register_events
def charges_today(staff: StaffMember, day: date) -> list[Event]:
    """What was charged that day."""
    return [
        Event(
            at=charge.at,
            label=f"{charge.card.version.product.name} · {charge.card}",
            note=charge.store.name,
            figure=charge.figure if charge.use else "–",
            state=_("check-in") if charge.is_check_in and charge.counts else charge.state_label,
            tone=charge.tone,
        )
        for charge in queries.charges_on(staff=staff, day=day)
    ]


@require_http_methods(["GET", "POST"])
@counter_page
def shop_counter(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Charge a card; the newest charges below, each with undo."""
    choices: dict[str, Any] = {
        "stores": queries.counter_stores(staff=staff),
        "has_courses": queries.has_courses(staff=staff),
    }
    if request.method == "GET":
        charge = None
        if request.GET.get("charge", "").isdecimal():
            charge = queries.charge_at(staff=staff, redemption_id=int(request.GET["charge"]))
        form = CounterForm(**choices, initial={"key": str(uuid.uuid4()), "store": request.GET.get("store")})
        return _page(request, staff, form, charge=charge)
    form = CounterForm(request.POST, **choices)
    if not form.is_valid():
        return _page(request, staff, form, status=400)
    typed = form.cleaned_data
    try:
        charge = operations.charge_card(
            staff=staff,
            code=typed["code"],
            units=typed["units"],
            amount_fen=typed["amount"],
            lesson_class=typed.get("lesson_class", ""),
            lesson_on=typed.get("lesson_on"),
            store_id=typed.get("store"),
            note=typed["note"],
            rest_at_till=typed["rest_at_till"],
            key=typed["key"],
            at=clock.now(),
            at_real=timezone.now(),
            actor=staff.user.actor,
        )
    except NotFound:
        raise
    except DomainError as error:
        operations.count_refusal(staff=staff, store_id=typed.get("store"), at=clock.now())
        field = next((name for kind, name in FIELD_OF.items() if isinstance(error, kind)), "code")
        form.add_error(field if field in form.fields else None, str(error))
        return _page(request, staff, form, error=error, status=error.http_status)
    return redirect(f"{request.path}?charge={charge.pk}&store={charge.store_id}")


def _page(
    request: HttpRequest,
    staff: StaffMember,
    form: CounterForm,
    *,
    charge: object = None,
    error: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "staff": staff,
        "form": form,
        "charge": charge,
        "refusal": error,
        "offers_rest": type(error) is AmountTooLarge,
        "charges": queries.last_charges(staff=staff),
        "today": clock.today(),
        "stored_most": CardRule.objects.current(clock.today()).stored_a_day,
    }
    return render(request, "merchant/counter.html", context, status=status)


@require_GET
@counter_page
def counter_charges(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The newest charges alone, for the page's script."""
    context = {"charges": queries.last_charges(staff=staff), "today": clock.today()}
    return render(request, "merchant/counter_charges.html", context)


@require_POST
@counter_page
def counter_undo(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Take a charge back."""
    try:
        charge = operations.undo_redemption(staff=staff, redemption_id=pk, at=clock.now(), actor=staff.user.actor)
        messages.success(request, charge.outcome)
    except NotFound:
        raise
    except DomainError as error:
        form = CounterForm(stores=queries.counter_stores(staff=staff), has_courses=queries.has_courses(staff=staff))
        return _page(request, staff, form, error=error, status=error.http_status)
    return redirect("shop_counter")

"""Which merchant a request is about, and who may do what there. A page without one of these opens to nobody."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import workplaces_of
from prepaid.people.access import consumer_required, me, shows_domain_errors

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, StaffMember, P], HttpResponse]
SESSION_KEY = "workplace"
WORKS_NOWHERE = _("You do not work at a merchant now, and nothing was changed. Ask the owner to add you as staff.")


def workplaces(request: HttpRequest) -> list[StaffMember]:
    """Everywhere the signed-in person works; asked once per request."""
    if not hasattr(request, "_workplaces"):
        request._workplaces = workplaces_of(me(request))  # type: ignore[attr-defined]  # kept on the request
    return request._workplaces  # type: ignore[attr-defined]  # set above


def at_work(request: HttpRequest) -> StaffMember | None:
    """Where the signed-in person works: the merchant they switched to, else the first of theirs. None: nowhere."""
    places = workplaces(request)
    chosen = request.session.get(SESSION_KEY)
    return next((staff for staff in places if staff.merchant_id == chosen), places[0] if places else None)


def staff_page(view: Page[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The view gets the person's ``StaffMember``; who works nowhere is invited to register a merchant."""

    @wraps(view)
    @shows_domain_errors
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        staff = at_work(request)
        if staff is not None:
            return view(request, staff, *args, **kwargs)
        if request.method == "POST":  # whoever left while the page was open
            messages.error(request, WORKS_NOWHERE)
        return redirect("shop_register")

    return consumer_required(page)  # type: ignore[return-value]  # the decorator widens the response


def manager_page(view: Page[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Owners and managers; a cashier is refused."""

    @wraps(view)
    def page(request: HttpRequest, staff: StaffMember, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not staff.manages:
            raise NotYourRole()
        return view(request, staff, *args, **kwargs)

    return staff_page(page)

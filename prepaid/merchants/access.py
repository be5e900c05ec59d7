"""Which merchant a request is about, and who may do what there. A page without one of these opens to nobody."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from prepaid.merchants.errors import CounterOnly, NotYourRole
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import counter_person, workplaces_of
from prepaid.people.access import consumer_required, me, shows_domain_errors

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., object])
Page = Callable[Concatenate[HttpRequest, StaffMember, P], HttpResponse]
SESSION_KEY = "workplace"
#: In a session whose counter was taken over by PIN: whose it is, and of which store.
COUNTER_KEY = "counter"
#: What such a session may open besides the pages of the counter.
_BESIDE_THE_COUNTER = {"set_language", "set_care_mode", "account_logout"}
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
        if COUNTER_KEY in request.session:  # who signed in here has left; whoever holds the device is nobody to us
            logout(request)
            return redirect("account_login")
        if request.method == "POST":  # whoever left while the page was open
            messages.error(request, WORKS_NOWHERE)
        return redirect("shop_register")

    return consumer_required(page)  # type: ignore[return-value]  # the decorator widens the response


def at_counter(request: HttpRequest) -> StaffMember | None:
    """Who works at the counter: who took it over by PIN, with a cashier's rights at its store, else who is signed in. None:
    nobody, or who took it over does not work there any more."""
    staff, taken = at_work(request), request.session.get(COUNTER_KEY)
    if staff is None or taken is None:
        return staff
    return counter_person(staff, staff_id=taken["staff"], store_id=taken["store"])


def counter_page(view: Page[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """As ``staff_page``, for whoever works at the counter; the only pages open once it was taken over by PIN."""

    @wraps(view)
    def page(request: HttpRequest, _staff: StaffMember, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        staff = at_counter(request)
        if staff is None:
            messages.error(request, str(CounterOnly()))
            return redirect("counter_switch")
        return view(request, staff, *args, **kwargs)

    return opens_at_counter(staff_page(page))


def opens_at_counter(view: V) -> V:
    """Mark a view as one of the counter's, also where it was taken over by PIN."""
    view.at_counter = True  # type: ignore[attr-defined]  # kept on the view
    return view


class OnlyTheCounter:
    """Middleware: a device whose counter was taken over by PIN opens the counter, and nothing else of who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        """Asked once it is known which page is meant."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or COUNTER_KEY not in request.session:
            return None
        name = request.resolver_match.url_name if request.resolver_match else None
        if getattr(view, "at_counter", False) or name in _BESIDE_THE_COUNTER:
            return None
        error = CounterOnly()
        if request.path_info.startswith("/api/"):
            return JsonResponse({"error": {"code": error.code, "message": str(error)}}, status=error.http_status)
        messages.error(request, str(error))
        return redirect("counter_switch")


def manager_page(view: Page[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Owners and managers; a cashier is refused."""

    @wraps(view)
    def page(request: HttpRequest, staff: StaffMember, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not staff.manages:
            raise NotYourRole()
        return view(request, staff, *args, **kwargs)

    return staff_page(page)

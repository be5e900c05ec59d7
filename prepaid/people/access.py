"""Who may open a page, and how a refusal of the domain is shown. Roles are denied by default."""

import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from redis.exceptions import RedisError

from escrow import clock
from escrow.errors import DomainError, NotFound
from escrow.once import one_page
from prepaid.people import queries
from prepaid.people.errors import NotCounted, TooOften
from prepaid.people.models import User

if TYPE_CHECKING:
    from django.views.generic.edit import FormView

    _FormView = FormView[Any]
else:
    _FormView = object

P = ParamSpec("P")
#: Where a session remembers that it has passed.
SECOND_FACTOR = "second_factor"
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def me(request: HttpRequest) -> User:
    """The signed-in user, typed. Views behind one of the decorators below always have one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether this session has passed a second factor in the last hours. When one is replaced, removed or reset, every
    session that was opened before is closed."""
    user, passed = me(request), request.session.get(SECOND_FACTOR, {})
    return bool(
        passed
        and (passed["user"], passed["changes"]) == (user.pk, user.factor_changes)
        and passed["at"] > time.time() - settings.SECOND_FACTOR_SECONDS
    )


def keep_passed(request: HttpRequest, user: User) -> None:
    """The session in which the user has just shown or changed a factor is open; under another key, because whoever knew
    the old one has not passed."""
    user.refresh_from_db(fields=["factor_changes"])
    request.session[SECOND_FACTOR] = {"user": user.pk, "changes": user.factor_changes, "at": time.time()}
    request.session.cycle_key()


def second_factor_page(user: User, *, then: str) -> str:
    """Where this user passes the second factor, or sets one up; ``then`` they go on there."""
    types = {factor.type for factor in queries.factors_of(user_id=user.pk)}
    page = "mfa_reauthenticate" if "totp" in types else "mfa_reauthenticate_webauthn" if types else "second_factor_app"
    return f"{reverse(page)}?{urlencode({'next': then})}"


def consumer_required(view: View[P]) -> View[P]:
    """Anybody signed in; others are sent to sign in and come back."""
    return login_required(view)


def operator_required(view: View[P]) -> View[P]:
    """Platform operators only, after a second factor."""
    return _required(view, lambda user: user.opens_administration and user.is_platform_operator)


def regulator_required(view: View[P]) -> View[P]:
    """Officials who hold a post today, after a second factor; the view finds it in ``request.user.post``."""
    return _required(view, lambda user: user.is_regulator)


def _required(view: View[P], test: Callable[[User], bool]) -> View[P]:
    @wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not test(me(request)):
            raise PermissionDenied
        if not passed_second_factor(request):
            return redirect(second_factor_page(me(request), then=request.get_full_path()))
        return view(request, *args, **kwargs)

    return login_required(checked)


def shows_domain_errors(view: View[P]) -> View[P]:
    """A refusal becomes a page with its sentence and status; ``NotFound`` becomes the usual 404."""

    @wraps(view)
    def shown(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except DomainError as error:
            return refused(request, error)

    return shown


def limited(request: HttpRequest, *, action: str, rates: str, key: str) -> None:
    """For forms that need no account: count this one, by network address and, where ``rates`` say so, all together (``key``).

    Raises:
        TooOften. NotCounted: without the cache nobody could be kept from filling the database.
    """
    try:
        if not ratelimit.consume(request, app="prepaid", action=action, config={action: rates}, key=key):
            raise TooOften()
    except (OSError, RedisError) as error:
        raise NotCounted() from error


def visitor(request: HttpRequest) -> str:
    """Where the request comes from, for counting; never kept as it is."""
    return ratelimit.get_ip(request)


def in_words(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware for refusals that come without a page: an address no database can read does not exist, and one that
    only takes a form says so."""

    def answer(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        response = get_response(request)
        if response.status_code == 405 and not response.content:
            page = render(request, "405.html", status=405)
            page.headers["Allow"] = response.headers.get("Allow", "")
            return page
        return response

    return answer


def one_clock(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: one page, one clock; and where it only reads, one answer to each question about rules."""

    def answer(request: HttpRequest) -> HttpResponse:
        with clock.asked_once():
            if request.method not in {"GET", "HEAD"}:
                return get_response(request)
            with one_page():
                return get_response(request)

    return answer


def few_features(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: of what a browser can do for a page, ours use the camera, to scan a code at the counter, and the place, when
    somebody who complains presses “I am there now”."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()"
        return response

    return answer


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page that says what was refused and what to do."""
    return render(request, "people/refused.html", {"error": error}, status=error.http_status)


class DomainErrorMixin(_FormView):
    """For a ``FormView``: a refusal of ``form_valid`` stands on top of the form, with what was typed and its status.

    ``error_fields`` names the field a refusal belongs beside: ``{InvalidAmount: "amount"}``.
    """

    error_fields: dict[type[DomainError], str] = {}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As usual, but refusals are shown."""
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)
        try:
            return self.form_valid(form)
        except NotFound as error:
            raise Http404 from error
        except DomainError as error:
            field = next((name for kind, name in self.error_fields.items() if isinstance(error, kind)), None)
            form.add_error(field, str(error))
            return self.render_to_response(self.get_context_data(form=form), status=error.http_status)

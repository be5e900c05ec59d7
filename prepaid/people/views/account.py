"""Signing in and out, and one's own page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.exceptions import RateLimited
from allauth.core.internal.ratelimit import respond_429
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from redis.exceptions import RedisError

from escrow import clock
from escrow.errors import DomainError
from prepaid.people import operations
from prepaid.people.access import consumer_required, refused, shows_domain_errors
from prepaid.people.access import me as signed_in
from prepaid.people.adapter import remember_language
from prepaid.people.context import CARE_COOKIE
from prepaid.people.forms import NameForm


def guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """One of allauth's views, with every way it can be refused shown as a page, with its status.

    The cache counts attempts. Without it nobody could be kept from guessing codes, so signing in is refused; those
    who are signed in go on working.
    """

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except RateLimited:
            return respond_429(request)
        except RedisError:
            return render(request, "account/unavailable.html", status=503)
        except DomainError as error:
            return refused(request, error)
        if request.method == "POST":
            doors = [reverse("account_login"), reverse("account_request_login_code")]
            back_at_the_door = response.headers.get("location") in doors
            if response.status_code == 200:
                response.status_code = 400  # allauth shows a form with errors as if all were well
            elif back_at_the_door and not getattr(messages.get_messages(request), "added_new", False):
                messages.warning(request, _("This attempt has expired. Ask for a new code."))
        return response

    return shown


@never_cache
@consumer_required
def me(request: HttpRequest) -> HttpResponse:
    """My name, number, language and care mode; the way to everything that is mine."""
    user = signed_in(request)
    form = NameForm(request.POST or None, initial={"name": user.name})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            operations.rename(user_id=user.pk, name=form.cleaned_data["name"], at=clock.now())
        except DomainError as error:
            form.add_error("name", str(error))
            status = error.http_status
        else:
            messages.success(request, _("Your name was saved."))
            return redirect("me")
    return render(request, "people/me.html", {"form": form}, status=400 if form.errors and status == 200 else status)


@require_POST
@shows_domain_errors
def set_language(request: HttpRequest) -> HttpResponse:
    """Pages in the posted ``language`` from now on: kept on the account, and in a cookie for those without one."""
    language = operations.known_language(request.POST.get("language", ""))
    response = _back(request)
    remember_language(response, language)
    if request.user.is_authenticated:
        operations.choose_language(user_id=signed_in(request).pk, language=language, at=clock.now())
    return response


@require_POST
def set_care_mode(request: HttpRequest) -> HttpResponse:
    """Larger type and more contrast: posted ``care`` is "1" or "0"."""
    on = request.POST.get("care") == "1"
    response = _back(request)
    response.set_cookie(CARE_COOKIE, "1" if on else "0", max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    if request.user.is_authenticated:
        operations.choose_care_mode(user_id=signed_in(request).pk, on=on, at=clock.now())
    return response


@require_POST
@consumer_required
@shows_domain_errors
def set_digest(request: HttpRequest) -> HttpResponse:
    """The weekly letter: posted ``digest`` is "1" or "0"; anything else changes nothing."""
    if request.POST.get("digest") not in {"0", "1"}:
        return redirect("me")
    operations.choose_digest(user_id=signed_in(request).pk, on=request.POST.get("digest") == "1", at=clock.now())
    return redirect("me")


@require_POST
@consumer_required
@shows_domain_errors
def set_shortcuts(request: HttpRequest) -> HttpResponse:
    """Keyboard shortcuts of the administration: posted ``shortcuts`` is "1" or "0"; anything else changes nothing."""
    wanted = request.POST.get("shortcuts")
    if wanted in {"0", "1"}:
        operations.choose_shortcuts(user_id=signed_in(request).pk, on=wanted == "1", at=clock.now())
    return _back(request)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the posted ``next``, when it is a page of ours."""
    wanted = request.POST.get("next", "")
    return HttpResponseRedirect(wanted if is_ours(request, wanted) else reverse("home"))


def is_ours(request: HttpRequest, wanted: str) -> bool:
    """Whether the address is a page of this platform."""
    return url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())

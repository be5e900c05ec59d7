"""How an address is asked, and what its answer means: in, or one of the ways of being refused."""

import copy
import json
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.internal.flows.reauthentication import ReauthenticationRequired
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import translation
from django_htmx.middleware import HtmxDetails

from prepaid.people.access import SECOND_FACTOR
from prepaid.people.models import User

IN, LOGIN, REGISTER, DENIED, MISSING, METHOD = "in", "login", "register", "denied", "missing", "method"
#: What somebody who is signed in is told of what is not theirs.
REFUSED = {REGISTER, DENIED, MISSING, METHOD}
METHODS = ("get", "post")


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is taken back."""
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # a verb may ask for the outermost transaction, as in Django's own tests
    with block:
        yield
        transaction.set_rollback(True)


class Session(SessionBase):
    """Of one request; nothing is kept."""

    def __init__(self, user: User | None) -> None:
        super().__init__()
        if user is not None:
            passed = {"user": user.pk, "changes": user.factor_changes, "at": time.time()}
            just = {"method": "code", "at": time.time()}  # what allauth asks for before a factor is changed
            self._session_cache = {SECOND_FACTOR: passed, "account_authentication_methods": [just]}

    def load(self) -> dict[str, Any]:
        return {}

    def save(self, must_create: bool = False) -> None:
        pass

    create = save

    def delete(self, session_key: str | None = None) -> None:
        pass

    def exists(self, session_key: str) -> bool:
        return False


def ask(user: User | None, path: str, method: str = "get", body: dict[str, Any] | None = None) -> str:
    """What the view at the path answers this person, whose session has passed the second factor. The view is called without the
    middleware and pages are not drawn, because there are thousands; ``test_as_sent`` goes through all of it."""
    sent: dict[str, Any] = {"data": body or {}, "headers": {"idempotency-key": uuid.uuid4().hex}}
    if path.startswith("/api/") and method == "post":
        sent["content_type"] = "application/json"
        sent["data"] = json.dumps(body or {})
    request = getattr(RequestFactory(), method)(path, **sent)
    request.resolver_match = match = resolve(path)
    request.user = copy.copy(user) if user else AnonymousUser()
    request.session, request._messages = Session(user), CookieStorage(request)
    request._dont_enforce_csrf_checks, request.htmx = True, HtmxDetails(request)
    cache.clear()
    with translation.override("en"):
        try:
            return meaning(match.func(request, *match.args, **match.kwargs))
        except Http404:
            return MISSING
        except PermissionDenied:
            return DENIED
        except ReauthenticationRequired:
            return LOGIN
        except Exception as broken:  # whatever breaks is what the matrix is to say
            return f"broken: {broken!r}"


def meaning(answer: HttpResponse) -> str:
    """In one word."""
    known = {401: DENIED, 403: DENIED, 404: MISSING, 405: METHOD}
    if answer.status_code in known:
        return known[answer.status_code]
    if answer.status_code in {301, 302}:
        leads = answer.headers["Location"].partition("?")[0]
        return {"/accounts/login/": LOGIN, "/admin/login/": LOGIN, "/shop/register/": REGISTER}.get(leads, IN)
    return IN if answer.status_code < 500 else f"broken: {answer.status_code}"


def addresses(patterns: Any = None, space: str = "", before: str = "/") -> Iterator[tuple[str, URLPattern, str]]:
    """Every address of the platform: its name, its pattern, its route."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry.url_patterns, inner, before + str(entry.pattern))
        else:
            yield f"{space}{entry.name}", entry, before + str(entry.pattern)


def filled(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The parameters of an address for an object: its one parameter, or each by its name."""
    return value if isinstance(value, dict) else dict.fromkeys(names, value)


def missing(value: Any) -> Any:
    """In place of an object, one that does not exist."""
    if isinstance(value, dict):
        return {name: missing(one) for name, one in value.items()}
    return 10**9 if isinstance(value, int) else "9" * len(value)

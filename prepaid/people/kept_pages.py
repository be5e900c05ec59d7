"""A page that strangers read alike is made once and shown to all of them for a few seconds.

Whoever has a session gets a page of their own. What belongs to one visitor even without a session, the token of the forms, is left out of
what is kept and filled in anew; a page with a nonce for its scripts is not kept.
"""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.utils.translation import get_language
from redis.exceptions import RedisError

from prepaid.people.context import CARE_COOKIE

P = ParamSpec("P")
TOKEN = "\0token\0"
TOKEN_SAID = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+(?=")')
#: What of one visitor changes a page that has no session.
PERSONAL = {settings.SESSION_COOKIE_NAME, "messages"}


def kept_for_strangers(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """For a page that depends on nothing but its path, the language, care mode and the moment: strangers see it as it was at most
    ``settings.KEPT_SECONDS`` ago. An address with a question in it is not kept: there are as many of these as anybody likes."""

    @wraps(view)
    def shown(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        asks = bool(request.META.get("QUERY_STRING"))
        if not settings.KEPT_SECONDS or request.method != "GET" or asks or PERSONAL & set(request.COOKIES):
            return view(request, *args, **kwargs)
        care = request.COOKIES.get(CARE_COOKIE) == "1"
        # By the view and what it was given: one page has one key, however its address is spelled.
        asked = [
            get_language(),
            care,
            request.get_host(),
            view.__module__,
            view.__qualname__,
            args,
            sorted(kwargs.items()),
        ]
        key = "page:" + hashlib.sha256(repr(asked).encode()).hexdigest()
        kept = _ask(key)
        if kept is not None:
            return HttpResponse(kept.replace(TOKEN, get_token(request)) if TOKEN in kept else kept)
        answer = view(request, *args, **kwargs)
        if type(answer) is HttpResponse and answer.status_code == 200 and not answer.cookies:
            page = TOKEN_SAID.sub(TOKEN, answer.content.decode())
            if " nonce=" not in page:
                _keep(key, page)
        return answer

    return shown


def _ask(key: str) -> str | None:
    """None also without the cache: a page has to be there when only the database is."""
    try:
        kept: str | None = cache.get(key)
    except (OSError, RedisError):
        return None
    return kept


def _keep(key: str, page: str) -> None:
    try:
        cache.set(key, page, settings.KEPT_SECONDS)
    except (OSError, RedisError):
        return

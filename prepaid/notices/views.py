"""My messages, and the demo's inbox."""

from collections.abc import Callable, Collection, Mapping

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from escrow import clock
from prepaid.notices import operations, queries
from prepaid.notices.models import Channel, Message

PER_PAGE = 20

AppCodes = Callable[[Collection[int]], Mapping[int, str]]
_app_codes: list[AppCodes] = []


def register_app_codes(provider: AppCodes) -> AppCodes:
    """Who knows what the authenticator apps of these users (ids) show now, for the demo's inbox. Usable as a decorator."""
    if provider not in _app_codes:
        _app_codes.append(provider)
    return provider


@login_required
@require_GET
@never_cache
def notices(request: HttpRequest) -> HttpResponse:
    """My messages, newest first. Showing them is reading them; this page still marks what was new."""
    assert request.user.is_authenticated
    page = Paginator(queries.messages_of(recipient_id=request.user.pk), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    response = render(request, "notices/mine.html", {"page": page, "shown": shown})
    new = [message.pk for message in shown if message.read_at is None]
    if new:
        operations.mark_read(recipient_id=request.user.pk, message_ids=new, at=clock.now())
    return response


@require_GET
@never_cache
def demo_inbox(request: HttpRequest) -> HttpResponse:
    """Everything sent to anybody, login codes too, and beside the newest of each person the code of their authenticator
    app. Does not exist outside the demo."""
    if not settings.DEMO:
        raise Http404
    digits = "".join(character for character in request.GET.get("phone", "") if character.isdigit())
    template = "notices/inbox_list.html" if getattr(request, "htmx", False) else "notices/inbox.html"
    sent = queries.inbox(digits=digits)
    newest: dict[int, Message] = {}
    for message in sent:
        if message.channel == Channel.SMS and message.recipient_id:
            newest.setdefault(message.recipient_id, message)
    codes = {pk: code for provider in _app_codes for pk, code in provider(newest.keys()).items()}
    apps = {message.pk: codes.get(user_id, "") for user_id, message in newest.items()}
    return render(request, template, {"sent": [(message, apps.get(message.pk)) for message in sent], "digits": digits})

"""My messages, and the demo's inbox."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from escrow import clock
from prepaid.notices import operations, queries

PER_PAGE = 20


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
    """Everything sent to anybody, login codes too. Does not exist outside the demo."""
    if not settings.DEMO:
        raise Http404
    digits = "".join(character for character in request.GET.get("phone", "") if character.isdigit())
    template = "notices/inbox_list.html" if getattr(request, "htmx", False) else "notices/inbox.html"
    return render(request, template, {"sent": queries.inbox(digits=digits), "digits": digits})

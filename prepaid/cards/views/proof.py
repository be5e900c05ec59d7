"""Proof for everybody: a holder's own share of a published total, and the totals themselves, for outsiders to check."""

import json
from pathlib import Path

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from escrow import totals, verifier
from escrow.errors import NotFound
from escrow.models import DailyRoot
from prepaid.cards import queries
from prepaid.cards.states import Deed
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.people.kept_pages import kept_for_strangers

DAYS_A_PAGE = 20


@consumer_required
@require_GET
@shows_domain_errors
def card_proof(request: HttpRequest, number: str) -> HttpResponse:
    """What the card held when the last published day ended, and its way into that day's total, checked before it is shown."""
    card = queries.card_of(user=me(request), number=number, deed=Deed.PROVE)
    share = totals.share_of(card.agreement)
    return render(request, "consumer/proof.html", {"card": card, "share": share})


@consumer_required
@require_GET
@shows_domain_errors
def card_proof_file(request: HttpRequest, number: str) -> HttpResponse:
    """The proof as a file to keep and to check elsewhere."""
    card = queries.card_of(user=me(request), number=number, deed=Deed.PROVE)
    share = totals.share_of(card.agreement)
    if share is None or share.proof is None:
        raise NotFound()
    return HttpResponse(
        json.dumps(share.proof, indent=1),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="proof-{number}-{share.root.day}.json"'},
    )


@require_safe
@kept_for_strangers
def published_totals(request: HttpRequest) -> HttpResponse:
    """Every day's total, newest first, and how to check it."""
    page = Paginator(DailyRoot.objects.defer("nodes", "seed"), DAYS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "consumer/public/totals.html", {"page": page})


@require_safe
def published_totals_file(request: HttpRequest) -> StreamingHttpResponse:
    """All of them as text: a day a line, what the verifier compares with."""
    return StreamingHttpResponse(
        (f"{line}\n" for line in totals.root_lines()), content_type="text/plain; charset=utf-8"
    )


@require_safe
def verifier_file(request: HttpRequest) -> HttpResponse:
    """The program that checks proofs, to be read and run by anybody."""
    return HttpResponse(
        Path(verifier.__file__).read_bytes(),
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="verifier.py"'},
    )

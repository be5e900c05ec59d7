"""The holder's pages: wallet, card, code, statement, and the answer to a charge that waits."""

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import ReservationResolved
from prepaid.cards import codes, operations, queries
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.products.standard_clauses import in_readers_language


@consumer_required
@require_GET
def wallet(request: HttpRequest) -> HttpResponse:
    """Every card with what is on it; charges that wait for an answer on top."""
    user = me(request)
    context = {
        "faces": queries.cards_of(user=user, today=clock.today()),
        "waiting": queries.charges_waiting(user=user),
    }
    return render(request, "consumer/wallet.html", context)


@consumer_required
@require_GET
@shows_domain_errors
def card_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One card: what is left, until when, where it can be used, and what can be done with it."""
    user = me(request)
    today = clock.today()
    card = queries.card_of(user=user, number=number)
    face = queries.face_of(card=card, today=today)
    # Days of a card that counts days wait for time, not for an answer.
    waiting = queries.charges_waiting(user=user) if face.holding.units_reserved and not face.term else []
    context = {
        "face": face,
        "card": card,
        "terms": card.version.terms,
        "refund_terms": in_readers_language(card.version.terms.refund_terms),
        "cooling_off_until": queries.cooling_off_until(card=card, today=today),
        "refund_request": queries.requests_of(user=user).filter(card=card).first(),
        "waiting": [charge for charge in waiting if charge.card_id == card.pk],
    }
    return render(request, "consumer/card.html", context)


@consumer_required
@require_GET
@never_cache
@shows_domain_errors
def card_code(request: HttpRequest, number: str) -> HttpResponse:
    """The rotating code. The page carries the card's secret, for its holder only, so that it works without network."""
    card = queries.card_of(user=me(request), number=number)
    face = queries.face_of(card=card, today=clock.today())
    if not face.is_usable:
        return redirect("card_detail", card.number)
    now = timezone.now()
    text = codes.code_text(card.number, card.code_secret, codes.step_at(now))
    context = {
        "card": card,
        "face": face,
        "digits": text.removeprefix(f"{card} "),
        "qr": mark_safe(segno.make_qr(text.replace(" ", ""), error="m", boost_error=False).svg_inline(omitsize=True)),  # noqa: S308 – own digits
        "step_seconds": codes.STEP_SECONDS,
        "real_now_ms": int(now.timestamp() * 1000),
        "seconds_left": codes.STEP_SECONDS - int(now.timestamp()) % codes.STEP_SECONDS,
    }
    return render(request, "consumer/code.html", context)


@consumer_required
@require_GET
@shows_domain_errors
def card_statement(request: HttpRequest, number: str) -> HttpResponse:
    """Every movement of the card's money, newest first, with the balance after it."""
    card = queries.card_of(user=me(request), number=number)
    context = {
        "card": card,
        "face": queries.face_of(card=card, today=clock.today()),
        "lines": queries.statement(card=card),
    }
    return render(request, "consumer/statement.html", context)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def redemption_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The named figure, and yes to it."""
    return _answer(request, pk, agrees=True)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def redemption_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """The named figure, and no to it."""
    return _answer(request, pk, agrees=False)


def _answer(request: HttpRequest, pk: int, *, agrees: bool) -> HttpResponse:
    user = me(request)
    charge = queries.redemption_of(user=user, redemption_id=pk)
    if request.method == "GET":
        return render(request, "consumer/charge.html", {"charge": charge, "agrees": agrees})
    verb = operations.confirm_redemption if agrees else operations.dispute_redemption
    try:
        verb(holder_id=user.pk, redemption_id=pk, at=clock.now(), actor=user.actor)
    except ReservationResolved as error:
        charge = queries.redemption_of(user=user, redemption_id=pk)
        context = {"charge": charge, "agrees": agrees, "error": error}
        return render(request, "consumer/charge.html", context, status=error.http_status)
    said = _("You confirmed %(figure)s.") if agrees else _("You disputed %(figure)s. Nothing was charged.")
    messages.success(request, said % {"figure": charge.figure})
    return redirect("wallet")

"""The holder's refund pages: the sum for each reason, the request, its steps."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError
from escrow.states import Plan
from prepaid.cards import operations, queries
from prepaid.cards.forms import RefundForm
from prepaid.cards.models import Card
from prepaid.cards.states import RefundCause, RefundState
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.products.refund_rules import RefundQuote


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def refund_start(request: HttpRequest, number: str) -> HttpResponse:
    """Show the sum for each reason, then the chosen one with its steps for confirmation, then ask."""
    user = me(request)
    card = queries.card_of(user=user, number=number)
    form = RefundForm(request.POST or None, is_period=card.version.plan == Plan.PERIOD)
    if request.method == "GET":
        return _quotes(request, card, form)
    if not form.is_valid():
        return _quotes(request, card, form, status=400)
    typed = form.cleaned_data
    cause = RefundCause(typed["cause"])
    try:
        if typed["expected_fen"] is None:
            return _confirmation(request, card, form, cause)
        asked = operations.request_refund(
            card_id=card.pk,
            holder_id=user.pk,
            cause=cause,
            reason=typed["reason"],
            stopped_on=typed.get("stopped_on"),
            expected_fen=typed["expected_fen"],
            at=clock.now(),
            actor=user.actor,
        )
    except DomainError as error:
        return _quotes(request, card, form, error=error)
    messages.success(request, _("Your refund request has been received."))
    return redirect("refund_detail", asked.pk)


def _quotes(
    request: HttpRequest, card: Card, form: RefundForm, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    at = clock.now()
    face = queries.face_of(card=card, today=clock.beijing_date(at))
    if not face.is_active:
        return redirect("card_detail", card.number)
    quotes = queries.refund_quotes(card=card, face=face, at=at)
    chosen = form["cause"].value()
    context = {
        "card": card,
        "face": face,
        "form": form,
        "choices": [
            {"value": cause.value, "label": cause.label, "quote": quotes[cause], "chosen": cause.value == chosen}
            for cause in RefundCause
        ],
        "closing": [one for one in [queries.closing_offer(card=card, today=clock.beijing_date(at))] if one],
        "cooling_off": all(quote.is_cooling_off for quote in quotes.values()),
        "error": error,
    }
    return render(request, "consumer/refund.html", context, status=error.http_status if error else status)


def _confirmation(request: HttpRequest, card: Card, form: RefundForm, cause: RefundCause) -> HttpResponse:
    typed, today = form.cleaned_data, clock.today()
    quote = queries.refund_quote(card=card, cause=cause, stopped_on=typed.get("stopped_on"), at=clock.now())
    closing = queries.closing_offer(card=card, today=today) if cause == RefundCause.OPERATOR else None
    context = {
        "card": card,
        "cause": cause,
        "quote": quote,
        "reason": typed["reason"],
        "stopped_on": typed.get("stopped_on"),
        "closing": closing,
        "answer_due_on": queries.answer_due_on(card=card, at=clock.now()),
    }
    return render(request, "consumer/refund_confirm.html", context)


@consumer_required
@require_GET
@shows_domain_errors
def refund_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a request stands: dated steps, the calculation, what can be done now."""
    asked = queries.request_of(user=me(request), request_id=pk)
    context = {
        "asked": asked,
        "card": asked.card,
        "steps": queries.steps_of(asked),
        "quote": RefundQuote.from_json(asked.quote),
        "interest": queries.interest_of(asked, today=clock.today()),
        "claim": queries.claim_of(asked.refund),
        "account_step": queries.account_step(asked.card) if asked.state == RefundState.GRANTED else None,
    }
    return render(request, "consumer/refund_detail.html", context)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def refund_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the card after all."""
    user = me(request)
    asked = queries.request_of(user=user, request_id=pk)
    if request.method == "GET":
        return render(request, "consumer/refund_withdraw.html", {"asked": asked, "card": asked.card})
    operations.withdraw_request(holder_id=user.pk, request_id=pk, at=clock.now(), actor=user.actor)
    messages.success(request, _("The request is withdrawn. You can use the card again."))
    return redirect("card_detail", asked.card.number)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def refund_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the merchant's lower sum."""
    user = me(request)
    asked = queries.request_of(user=user, request_id=pk)
    if request.method == "GET":
        return render(request, "consumer/refund_accept.html", {"asked": asked, "card": asked.card})
    operations.accept_offer(holder_id=user.pk, request_id=pk, at=clock.now(), actor=user.actor)
    messages.success(request, _("You took the offer. The money is on its way back to you."))
    return redirect("refund_detail", pk)

"""The holder's page of a lost card: report it, find it again, take a new number."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.forms import LossForm
from prepaid.people.access import consumer_required, me, shows_domain_errors


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_loss(request: HttpRequest, number: str) -> HttpResponse:
    """What a report does, with its button; of a lost card what can be done next, and what was charged since."""
    user = me(request)
    card = queries.card_of(user=user, number=number)
    if card.tops_up is not None:
        return redirect("card_loss", card.tops_up.number)
    form = LossForm(request.POST if "report" in request.POST else None)
    error: DomainError | None = None
    if request.method == "POST":
        mine: dict[str, Any] = {"holder_id": user.pk, "number": card.number, "at": clock.now(), "actor": user.actor}
        try:
            if "found" in request.POST:
                operations.card_found(**mine)
                messages.success(request, _("The card's code works again."))
                return redirect("card_detail", card.number)
            if "reissue" in request.POST:
                card = operations.reissue_card(**mine)
                messages.success(request, _("Your card has a new number. The old code is over for good."))
                return redirect("card_detail", card.number)
            if form.is_valid():
                operations.report_loss(since=form.cleaned_data["since"], **mine)
                messages.success(request, _("The card is blocked. Nothing can be charged with its code any more."))
                return redirect("card_loss", card.number)
        except NotFound:
            raise
        except DomainError as refusal:
            error = refusal
            card.refresh_from_db()
    losses = list(queries.losses_of(card=card)[:20])
    newest = losses[0] if losses else None
    context = {
        "card": card,
        "form": form,
        "error": error,
        "losses": losses,
        "loss": newest if newest and newest.is_open else None,
        "in_use": queries.is_in_use(card=card),
        "since": newest,
        "charges": queries.charges_since(card=card, since=newest.since) if newest else [],
    }
    invalid = form.is_bound and not form.is_valid()
    status = error.http_status if error else 400 if invalid else 200
    return render(request, "consumer/loss.html", context, status=status)

"""The holder's page of a card's pauses: ask, answer, end."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound
from escrow.states import AgreementState, Party, PauseState, Plan
from prepaid.cards import operations, queries
from prepaid.cards.forms import PauseForm
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.people.models import User


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_pause(request: HttpRequest, number: str) -> HttpResponse:
    """What rests and what is asked; a form to ask when nothing is."""
    user, at = me(request), clock.now()
    today = clock.beijing_date(at)
    card = queries.card_of(user=user, number=number)
    if card.version.plan != Plan.PERIOD:
        raise NotFound()
    form = PauseForm(request.POST if "since" in request.POST else None)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            if "pause" in request.POST:
                messages.success(request, _decide(request, user, at))
                return redirect("card_pause", number)
            if form.is_valid():
                operations.ask_pause(by=user, number=number, at=at, actor=user.actor, **form.cleaned_data)
                messages.success(request, _("The merchant has been asked. Your days count until it agrees."))
                return redirect("card_pause", number)
        except NotFound:
            raise
        except DomainError as refusal:
            error = refusal
    pauses = list(queries.pauses_of(card=card)[:20])
    most, left = queries.pause_days_left(card=card, today=today)
    context = {
        "card": card,
        "is_active": card.agreement.state == AgreementState.HELD,
        "last_day": queries.last_day_of(card=card, today=today),
        "pauses": pauses,
        "open": next(
            (p for p in pauses if p.until >= today and p.state in (PauseState.ASKED, PauseState.AGREED)), None
        ),
        "merchant_asks": Party.BENEFICIARY,
        "form": form,
        "error": error,
        "most": most,
        "left": left,
    }
    invalid = form.is_bound and not form.is_valid()
    status = error.http_status if error else 400 if invalid else 200
    return render(request, "consumer/pause.html", context, status=status)


def _decide(request: HttpRequest, user: User, at: datetime) -> str:
    """Carry out the button that was pressed; what is said then."""
    pause_id = int(request.POST["pause"]) if request.POST["pause"].isdecimal() else 0
    if "end" in request.POST:
        operations.end_pause(by=user, pause_id=pause_id, at=at, actor=user.actor)
        return _("Your card's days count again.")
    agrees = "agree" in request.POST
    operations.answer_pause(by=user, pause_id=pause_id, agrees=agrees, at=at, actor=user.actor)
    return _("You agreed to the pause. Its days do not count.") if agrees else _("You refused the pause.")

"""A card-holder stands before a shut door."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.warnings import operations
from complaints.warnings.forms import ShutForm
from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards.queries import card_of
from prepaid.people.access import consumer_required, limited, me, shows_domain_errors

#: By one person, of all their cards.
RATES = "20/h/key"


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_shut(request: HttpRequest, number: str) -> HttpResponse:
    """Say which store of the card is shut; what happens then stands there before."""
    user, status = me(request), 200
    card = card_of(user=user, number=number)
    stores = list(card.version.stores.filter(is_open=True).order_by("pk"))
    form = ShutForm(request.POST or None, stores=stores)
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                limited(request, action="report_shut", rates=RATES, key=user.actor)
                operations.report_shut(
                    holder=user,
                    card_number=number,
                    store_id=int(form.cleaned_data["store"]),
                    words=form.cleaned_data["words"],
                    at=clock.now(),
                )
            except NotFound:
                raise
            except DomainError as error:
                field = getattr(error, "field", None)
                form.add_error(field if field in form.fields else None, str(error))
                status = error.http_status
            else:
                messages.success(
                    request,
                    _("Thank you. The supervision reads it tonight. Your money in custody stays yours meanwhile."),
                )
                return redirect("card_detail", card.number)
    return render(request, "consumer/card_shut.html", {"card": card, "form": form, "stores": stores}, status=status)

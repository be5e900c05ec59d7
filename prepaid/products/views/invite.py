"""“This merchant is not here”: anybody asks its regulator to have its cards filed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants import operations as merchants
from prepaid.merchants.forms import InviteForm, refuse
from prepaid.merchants.models import Merchant
from prepaid.people.access import limited, visitor
from prepaid.people.kept_pages import kept_for_strangers
from prepaid.products import queries

#: A household, or many behind one address of a mobile carrier, an hour; the whole city a day.
RATES = "30/h/ip,5000/d/key"
FEW = 3
SESSION_KEY = "invited"


def _already_here(name: str) -> list[Merchant]:
    """Merchants that have something on sale and whose name, or a store's, has these words."""
    return list(queries.search_merchants(text=name)[:FEW]) if name.strip() else []


@never_cache
@require_http_methods(["GET", "POST"])
@kept_for_strangers
def invite(request: HttpRequest) -> HttpResponse:
    """Name, place, sector; perhaps a message. Whatever the search already said is filled in."""
    wanted = {name: request.GET.get(name, "")[:100] for name in ("name", "district", "sector")}
    form = InviteForm(request.POST or None, on=clock.today(), initial=wanted)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            typed = form.cleaned_data
            try:
                limited(request, action="invite", rates=RATES, key="city")
                invited, counted = merchants.invite_merchant(
                    name=typed["name"],
                    district_code=typed["district"],
                    sector_code=typed["sector"],
                    address=typed["address"],
                    message=typed["message"],
                    visitor=visitor(request),
                    at=clock.now(),
                    actor="system:invite",
                )
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                request.session[SESSION_KEY] = {
                    "name": typed["name"],
                    "regulator": invited.sector.lead_department.of(invited.district),
                    "times": invited.times,
                    "counted": counted,
                    "contacted": invited.state != "new",
                }
                return redirect("invite_done")
    name = form["name"].value() or ""
    context = {"form": form, "here": _already_here(str(name)[:100].replace("\0", ""))}
    return render(request, "consumer/public/invite.html", context, status=status)


@never_cache
@require_safe
def invite_done(request: HttpRequest) -> HttpResponse:
    """What happens next. Only who has just sent something reads it."""
    said = request.session.get(SESSION_KEY)
    if said is None:
        return redirect("invite")
    return render(request, "consumer/public/invite_done.html", said)

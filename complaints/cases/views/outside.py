"""The consumer complains about something bought outside custody, and says when the money is back."""

from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.cases import operations
from complaints.cases.errors import CaseExists
from complaints.cases.forms import OutsideForm
from complaints.cases.operations import UNDETERMINED, Told
from complaints.cases.queries.scope import complaint_of
from complaints.cases.states import Wanted
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.models import Store
from prepaid.merchants.queries import sectors
from prepaid.people.access import limited, me, shows_domain_errors
from prepaid.people.errors import NotCounted

#: Complaints that one person sends from here; who has more to say adds to those.
RATES = "10/h/key,30/d/key"


@login_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_elsewhere(request: HttpRequest) -> HttpResponse:
    """Complain about a merchant that never joined, or about money paid past the platform. ``?store=`` names a registered store."""
    store = _store(request)
    known = sectors(on=clock.today()).exclude(code=UNDETERMINED)
    first = {"merchant_name": request.GET.get("merchant", "")[:100]}
    form = OutsideForm(request.POST or None, initial=first, sectors=known, store=store, today=clock.today())
    status = 200
    if request.method == "POST" and form.is_valid():
        with suppress(NotCounted):  # who complains is signed in and known: no complaint waits for a counter
            limited(request, action="complain", rates=RATES, key=str(me(request).pk))
        data = form.cleaned_data
        told = Told(
            merchant_name=data.get("merchant_name", ""),
            address=data.get("address", ""),
            point=data.get("point"),
            store_id=store.pk if store else None,
            sector_code=data.get("sector", ""),
            paid_fen=data["paid"],
            left_fen=data["left"],
            paid_on=data["paid_on"],
        )
        try:
            case = operations.open_outside_case(
                complainant=me(request),
                told=told,
                text=data["text"],
                wanted=Wanted(data["wanted"]),
                at=clock.now(),
            )
            messages.success(request, _("Your complaint %(number)s has been received.") % {"number": case.number})
            return redirect("complaint_detail", case.number)
        except CaseExists as error:
            messages.warning(request, str(error))
            return redirect("complaint_detail", error.details["number"])
        except DomainError as error:
            form.add_error(None, str(error))
            status = error.http_status
    elif request.method == "POST":
        status = 400
    return render(request, "consumer/complaint_elsewhere.html", {"form": form, "store": store}, status=status)


def _store(request: HttpRequest) -> Store | None:
    """The registered store that the address names. One that is not there does not exist."""
    said = request.GET.get("store", "")
    if not said:
        return None
    store = Store.objects.select_related("merchant").filter(pk=said).first() if said.isdecimal() else None
    if store is None:
        raise Http404
    return store


@login_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_repaid(request: HttpRequest, number: str) -> HttpResponse:
    """Ask, then take down that the money is back."""
    case = complaint_of(user=me(request), number=number)
    if case.outside is None or not hasattr(case, "outcome") or case.outcome.repayment is None:
        raise Http404
    error, status = None, 200
    if request.method == "POST":
        try:
            operations.confirm_repaid(number=number, complainant=me(request), at=clock.now())
            messages.success(request, _("Thank you. The complaint is over."))
            return redirect("complaint_detail", number)
        except DomainError as refusal:
            error, status = refusal, refusal.http_status
    return render(request, "consumer/complaint_repaid.html", {"case": case, "error": error}, status=status)

"""Report that a merchant wants money outside custody, and see what became of it. Neither asks for an account."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from complaints.cases.queries.file import authority
from complaints.off_custody import operations
from complaints.off_custody.forms import ReportForm
from complaints.off_custody.queries import link_of, report_by
from complaints.off_custody.states import Happened, ReportKind
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.models import Merchant, Store
from prepaid.people.access import limited, shows_domain_errors
from prepaid.people.uploads import takes_files
from prepaid.products.queries import public_merchant, public_store

#: Forms tried from one address, behind which there may be many people; then reports from it, and on one merchant.
TRIES, RATES = "120/h/ip", "30/h/ip,200/d/key"
#: All together: what strangers may have the database keep.
ALL = "2000/d/key"


def most_bytes() -> int:
    """One photo."""
    return int(settings.EVIDENCE_MAX_BYTES)


@takes_files(most_bytes)
@never_cache
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def off_custody_report(request: HttpRequest, pk: int) -> HttpResponse:
    """From the merchant's page."""
    merchant = public_merchant(pk)
    return _form(request, merchant, stores=list(merchant.stores.all()))


@takes_files(most_bytes)
@never_cache
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def off_custody_report_at(request: HttpRequest, pk: int) -> HttpResponse:
    """From the store's page, which the poster at the door leads to."""
    store = public_store(pk)
    return _form(request, store.merchant, stores=[], at_store=store)


@never_cache
@require_safe
@shows_domain_errors
def off_custody_status(request: HttpRequest, token: str) -> HttpResponse:
    """Where a report stands, for whoever has the link: never what was written, nor by whom, nor the officer's reasons."""
    report = report_by(token)
    context = {
        "report": report,
        "owner": authority(report.lead_department, report.lead_district),
        "late": report.is_undecided and report.due_on < clock.today(),
        "address": settings.PUBLIC_URL + link_of(report),
    }
    return render(request, "consumer/public/off_custody_status.html", context)


def _form(
    request: HttpRequest, merchant: Merchant, *, stores: list[Store], at_store: Store | None = None
) -> HttpResponse:
    status = 200
    form = ReportForm(stores=stores, at_store=at_store)
    if request.method == "POST":
        limited(request, action="off_custody_tried", rates=TRIES, key="")
        form, status = ReportForm(request.POST, request.FILES, stores=stores, at_store=at_store), 400
        if form.is_valid():
            typed = form.cleaned_data
            try:
                limited(request, action="off_custody", rates=RATES, key=str(merchant.pk))
                limited(request, action="off_custody_all", rates=ALL, key="")
                report = operations.report(
                    merchant_id=merchant.pk,
                    store_id=at_store.pk if at_store else int(typed.get("store") or 0) or None,
                    kind=ReportKind(typed["kind"]),
                    happened=Happened(typed["happened"]),
                    words=typed["words"],
                    phone=typed["phone"],
                    photo=typed["photo"][0] if typed["photo"] else None,
                    token=typed["token"],
                    at=clock.now(),
                )
                return redirect(link_of(report))
            except DomainError as error:
                field = getattr(error, "field", None)
                form.add_error(field if field in form.fields else None, str(error))
                status = error.http_status
    context = {"form": form, "merchant": merchant, "store": at_store}
    return render(request, "consumer/public/off_custody.html", context, status=status)

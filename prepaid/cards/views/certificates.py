"""Cash-flow certificates: the owner makes and withdraws them; whoever has a code checks one without signing in."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError
from prepaid.cards import operations, queries
from prepaid.cards.contract_text import BINDING
from prepaid.cards.forms import CertificateForm
from prepaid.cards.models import Certificate, ReadingKind
from prepaid.merchants.access import Page, manager_page
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.forms import refuse
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.people.access import me, shows_domain_errors

P = ParamSpec("P")
CERTIFICATES_A_PAGE = 20
READINGS_A_PAGE = 50


def owner_page(view: Page[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Owners only: who sees a code can show the certificate."""

    @wraps(view)
    def page(request: HttpRequest, staff: StaffMember, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if staff.role != StaffRole.OWNER:
            raise NotYourRole()
        return view(request, staff, *args, **kwargs)

    return manager_page(page)


@never_cache
@require_http_methods(["GET", "POST"])
@owner_page
def shop_certificates(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Those that were made, the newest first, and the form for another one."""
    form, status, at = CertificateForm(request.POST or None), 200, clock.now()
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = operations.make_certificate(by=staff, **form.cleaned_data, at=at, actor=me(request).actor)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("The certificate is made. Give its address to whom it is for."))
                return redirect("shop_certificate", made.pk)
    page = Paginator(queries.certificates_of(staff=staff), CERTIFICATES_A_PAGE).get_page(request.GET.get("page"))
    rows = [(certificate, certificate.is_valid(at)) for certificate in page.object_list]
    context = {"staff": staff, "form": form, "page": page, "rows": rows}
    return render(request, "merchant/certificates.html", context, status=status)


@never_cache
@require_GET
@owner_page
def shop_certificate(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One of them: its address, what it says, and when it was read."""
    certificate = queries.certificate_of(staff=staff, certificate_id=pk)
    readings = Paginator(queries.readings_of(certificate=certificate), READINGS_A_PAGE)
    context = {
        "staff": staff,
        **shown(certificate),
        "valid": certificate.is_valid(clock.now()),
        "address": operations.address_of(certificate.code),
        "page": readings.get_page(request.GET.get("page")),
    }
    return render(request, "merchant/certificate.html", context)


@never_cache
@require_GET
@owner_page
def shop_certificate_file(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The stored PDF, for the owner; this is no reading."""
    return as_file(queries.certificate_of(staff=staff, certificate_id=pk))


@require_POST
@owner_page
def shop_certificate_withdraw(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """Its address answers nobody any more."""
    operations.withdraw_certificate(by=staff, certificate_id=pk, at=clock.now(), actor=me(request).actor)
    messages.success(request, _("Withdrawn. Its address shows nothing any more."))
    return redirect("shop_certificate", pk)


@never_cache
@require_GET
@shows_domain_errors
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """For the lender: what the certificate says, and the fingerprint of the PDF that belongs to it."""
    found = operations.read_certificate(code=code, what=ReadingKind.PAGE, at=clock.now())
    return unlisted(render(request, "consumer/public/certificate.html", {**shown(found), "code": code}))


@never_cache
@require_GET
@shows_domain_errors
def certificate_file(request: HttpRequest, code: str) -> HttpResponse:
    """The stored PDF."""
    return unlisted(as_file(operations.read_certificate(code=code, what=ReadingKind.FILE, at=clock.now())))


def shown(of: Certificate) -> dict[str, object]:
    """The certificate in the reader's language."""
    language = get_language() or BINDING
    return {"certificate": of, "text": of.content[language if language in of.content else BINDING]}


def as_file(of: Certificate) -> HttpResponse:
    """A PDF that the browser may show."""
    headers = {"Content-Disposition": 'inline; filename="cash-flow.pdf"', "X-Content-SHA256": of.pdf_sha256}
    return HttpResponse(operations.checked(of), content_type="application/pdf", headers=headers)


def unlisted(response: HttpResponse) -> HttpResponse:
    """No search engine keeps it, and no other site learns its address."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response

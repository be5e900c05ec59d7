"""The mediation and the documents of a complaint, for each side: read and confirm the record, take one's own copies."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints.cases import operations
from complaints.cases.queries.papers import papers_of
from complaints.cases.queries.scope import case_about, complaint_of
from complaints.cases.states import Side
from complaints.cases.views.files import court_file, document_file, record_file
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember
from prepaid.people.access import consumer_required, me, shows_domain_errors


@require_http_methods(["GET", "POST"])
@consumer_required
@shows_domain_errors
def complaint_papers(request: HttpRequest, number: str) -> HttpResponse:
    """The consumer's side. A POST confirms the record that was shown."""
    error, status = None, 200
    if request.method == "POST":
        try:
            operations.confirm_as_consumer(
                number=number, complainant=me(request), sha256=request.POST.get("sha256", ""), at=clock.now()
            )
            messages.success(request, _("You have confirmed the record."))
            return redirect("complaint_papers", number)
        except DomainError as refusal:
            error, status = refusal, refusal.http_status
    case = complaint_of(user=me(request), number=number)
    context = {**papers_of(case, side=Side.CONSUMER, today=clock.today()), "error": error}
    return render(request, "consumer/complaint_papers.html", context, status=status)


@require_GET
@consumer_required
@shows_domain_errors
def complaint_document(request: HttpRequest, number: str, document: int) -> HttpResponse:
    """The consumer's own copy."""
    case = complaint_of(user=me(request), number=number)
    return document_file(request, case, document, side=Side.CONSUMER)


@require_GET
@consumer_required
@shows_domain_errors
def complaint_record(request: HttpRequest, number: str) -> HttpResponse:
    """The newest record, on paper."""
    case = complaint_of(user=me(request), number=number)
    return record_file(request, case, side=Side.CONSUMER)


@require_GET
@consumer_required
@shows_domain_errors
def complaint_court(request: HttpRequest, number: str) -> HttpResponse:
    """The file for a court's confirmation."""
    case = complaint_of(user=me(request), number=number)
    return court_file(request, case, side=Side.CONSUMER)


@require_http_methods(["GET", "POST"])
@manager_page
def shop_case_papers(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """The merchant's side. A POST confirms the record that was shown."""
    error, status = None, 200
    if request.method == "POST":
        try:
            operations.confirm_as_merchant(
                number=number, staff=staff, sha256=request.POST.get("sha256", ""), at=clock.now()
            )
            messages.success(request, _("You have confirmed the record."))
            return redirect("shop_case_papers", number)
        except DomainError as refusal:
            error, status = refusal, refusal.http_status
    case = case_about(merchant_id=staff.merchant_id, number=number)
    context = {**papers_of(case, side=Side.MERCHANT, today=clock.today()), "staff": staff, "error": error}
    return render(request, "merchant/case_papers.html", context, status=status)


@require_GET
@manager_page
def shop_case_document(request: HttpRequest, staff: StaffMember, number: str, document: int) -> HttpResponse:
    """The merchant's own copy."""
    case = case_about(merchant_id=staff.merchant_id, number=number)
    return document_file(request, case, document, side=Side.MERCHANT)


@require_GET
@manager_page
def shop_case_record(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """The newest record, on paper."""
    case = case_about(merchant_id=staff.merchant_id, number=number)
    return record_file(request, case, side=Side.MERCHANT)


@require_GET
@manager_page
def shop_case_court(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """The file for a court's confirmation, with the consumer's number masked."""
    case = case_about(merchant_id=staff.merchant_id, number=number)
    return court_file(request, case, side=Side.MERCHANT)

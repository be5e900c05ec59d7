"""A side adds photos and documents to its complaint, and looks at its own."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from complaints.cases.models import Case
from complaints.cases.queries.scope import case_about, complaint_of
from complaints.cases.states import EvidenceSide
from complaints.evidence import operations
from complaints.evidence.files import CleanFile
from complaints.evidence.forms import EvidenceForm
from complaints.evidence.models import Evidence
from complaints.evidence.queries import of_side, one_of_side
from complaints.evidence.views.serving import handed_out, most_bytes
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember
from prepaid.people.access import limited, me, shows_domain_errors
from prepaid.people.uploads import takes_files

#: Forms with files of one person: each costs the server a second per photo.
RATES = "60/h/user"
Add = Callable[[list[CleanFile]], list[Evidence]]


@takes_files(most_bytes)
@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def complaint_evidence(request: HttpRequest, number: str) -> HttpResponse:
    """The consumer's."""
    case = complaint_of(user=me(request), number=number)

    def add(files: list[CleanFile]) -> list[Evidence]:
        return operations.add_as_consumer(number=number, complainant=me(request), files=files, at=clock.now())

    return _page(
        request, case, EvidenceSide.CONSUMER, add, template="consumer/complaint_evidence.html", back="complaint_detail"
    )


@takes_files(most_bytes)
@never_cache
@require_http_methods(["GET", "POST"])
@manager_page
def shop_case_evidence(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """The merchant's."""
    case = case_about(merchant_id=staff.merchant_id, number=number)

    def add(files: list[CleanFile]) -> list[Evidence]:
        return operations.add_as_merchant(number=number, staff=staff, files=files, at=clock.now())

    return _page(request, case, EvidenceSide.MERCHANT, add, template="merchant/case_evidence.html", back="shop_case")


@login_required
@require_safe
@shows_domain_errors
def complaint_evidence_file(request: HttpRequest, number: str, pk: int, preview: bool = False) -> HttpResponse:
    """One of the consumer's own."""
    return _file(complaint_of(user=me(request), number=number), EvidenceSide.CONSUMER, pk, preview)


@require_safe
@manager_page
def shop_case_evidence_file(
    request: HttpRequest, staff: StaffMember, number: str, pk: int, preview: bool = False
) -> HttpResponse:
    """One of the merchant's own."""
    return _file(case_about(merchant_id=staff.merchant_id, number=number), EvidenceSide.MERCHANT, pk, preview)


def said_of(added: list[Evidence]) -> str:
    """What became of what was sent."""
    if not added:
        return _("That is in the file already; nothing was added.")
    return ngettext("%(count)s file is in the complaint.", "%(count)s files are in the complaint.", len(added)) % {
        "count": len(added)
    }


def _page(request: HttpRequest, case: Case, side: EvidenceSide, add: Add, *, template: str, back: str) -> HttpResponse:
    status, form = 200, EvidenceForm()
    if request.method == "POST":
        limited(request, action="evidence", rates=RATES, key=case.number)
        form, status = EvidenceForm(request.POST, request.FILES), 400
        if form.is_valid():
            try:
                messages.success(request, said_of(add(form.cleaned_data["photos"])))
                return redirect(back, case.number)
            except DomainError as error:
                form.add_error("photos", str(error))
                status = error.http_status
    context = {"case": case, "form": form, "evidence": of_side(case, side)}
    return render(request, template, context, status=status)


def _file(case: Case, side: EvidenceSide, pk: int, preview: bool) -> HttpResponse:
    found = one_of_side(case, side, pk)
    return handed_out(found.file, name=f"{case.number}-{pk}", preview=preview)

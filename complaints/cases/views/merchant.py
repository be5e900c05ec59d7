"""The merchant's side: the cases about it, and its answer to each, against the clock."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from complaints.cases import operations
from complaints.cases.forms import AnswerForm
from complaints.cases.models import Case
from complaints.cases.queries.file import charged_of, has_answered, next_step_of, owner_of, steps_of, timeline_of
from complaints.cases.queries.mediations import waits_for
from complaints.cases.queries.record import counted
from complaints.cases.queries.scope import case_about, cases_about, cases_to_answer
from complaints.cases.states import Side
from escrow import clock
from escrow.errors import DomainError, InvalidAmount
from prepaid.cards.errors import OfferTooHigh
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import Merchant, StaffMember
from prepaid.merchants.views.today import Matter, register_matters
from prepaid.products.views.record import Ending, Record, register_record

PAGE_LENGTH = 20
#: The merchant's first page names so many; the rest is on the list of cases.
MOST_MATTERS = 10


@register_matters(lambda staff: cases_to_answer(merchant_id=staff.merchant_id))
def waiting_cases(cases: QuerySet[Case]) -> list[Matter]:
    """Complaints that wait for the merchant's side."""
    return [
        Matter(
            label=_("Complaint %(number)s: tell your side") % {"number": case.number},
            url=reverse("shop_case", args=[case.number]),
            note=owner_of(case),
            due_on=case.merchant_answer_due_on,
        )
        for case in cases[:MOST_MATTERS]
    ]


@register_record
def complaints_record(merchant: Merchant, on: date) -> Record:
    """Complaints about the merchant and how they ended, for its public page: counts, nobody's name."""
    found = counted(merchant_id=merchant.pk, on=on)
    late = ""
    if found.overdue:
        late = ngettext(
            "%(count)s of them after the authority's term",
            "%(count)s of them after the authority's term",
            found.overdue,
        ) % {"count": found.overdue}
    return Record(
        title=_("Complaints"),
        total=found.total,
        recent=found.recent,
        endings=[
            Ending(label=_("Upheld: money back, or a charge reduced"), count=found.upheld),
            Ending(label=_("The merchant gave in and withdrew the charge"), count=found.settled),
            Ending(label=_("Not upheld"), count=found.not_upheld),
            Ending(label=_("Withdrawn by who complained"), count=found.withdrawn),
            Ending(label=_("Not decided yet"), count=found.undecided, note=late),
        ],
        none=_("No complaint about it has come in through this platform."),
        law=_("Complaints made here, and work orders that the hotline sent here."),
    )


@require_GET
@manager_page
def shop_cases(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Cases about this merchant, those that wait for its answer first in time."""
    cases = cases_about(merchant_id=staff.merchant_id).order_by("-id")
    page = Paginator(cases, PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "merchant/cases.html", {"staff": staff, "page": page, "today": clock.today()})


@require_http_methods(["GET", "POST"])
@manager_page
def shop_case(request: HttpRequest, staff: StaffMember, number: str) -> HttpResponse:
    """One case about this merchant. A POST is its answer."""
    case = case_about(merchant_id=staff.merchant_id, number=number)
    form = AnswerForm(request.POST or None)
    if case.redemption is not None:
        del form.fields["offer"]  # who gives in withdraws the charge
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            operations.answer(
                number=number,
                staff=staff,
                text=form.cleaned_data["text"],
                offer_fen=form.cleaned_data.get("offer"),
                at=clock.now(),
            )
            messages.success(request, _("Your answer is in the file."))
            return redirect("shop_case", number)
        except DomainError as error:
            form.add_error("offer" if isinstance(error, OfferTooHigh | InvalidAmount) else None, str(error))
            status = error.http_status
            case = case_about(merchant_id=staff.merchant_id, number=number)  # it may be another by now
    elif request.method == "POST":
        status = 400
    today = clock.today()
    context = {
        "staff": staff,
        "case": case,
        "form": form,
        "owner": owner_of(case),
        "answered": has_answered(case),
        "answer_late": case.merchant_answer_due_on < today,
        "next_step": next_step_of(case, at=clock.now()),
        "to_confirm": waits_for(case, side=Side.MERCHANT),
        "steps": steps_of(case),
        "timeline": timeline_of(case, side=Side.MERCHANT),
        "outcome": getattr(case, "outcome", None),
        "charged": charged_of(case),
        "earlier": getattr(case, "earlier_outcome", None),
    }
    return render(request, "merchant/case.html", context, status=status)

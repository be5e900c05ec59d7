"""The merchant's side: what the supervision does about it, why, and how to answer or appeal."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from complaints.warnings import operations
from complaints.warnings.forms import AnswerForm, AppealForm
from complaints.warnings.models import Measure
from complaints.warnings.queries import measure_of_merchant, told_of
from complaints.warnings.queries.papers import signs_in_words
from complaints.warnings.states import TOLD_AT_ONCE, AppealState, MeasureKind, MeasureState
from complaints.warnings.views.papers import pdf_response
from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember, StaffRole
from prepaid.merchants.views.today import Matter, register_matters

PAGE_LENGTH = 20


@register_matters(lambda staff: told_of(staff.merchant_id).open().filter(kind=MeasureKind.LETTER, answered_at=None))
def letters_to_answer(letters: QuerySet[Measure]) -> list[Matter]:
    """Warning letters that wait for an answer."""
    return [
        Matter(
            label=_("Warning letter %(number)s: answer it") % {"number": letter.number},
            url=reverse("shop_measure", args=[letter.pk]),
            due_on=letter.due_on,
        )
        for letter in letters
    ]


@register_matters(lambda staff: told_of(staff.merchant_id).open().exclude(kind=MeasureKind.LETTER))
def measures_in_force(measures: QuerySet[Measure]) -> list[Matter]:
    """What is stopped, and talks to come."""
    return [
        Matter(
            label=measure.get_kind_display(),
            url=reverse("shop_measure", args=[measure.pk]),
            note=measure.number,
            due_on=measure.due_on if measure.kind == MeasureKind.TALK else None,
        )
        for measure in measures
    ]


@require_safe
@manager_page
def shop_measures(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Everything that the supervision did, the newest first."""
    page = Paginator(told_of(staff.merchant_id), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "merchant/measures.html", {"staff": staff, "page": page})


@require_http_methods(["GET", "POST"])
@manager_page
def shop_measure(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One measure: why, what it stops, and the answer or the appeal."""
    measure = measure_of_merchant(staff.merchant_id, pk)
    answers, appeals = "answer" in request.POST, "because" in request.POST
    answer = AnswerForm(request.POST if answers else None)
    appeal = AppealForm(request.POST if appeals else None)
    status = 200
    if request.method == "POST":
        form, status = (answer if answers else appeal), 400
        if form.is_valid():
            try:
                if answers:
                    operations.answer_letter(by=staff, measure_id=pk, at=clock.now(), **form.cleaned_data)
                    messages.success(request, _("Your answer is with the supervision."))
                else:
                    operations.appeal(by=staff, measure_id=pk, at=clock.now(), **form.cleaned_data)
                    messages.success(
                        request, _("Appealed. An official who had no part in it decides within five working days.")
                    )
                return redirect("shop_measure", pk)
            except NotFound:
                raise
            except DomainError as error:
                field = getattr(error, "field", None)
                form.add_error(field if field in form.fields else None, str(error))
                status = error.http_status
    made = list(measure.appeals.all())
    owner = staff.role == StaffRole.OWNER
    waits = any(one.state == AppealState.OPEN for one in made)
    context = {
        "staff": staff,
        "measure": measure,
        "signs": signs_in_words(measure) if measure.kind in TOLD_AT_ONCE else [],
        "appeals": made,
        "answer": answer if measure.waits_for_answer else None,
        "appeal": appeal if owner and measure.may_be_appealed and not waits else None,
        "provisional": measure.state == MeasureState.PROVISIONAL,
    }
    return render(request, "merchant/measure.html", context, status=status)


@require_safe
@manager_page
def shop_measure_paper(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The letter or summons as issued. The order to the street is not the merchant's."""
    measure = measure_of_merchant(staff.merchant_id, pk)
    if measure.kind not in TOLD_AT_ONCE:
        raise NotFound()
    return pdf_response(measure)

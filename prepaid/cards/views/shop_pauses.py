"""The merchant's pauses: what customers ask for, and asking a customer."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError
from escrow.models import Pause
from prepaid.cards import operations, queries
from prepaid.cards.forms import ShopPauseForm
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember
from prepaid.merchants.views.today import Matter, register_matters

PAGE_LENGTH = 25
#: The merchant's first page names so many; the rest is on the list.
MOST_MATTERS = 10


@register_matters(lambda staff: queries.pauses_to_answer(staff=staff, today=clock.today()))
def waiting_pauses(pauses: QuerySet[Pause]) -> list[Matter]:
    """Pauses that customers ask for."""
    return [
        Matter(
            label=_("%(person)s asks for a pause") % {"person": pause.agreement.card.holder.display_name},
            url=reverse("shop_pauses"),
            note=f"{pause.agreement.card.version.product.name} · {pause.agreement.card}",
            due_on=pause.since,
        )
        for pause in pauses[:MOST_MATTERS]
    ]


@require_http_methods(["GET", "POST"])
@manager_page
def shop_pauses(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Every pause, those to answer first; a form to ask a customer for one."""
    form, status = ShopPauseForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                operations.ask_pause(by=staff, at=clock.now(), actor=staff.user.actor, **form.cleaned_data)
            except DomainError as error:
                status = error.http_status
                form.add_error("number" if status in (404, 409) else "since", str(error))
            else:
                messages.success(request, _("The customer has been asked."))
                return redirect("shop_pauses")
    page = Paginator(queries.pauses_to(staff=staff), PAGE_LENGTH).get_page(request.GET.get("page"))
    context = {"staff": staff, "page": page, "form": form, "today": clock.today()}
    return render(request, "merchant/pauses.html", context, status=status)


@require_POST
@manager_page
def shop_pause(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The answer to a customer, or the merchant's own question taken back."""
    queries.pause_for(staff=staff, pause_id=pk)
    common: dict[str, Any] = {"by": staff, "pause_id": pk, "at": clock.now(), "actor": staff.user.actor}
    try:
        if "end" in request.POST:
            operations.end_pause(**common)
            said = _("The question is taken back.")
        else:
            agrees = "agree" in request.POST
            operations.answer_pause(agrees=agrees, **common)
            said = (
                _("Agreed. The card rests and its last day moves.") if agrees else _("Refused. The card's days count.")
            )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("shop_pauses")

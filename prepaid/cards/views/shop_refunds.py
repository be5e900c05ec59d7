"""The merchant's refund requests: what is asked, by when to answer, agree or refuse."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound, WrongState
from escrow.money import yuan
from prepaid.cards import operations, queries
from prepaid.cards.errors import RequestNotYours
from prepaid.cards.forms import AgreeForm, RefuseForm
from prepaid.cards.models import RefundRequest
from prepaid.cards.states import RefundState
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember
from prepaid.merchants.views.today import Matter, register_matters
from prepaid.products.refund_rules import RefundQuote

PAGE_LENGTH = 25
#: The merchant's first page names so many; the rest is on the list of requests.
MOST_MATTERS = 10


@register_matters(lambda staff: queries.requests_to_answer(staff=staff))
def waiting_requests(requests: QuerySet[RefundRequest]) -> list[Matter]:
    """Refunds that customers ask for."""
    return [
        Matter(
            label=_("%(person)s asks for %(sum)s back")
            % {"person": asked.card.holder.display_name, "sum": f"¥{yuan(asked.asked_fen)}"},
            url=reverse("shop_refund", args=[asked.pk]),
            note=f"{asked.card.version.product.name} · {asked.card}",
            due_on=asked.answer_due_on,
        )
        for asked in requests[:MOST_MATTERS]
    ]


@require_GET
@manager_page
def shop_refunds(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Every request, those to answer first."""
    page = Paginator(queries.requests_to(staff=staff), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "merchant/refunds.html", {"staff": staff, "page": page, "today": clock.today()})


@require_http_methods(["GET", "POST"])
@manager_page
def shop_refund(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One request: the calculation, and the answer, which is asked for twice with the sum and the person named."""
    asked = queries.request_for(staff=staff, request_id=pk)
    agrees = "agree" in request.POST
    face = queries.face_of(card=asked.card, today=clock.beijing_date(asked.requested_at))
    held_fen = face.holding.held_fen  # as it is now
    agree = AgreeForm(
        request.POST if agrees else None,
        asked_fen=asked.asked_fen,
        least_fen=min(asked.asked_fen, queries.least_refund_fen(asked, face=face)),
        most_fen=asked.card.agreement.price_fen,
    )
    refuse = RefuseForm(request.POST if request.method == "POST" and not agrees else None)
    context: dict[str, Any] = {
        "staff": staff,
        "asked": asked,
        "card": asked.card,
        "person": asked.card.holder.display_name,
        "steps": queries.steps_of(asked),
        "quote": RefundQuote.from_json(asked.quote),
        "interest": queries.interest_of(asked, held_fen=held_fen, today=clock.today()),
        "held_fen": held_fen,
        "early_fen": face.holding.unearned_fen - held_fen,
        "agree": agree,
        "refuse": refuse,
    }
    if request.method == "GET":
        return render(request, "merchant/refund.html", context)
    if not asked.may_answer:
        raise RequestNotYours()
    form = agree if agrees else refuse
    if not form.is_valid():
        return render(request, "merchant/refund.html", context, status=400)
    typed = form.cleaned_data
    if not typed["confirmed"]:
        interest = (
            queries.interest_on(asked, typed["amount"], held_fen=held_fen, today=clock.today()) if agrees else None
        )
        total_fen = typed["amount"] + (interest.interest_fen if interest else 0) if agrees else 0
        context |= {"typed": typed, "is_offer": agrees and typed["amount"] < asked.asked_fen}
        context |= {"agrees_interest": interest, "missing_fen": max(0, total_fen - held_fen)}
        return render(request, "merchant/refund_confirm.html", context | {"agrees": agrees})
    common = {"staff": staff, "request_id": pk, "text": typed["text"], "at": clock.now(), "actor": staff.user.actor}
    try:
        asked = (
            operations.agree_refund(amount_fen=typed["amount"], **common)
            if agrees
            else operations.refuse_refund(**common)
        )
    except (NotFound, WrongState):  # the form that was sent is no longer on the page
        raise
    except DomainError as error:
        form.add_error("amount" if agrees else "text", str(error))
        return render(request, "merchant/refund.html", context, status=error.http_status)
    messages.success(request, _said(asked.state))
    return redirect("shop_refund", pk)


def _said(state: str) -> str:
    return {
        RefundState.GRANTED: _("Agreed. The money is on its way to the customer."),
        RefundState.OFFERED: _("Your offer has been sent to the customer."),
    }.get(RefundState(state), _("Your refusal has been sent to the customer."))

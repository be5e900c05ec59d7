"""The decision, in three steps: fill in, read the sum and the person again, confirm. Only the last one does anything."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints.cases import operations
from complaints.cases.admin.pages import done, of_my_queue
from complaints.cases.filters import today_of
from complaints.cases.forms import ChargeDecideForm, DecideForm, OutsideDecideForm
from complaints.cases.models import Case
from complaints.cases.queries.bases import Sums, grounds_of, sums_of
from complaints.cases.queries.file import figures_of, money_of, timeline_of
from complaints.cases.queries.outside import grounds_outside
from complaints.cases.states import Result
from escrow import clock
from escrow.errors import DomainError
from escrow.states import RefundBasis
from prepaid.cards.models import Redemption
from prepaid.cards.queries import Ground, deposit_of
from prepaid.merchants.forms import refuse
from prepaid.people.access import me


@of_my_queue
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, case: Case) -> HttpResponse:
    """What is decided depends on what the case is about: a refund, a charge, a purchase outside custody."""
    if case.redemption is not None:
        return _charge(request, case, case.redemption)
    if case.outside is not None:
        return _outside(request, case)
    return _refund(request, case)


def _refund(request: HttpRequest, case: Case) -> HttpResponse:
    """The sum, its basis, what custody pays of it."""
    at, officer = clock.now(), me(request)
    money = money_of(case)
    grounds = grounds_of(case, held_fen=money.held_fen, at=at)
    form = DecideForm(request.POST or None, initial={"amount": ""}, grounds=grounds)

    def said() -> str:
        operations.decide(number=case.number, officer=officer, at=at, **_decision(form.cleaned_data))
        if form.cleaned_data["result"] == Result.UPHELD:
            return _("Decided. The refund is on its way; the case closes when the bank confirms it.")
        return _("Decided. The case is closed and the card can be used again.")

    def shown(confirming: bool) -> dict[str, Any]:
        cash = confirming and case.refund_request is not None and deposit_of(case.refund_request.card) is not None
        return {
            **_about(case, form, grounds, confirming),
            "in_cash": cash,
            "money": money,
            "sums": _sums(case, form.cleaned_data, at=at) if confirming else None,
            "figures": figures_of(case, held_fen=money.held_fen, today=today_of(request)),
        }

    return _walk(
        request,
        case,
        form,
        check=lambda: operations.check_decision(
            number=case.number, officer=officer, at=at, **_decision(form.cleaned_data)
        ),
        decide=said,
        shown=shown,
        template="decide",
    )


def _charge(request: HttpRequest, case: Case, charge: Redemption) -> HttpResponse:
    """How much of a charge was used."""
    officer = me(request)
    form = ChargeDecideForm(request.POST or None, charge=charge)

    def said() -> str:
        operations.decide_charge(number=case.number, officer=officer, at=clock.now(), **form.cleaned_data)
        return _("Decided. The case is closed; the rest of the charge is back on the card.")

    def shown(confirming: bool) -> dict[str, Any]:
        return {
            "charge": charge,
            "used": charge.figure_of(form.cleaned_data["units"]) if confirming else "",
            "rest": charge.figure_of(charge.units - form.cleaned_data["units"]) if confirming else "",
            "statements": timeline_of(case),
        }

    return _walk(
        request,
        case,
        form,
        check=lambda: operations.check_charge_decision(number=case.number, officer=officer, **form.cleaned_data),
        decide=said,
        shown=shown,
        template="decide_charge",
    )


def _outside(request: HttpRequest, case: Case) -> HttpResponse:
    """What the merchant owes, and by when it pays."""
    at, officer = clock.now(), me(request)
    grounds = grounds_outside(case, today=today_of(request))
    form = OutsideDecideForm(request.POST or None, grounds=grounds)

    def decision() -> dict[str, Any]:
        return {**_decision(form.cleaned_data), "pay_by": form.cleaned_data["pay_by"]}

    def said() -> str:
        operations.decide_outside(number=case.number, officer=officer, at=at, **decision())
        if form.cleaned_data["result"] == Result.UPHELD:
            return _("Decided. The case stays open until the merchant has paid.")
        return _("Decided.")

    return _walk(
        request,
        case,
        form,
        check=lambda: operations.check_outside_decision(number=case.number, officer=officer, at=at, **decision()),
        decide=said,
        shown=lambda confirming: _about(case, form, grounds, confirming),
        template="decide_outside",
    )


def _walk(
    request: HttpRequest,
    case: Case,
    form: Form,
    *,
    check: Callable[[], object],
    decide: Callable[[], str],
    shown: Callable[[bool], dict[str, Any]],
    template: str,
) -> HttpResponse:
    """``check`` says whether ``decide`` would be accepted, and writes nothing; ``decide`` does it and says so; ``shown``: what the page
    needs, when it is filled in and when it is confirmed."""
    confirming = False
    if request.method == "POST" and form.is_valid():
        try:
            if "confirmed" in request.POST:
                return done(request, case, decide())
            if "back" not in request.POST:
                check()
                confirming = True
        except DomainError as refusal:
            refuse(form, refusal)
            return _page(request, case, form, shown(False), template, confirming=False, status=refusal.http_status)
    status = 400 if form.errors else 200
    return _page(request, case, form, shown(confirming), template, confirming=confirming, status=status)


def _page(
    request: HttpRequest,
    case: Case,
    form: Form,
    shown: dict[str, Any],
    template: str,
    *,
    confirming: bool,
    status: int,
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Decide %(number)s") % {"number": case.number},
        "opts": Case._meta,
        "case": case,
        "form": form,
        "confirming": confirming,
        **shown,
    }
    return render(request, f"admin/cases/case/{template}.html", context, status=status)


def _about(case: Case, form: Form, grounds: dict[RefundBasis, Ground], confirming: bool) -> dict[str, Any]:
    """What each basis carries, what the merchant offered and, to be read again, the basis chosen."""
    data = form.cleaned_data if confirming else {}
    return {
        "upheld": data.get("result") == Result.UPHELD,
        "basis": RefundBasis(data["basis"]).label if data.get("basis") else "",
        "grounds": [(ground.basis.label, ground) for ground in grounds.values()],
        "offers": case.offers,
    }


def _sums(case: Case, data: dict[str, Any], *, at: datetime) -> Sums | None:
    """What the decision to be confirmed would pay."""
    if data["result"] != Result.UPHELD:
        return None
    return sums_of(case, amount_fen=data["amount"], basis=RefundBasis(data["basis"]), at=at)


def _decision(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "result": Result(data["result"]),
        "amount_fen": data["amount"],
        "basis": data["basis"],
        "reasons": data["reasons"],
    }

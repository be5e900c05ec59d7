"""Closing or moving: what it means is shown before it is announced, and where it stands afterwards."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import queries
from prepaid.cards.forms import ClosingForm
from prepaid.merchants import operations as merchants
from prepaid.merchants.access import manager_page
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.forms import refuse
from prepaid.merchants.models import Closing, ClosingKind, StaffMember
from prepaid.merchants.queries import sector_rule


@require_http_methods(["GET", "POST"])
@manager_page
def shop_closings(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Fill in, see what it means, announce; below, what was announced."""
    form = ClosingForm(request.POST or None, merchant=staff.merchant)
    context: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                if "announce" not in request.POST:
                    return render(request, "merchant/closing_confirm.html", _meaning(staff, form))
                merchants.announce_closing(by=staff, **form.facts, at=clock.now(), actor=staff.user.actor)
            except DomainError as error:
                refuse(form, error)
                status = error.http_status
            else:
                messages.success(request, _("Announced. Your customers are being told now."))
                return redirect("shop_closings")
    today = clock.today()
    rows = [
        {"closing": closing, "concerned": queries.concerned(closing), "may_withdraw": closing.may_withdraw(today)}
        for closing in queries.closings_of(staff.merchant)[:20]
    ]
    rule = sector_rule(staff.merchant.sector_id, today)
    context |= {"staff": staff, "form": form, "rows": rows, "notice_days": rule.closing_notice_days}
    return render(request, "merchant/closings.html", context, status=status)


@require_POST
@manager_page
def shop_closing_withdraw(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """It does not close after all."""
    try:
        merchants.withdraw_closing(by=staff, closing_id=pk, at=clock.now(), actor=staff.user.actor)
    except (NotFound, NotYourRole):  # not theirs: the page of any other address says it, not the list
        raise
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Withdrawn. Your customers are told; refunds already asked for stay granted."))
    return redirect("shop_closings")


def _meaning(staff: StaffMember, form: ClosingForm) -> dict[str, Any]:
    """What it would do, without doing it: the checks of the verb, whom it concerns, and the sums."""
    facts = form.facts
    merchants.check_closing(by=staff, **facts, at=clock.now())
    store = form.cleaned_data["store"]
    closing = Closing(merchant=staff.merchant, store=store, kind=facts["kind"], last_day=facts["last_day"])
    cards, unused_fen = queries.concerned(closing)
    rule = sector_rule(staff.merchant.sector_id, clock.today())
    return {
        "staff": staff,
        "form": form,
        "closing": closing,
        "moves": facts["kind"] == ClosingKind.MOVE,
        "cards": cards,
        "unused_fen": unused_fen,
        "is_short": merchants.is_short_notice(facts["last_day"], clock.today(), rule),
        "notice_days": rule.closing_notice_days,
    }

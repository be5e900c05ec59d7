"""The merchant's money: what is held, what is earned, what was paid out and for which uses."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from escrow import clock
from escrow import queries as escrow
from prepaid.merchants import bank_accounts, queries
from prepaid.merchants.access import manager_page
from prepaid.merchants.models import StaffMember

PAYOUTS_A_PAGE = 20
LINES_A_PAGE = 100
CLAIMS_SHOWN = 20


@require_safe
@manager_page
def shop_money(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Where the merchant's money stands today, and its payouts."""
    beneficiary = staff.merchant.beneficiary
    at = clock.now()
    figures, backing = escrow.merchant_money(beneficiary.pk, at), escrow.backing(beneficiary.pk)
    context = {
        "staff": staff,
        "figures": figures,
        "backing": backing,
        "aside": queries.set_aside(
            beneficiary.pk,
            due_fen=figures.next_payout_fen,
            due_on=figures.next_payout_on or clock.beijing_date(at),
            paid=bool(beneficiary.payout_account_no) and not beneficiary.payouts_held,
            reserve_fen=backing.reserve_fen,
            most=CLAIMS_SHOWN,
        ),
        "early": escrow.early_money(beneficiary.pk, at) if escrow.leaves_something_free(beneficiary.pk) else None,
        "beneficiary": beneficiary,
        "account": bank_accounts.masked(beneficiary.payout_account_no),
        "page": Paginator(escrow.payouts_of(beneficiary.pk), PAYOUTS_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "merchant/money.html", context)


@require_safe
@manager_page
def shop_next_payout(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """The next payout with every line that makes it up, what others have a better right to, and why the rest is held."""
    beneficiary, at = staff.merchant.beneficiary, clock.now()
    figures, backing = escrow.merchant_money(beneficiary.pk, at), escrow.backing(beneficiary.pk)
    lines = queries.with_store(escrow.next_lines(beneficiary.pk, figures), staff.merchant_id)
    paginator = Paginator(lines, LINES_A_PAGE)
    paginator.count = figures.unpaid_count  # known already: the lines are not counted again
    context = {
        "staff": staff,
        "figures": figures,
        "beneficiary": beneficiary,
        "account": bank_accounts.masked(beneficiary.payout_account_no),
        "aside": queries.set_aside(
            beneficiary.pk,
            due_fen=figures.next_payout_fen,
            due_on=figures.next_payout_on or clock.beijing_date(at),
            paid=bool(beneficiary.payout_account_no) and not beneficiary.payouts_held,
            reserve_fen=backing.reserve_fen,
            most=0,
        ),
        "held": escrow.held_money(beneficiary.pk) if backing.held_fen else None,
        "held_fen": backing.held_fen,
        "page": paginator.get_page(request.GET.get("page")),
    }
    return render(request, "merchant/next_payout.html", context)


@require_safe
@manager_page
def shop_payout(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """One payout with the lines it is the sum of."""
    payout = get_object_or_404(escrow.payouts_of(staff.merchant.beneficiary_id), pk=pk)
    lines = payout.lines.select_related("transfer__use").order_by("transfer_id")
    context = {
        "staff": staff,
        "payout": payout,
        "sums": queries.sums_by_reason(payout),
        "page": Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "merchant/payout.html", context)

"""Paid in cash: what the shop takes and brings to custody, and what the holder says of it."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from escrow import clock
from escrow.errors import DomainError, NameDiffers
from escrow.money import yuan
from prepaid.cards import operations, queries
from prepaid.cards.forms import CashBackForm, RefundAccountForm
from prepaid.cards.models import CashSale
from prepaid.cards.queries.cash import AccountStep
from prepaid.merchants.access import counter_page, manager_page
from prepaid.merchants.models import StaffMember
from prepaid.merchants.views.today import Matter, register_matters
from prepaid.people.access import consumer_required, me, shows_domain_errors

PAGE_LENGTH = 25
#: The merchant's first page names so many; the rest is on the list.
MOST_MATTERS = 10


@register_matters(lambda staff: queries.cash_to_bring(staff=staff))
def cash_to_bring(sales: QuerySet[CashSale]) -> list[Matter]:
    """Cash that is to be brought to custody."""
    return [
        Matter(
            label=_("Bring ¥%(sum)s to custody") % {"sum": yuan(sale.card.agreement.price_fen)},
            url=reverse("shop_cash_sale", args=[sale.pk]),
            note=f"{sale.card.version.product.name} · {sale.card}",
            due_on=getattr(sale, "due_on", None),
        )
        for sale in sales[:MOST_MATTERS]
    ]


@require_GET
@counter_page
def shop_cash(request: HttpRequest, staff: StaffMember) -> HttpResponse:
    """Every cash sale: customers at the counter first, then what is to be brought to custody."""
    page = Paginator(queries.cash_sales_at(staff=staff), PAGE_LENGTH).get_page(request.GET.get("page"))
    context = {"staff": staff, "page": page, "now": clock.now(), "today": clock.today()}
    return render(request, "merchant/cash.html", context)


@require_POST
@counter_page
def shop_cash_take(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The money is in the till."""
    sale = operations.take_cash(staff=staff, sale_id=pk, at=clock.now(), actor=staff.user.actor)
    messages.success(request, _("Taken. The customer has a receipt; print this one for her too if she wants it."))
    return redirect("shop_cash_sale", sale.pk)


@require_GET
@counter_page
def shop_cash_sale(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The customer's receipt and the slip for the bank, to be printed; where the sale stands."""
    sale = queries.cash_sale_at(staff=staff, sale_id=pk)
    context = {
        "staff": staff,
        "sale": sale,
        "card": sale.card,
        "now": clock.now(),
        "today": clock.today(),
        "teller": _teller(sale) if settings.DEMO else "",
    }
    return render(request, "merchant/cash_sale.html", context)


def _teller(sale: CashSale) -> str:
    """The counter of the demonstration's bank, with the slip filled in."""
    slip = {
        "account": sale.card.issuer.beneficiary.custody_no,
        "code": getattr(sale, "code", ""),
        "amount": yuan(sale.card.agreement.price_fen).replace(",", ""),
    }
    return f"{settings.SANDBOX_BANK_URL}/cashier/counter/?{urlencode(slip)}"


@require_POST
@manager_page
def shop_cash_back(request: HttpRequest, staff: StaffMember, pk: int) -> HttpResponse:
    """The customer has her money back, says the shop."""
    sale = operations.give_cash_back(staff=staff, sale_id=pk, at=clock.now(), actor=staff.user.actor)
    messages.success(request, _("The customer has been asked. The order is over once she says that she has her money."))
    return redirect("shop_cash_sale", sale.pk)


@require_POST
@consumer_required
@shows_domain_errors
def card_cash(request: HttpRequest, number: str) -> HttpResponse:
    """Pay an order at the counter instead."""
    user = me(request)
    operations.ask_to_pay_cash(holder_id=user.pk, number=number, at=clock.now(), actor=user.actor)
    return redirect("card_detail", number)


@require_http_methods(["GET", "POST"])
@consumer_required
@shows_domain_errors
def card_cash_end(request: HttpRequest, number: str) -> HttpResponse:
    """The holder has her money back, or never paid."""
    user = me(request)
    card = queries.card_of(user=user, number=number)
    form, status = CashBackForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            operations.end_cash_sale(holder_id=user.pk, number=card.number, at=clock.now(), actor=user.actor)
            messages.success(request, _("The order is over; nobody owes anything for it."))
            return redirect("wallet")
    return render(request, "consumer/cash_end.html", {"card": card, "form": form}, status=status)


@require_http_methods(["GET", "POST"])
@consumer_required
@shows_domain_errors
def refund_account(request: HttpRequest, number: str) -> HttpResponse:
    """Where the refund of a card goes that was paid in cash."""
    user = me(request)
    card = queries.card_of(user=user, number=number)
    if request.method == "GET" and queries.account_step(card) is not AccountStep.NAME:
        return redirect("card_detail", card.number)
    form, status = RefundAccountForm(request.POST or None), 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                operations.name_refund_account(
                    holder_id=user.pk, number=card.number, at=clock.now(), actor=user.actor, **form.cleaned_data
                )
            except NameDiffers as error:
                form.add_error(
                    "account_name", _("Name an account of your own, its holder spelled as you are registered here.")
                )
                status = error.http_status
            except DomainError as error:
                form.add_error("account_no", str(error))
                status = error.http_status
            else:
                messages.success(request, _("Thank you. A person looks at it, then the money goes there; we tell you."))
                return redirect("card_detail", card.number)
    context = {"card": card, "owed_fen": queries.refund_waiting_fen(card), "form": form}
    return render(request, "consumer/refund_account.html", context, status=status)

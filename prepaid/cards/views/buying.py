"""Buy a card: contract, payment, and what became of it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from escrow import clock
from escrow.errors import AgreementExpired, AlreadyPaid, ChannelUnavailable, DomainError
from escrow.states import DEPOSIT, AgreementState
from prepaid.cards import operations, queries
from prepaid.cards.errors import ContractChanged, ContractNotAccepted, NotGivenYet
from prepaid.cards.forms import BuyForm
from prepaid.cards.models import Card
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import sector_rule
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.products.contract import twelve_items
from prepaid.products.models import ProductVersion
from prepaid.products.queries import Custody, custody_of, refund_previews, sellable_version


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def buy(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract of a product version, its acceptance, and on to the bank's cashier."""
    return _order(request, sellable_version(pk, on=clock.today()))


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def top_up(request: HttpRequest, number: str) -> HttpResponse:
    """The same for a further payment on a card's own terms."""
    card = queries.card_of(user=me(request), number=number)
    return _order(request, queries.top_up_version(card=card, on=clock.today()), tops_up=card)


def _order(request: HttpRequest, version: ProductVersion, tops_up: Card | None = None) -> HttpResponse:
    custody = custody_of(version, on=clock.today())
    prepared_by = operations.preparer_of(token=request.GET.get("by", ""), version=version)
    if version.after_use and not (prepared_by and queries.may_have_given(staff=prepared_by, version=version)):
        raise NotGivenYet()
    new_form = partial(BuyForm, version=version, custody=custody, in_cash=tops_up is None and not version.after_use)
    form = new_form(request.POST or None)
    shown = partial(_contract, request, version, custody, tops_up=tops_up, prepared_by=prepared_by)
    if request.method == "GET":
        return shown(form)
    if not form.is_valid():
        return shown(form, status=400)
    user, channel = me(request), form.cleaned_data["channel"]
    wanted: dict[str, Any] = {
        "holder": user,
        "version_id": version.pk,
        "accepted_terms_sha256": form.cleaned_data["terms_sha256"],
        "risks_accepted": all(form.cleaned_data[risk] for risk in form.risks),
        "custody_percent": form.cleaned_data["custody_percent"] or 100,
        "token": form.cleaned_data["token"],
        "prepared_by": prepared_by,
        "at": clock.now(),
        "actor": user.actor,
    }
    try:
        if channel == DEPOSIT:
            card = operations.place_order(**wanted)
            return _in_cash(request, card.number)
        _card, payment = operations.buy(
            **wanted, tops_up_id=tops_up.pk if tops_up else None, channel=channel, return_url=_return_url(request)
        )
    except (AlreadyPaid, AgreementExpired) as error:
        return _over(request, error)
    except ChannelUnavailable as error:
        messages.error(request, str(error))
        return redirect("card_detail", queries.order_by_token(user=user, token=form.cleaned_data["token"]).number)
    except ContractChanged as error:
        return shown(new_form(), error=error)
    except DomainError as error:
        if isinstance(error, ContractNotAccepted):
            form.add_error("accepted", str(error))
            return shown(form, status=error.http_status)
        return shown(form, error=error)
    return redirect(payment.cashier_url)


def _in_cash(request: HttpRequest, number: str) -> HttpResponse:
    user = me(request)
    operations.ask_to_pay_cash(holder_id=user.pk, number=number, at=clock.now(), actor=user.actor)
    return redirect("card_detail", number)


def _contract(
    request: HttpRequest,
    version: ProductVersion,
    custody: Custody,
    form: BuyForm,
    *,
    tops_up: Card | None,
    prepared_by: StaffMember | None,
    error: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "version": version,
        "tops_up": tops_up,
        "prepared_by": prepared_by,
        "merchant": version.product.merchant,
        "items": twelve_items(version.terms, custody_percent=custody.percent),
        "custody": custody,
        "previews": [] if version.after_use else refund_previews(version),
        "cooling_off_days": sector_rule(version.product.merchant.sector_id, clock.today()).cooling_off_days,
        "form": form,
        "risks": [form[name] for name in form.risks],
        "error": error,
    }
    return render(request, "consumer/buy.html", context, status=error.http_status if error else status)


def _return_url(request: HttpRequest) -> str:
    """Where the bank sends the consumer back to; escrow fills in the order number."""
    return request.build_absolute_uri(reverse("payment_return", args=["ORDER"])).replace("ORDER", "{order_no}")


def _over(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The order is paid or has lapsed: say so, and lead on."""
    context = {"error": error, "is_paid": isinstance(error, AlreadyPaid)}
    return render(request, "consumer/order_over.html", context, status=error.http_status)


@consumer_required
@require_POST
@shows_domain_errors
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Back to the cashier of an order that is not paid yet."""
    card = queries.card_of(user=me(request), number=number)
    return _to_cashier(request, card, channel=queries.channel_of(card=card))


@consumer_required
@require_POST
@shows_domain_errors
def next_month(request: HttpRequest, number: str) -> HttpResponse:
    """To the cashier with the next month of a membership, through the channel that the first was paid at."""
    user = me(request)
    card = queries.card_of(user=user, number=number)
    month = operations.order_next_month(holder=user, number=card.number, at=clock.now(), actor=user.actor)
    try:
        return _to_cashier(request, month, channel=queries.channel_of(card=card))
    except ChannelUnavailable as error:
        messages.error(request, str(error))
        return redirect("card_detail", card.number)


@consumer_required
@require_POST
@shows_domain_errors
def end_membership(request: HttpRequest, number: str) -> HttpResponse:
    """No further month."""
    user = me(request)
    card = operations.end_membership(holder_id=user.pk, number=number, at=clock.now(), actor=user.actor)
    messages.success(request, _("Ended. What is paid can be used to its last day; nothing further is due."))
    return redirect("card_detail", card.number)


def _to_cashier(request: HttpRequest, card: Card, *, channel: str) -> HttpResponse:
    try:
        payment = operations.pay_order(
            card=card,
            channel=channel,
            return_url=_return_url(request),
            at=clock.now(),
            actor=me(request).actor,
        )
    except (AlreadyPaid, AgreementExpired) as error:
        return _over(request, error)
    return redirect(payment.cashier_url)


@consumer_required
@require_POST
@shows_domain_errors
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Give an unpaid order up."""
    user = me(request)
    operations.cancel_order(holder_id=user.pk, number=number, at=clock.now(), actor=user.actor)
    messages.success(request, _("The order is cancelled. If you paid meanwhile, the money comes back to you."))
    return redirect("wallet")


@consumer_required
@require_GET
@shows_domain_errors
def payment_return(request: HttpRequest, order_no: str) -> HttpResponse:
    """Back from the cashier: wait for the bank, ask it when it is late, and on to the card once it is paid."""
    card, payment = queries.order_of(user=me(request), order_no=order_no)
    if card.agreement.state == AgreementState.OPEN:
        card = operations.look_after_payment(card=card, payment=payment, at=clock.now())
    paid = card.agreement.state not in _UNPAID
    part = "HX-Request" in request.headers
    if part and paid:
        return HttpResponseClientRedirect(request.path)
    context = {"card": card, "payment": payment, "paid": paid, "waiting": _is_waiting(card)}
    template = "consumer/pay_state.html" if part else "consumer/pay_return.html"
    return render(request, template, context)


_UNPAID = {AgreementState.OPEN, AgreementState.CANCELLED, AgreementState.EXPIRED}


def _is_waiting(card: Card) -> bool:
    return card.agreement.state == AgreementState.OPEN

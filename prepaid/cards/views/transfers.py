"""A card for another person: the holder offers it, the other one takes it over, the first one keeps what was theirs to see."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError, NameDiffers, NotFound
from prepaid.cards import operations, queries
from prepaid.cards.errors import TransferToSelf
from prepaid.cards.forms import TakingForm, TransferForm
from prepaid.cards.models import Card, CardRule, CardTransfer
from prepaid.cards.states import TransferState
from prepaid.cards.views.contracts import shown
from prepaid.merchants.errors import AccountChecksum, BadAccountNo
from prepaid.notices import phones
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.people.models import User


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_transfer(request: HttpRequest, number: str) -> HttpResponse:
    """What goes along, the number it is offered to, and a step in between, because what is taken over does not come back; of an
    offered card the way to withdraw."""
    user, at = me(request), clock.now()
    card = queries.card_of(user=user, number=number)
    if card.tops_up is not None:
        return redirect("card_transfer", card.tops_up.number)
    form = TransferForm(request.POST if "phone" in request.POST else None)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            if "withdraw" in request.POST:
                operations.withdraw_transfer(holder_id=user.pk, number=card.number, at=at, actor=user.actor)
                messages.success(request, _("The offer is withdrawn. The card stays yours."))
                return redirect("card_detail", card.number)
            if form.is_valid():
                phone = form.cleaned_data["phone"]
                if "offer" not in request.POST:
                    return _offer_page(request, card, form, confirm=phone)
                operations.offer_card(holder=user, number=card.number, phone=phone, at=at, actor=user.actor)
                messages.success(
                    request, _("Offered. The card stays yours and goes on working until it is taken over.")
                )
                return redirect("card_transfer", card.number)
        except NotFound:
            raise
        except TransferToSelf as refusal:
            form.add_error("phone", str(refusal))
        except DomainError as refusal:
            error = refusal
    return _offer_page(request, card, form, error=error)


def _offer_page(
    request: HttpRequest, card: Card, form: TransferForm, *, confirm: str = "", error: DomainError | None = None
) -> HttpResponse:
    at = clock.now()
    offer = queries.open_transfer(card=card) if getattr(card, "is_offered", False) else None
    parcel = queries.parcel_of(card=card, today=clock.beijing_date(at))
    against = None if offer is not None and offer.waits(at) else queries.against_transfer(parcel=parcel, at=at)
    context = {
        "card": card,
        "form": form,
        "error": error,
        "offer": offer if offer is not None and offer.waits(at) else None,
        "parcel": parcel,
        "against": against,
        "days": CardRule.objects.current(clock.beijing_date(at)).transfer_days,
        "confirm": phones.spaced(confirm) if confirm and against is None else "",
    }
    status = error.http_status if error else 400 if form.errors else 200
    return render(request, "consumer/transfer.html", context, status=status)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def card_taking(request: HttpRequest, pk: int) -> HttpResponse:
    """For whoever signs in with the number it was offered to: what is on it, its contract, yes or no."""
    user, at = me(request), clock.now()
    transfer = queries.transfer_to(user=user, transfer_id=pk)
    if not transfer.waits(at) or transfer.holder_id == user.pk:
        return _over(request, user, transfer)
    form = TakingForm(request.POST if "accept" in request.POST else None, initial={"account_name": user.name})
    error: DomainError | None = None
    if request.method == "POST":
        this: dict[str, Any] = {"taker": user, "transfer_id": pk, "at": at, "actor": user.actor}
        try:
            if "refuse" in request.POST:
                operations.refuse_transfer(**this)
                messages.success(request, _("You do not take the card. Nothing has changed."))
                return redirect("wallet")
            if form.is_valid():
                shown_sha256 = request.POST.get("shown_sha256", "")
                taken = operations.accept_transfer(**this, **form.cleaned_data, shown_sha256=shown_sha256)
                messages.success(request, _("The card is yours. It has a new number and a new code."))
                return redirect("card_detail", Card.objects.values_list("number", flat=True).get(pk=taken.card_id))
        except NotFound:
            raise
        except (BadAccountNo, AccountChecksum) as refusal:
            form.add_error("account_no", str(refusal))
        except NameDiffers:
            said = _(
                "Your name here is %(name)s. Enter a bank account in that name, or correct your name under “Me” first."
            )
            form.add_error("account_name", said % {"name": user.name or user.phone_masked})
        except DomainError as refusal:
            error = refusal
    parcel = queries.parcel_of(card=transfer.card, today=clock.beijing_date(at))
    against = queries.against_transfer(parcel=parcel, at=at)
    context = {
        "transfer": transfer,
        "card": transfer.card,
        "parcel": parcel,
        "against": against,
        "form": form,
        "error": error,
        "rolls": queries.rolls_of(card=transfer.card, today=clock.beijing_date(at)),
    }
    status = error.http_status if error else 400 if form.errors else 200
    return render(request, "consumer/taking.html", context, status=status)


def _over(request: HttpRequest, user: User, transfer: CardTransfer) -> HttpResponse:
    """Taken over, its page; else how it ended, and nothing of what is on the card."""
    if transfer.state == TransferState.ACCEPTED and transfer.taker_id == user.pk:
        return redirect("card_detail", transfer.card.number)
    return render(request, "consumer/taking_over.html", {"transfer": transfer})


@consumer_required
@require_GET
@shows_domain_errors
def taking_contract(request: HttpRequest, pk: int, card_id: int) -> HttpResponse:
    """The contract that the other person would accept, as it was concluded, while the offer waits."""
    transfer = queries.transfer_to(user=me(request), transfer_id=pk)
    if not transfer.waits(clock.now()):
        return redirect("card_taking", pk)
    contract = queries.contract_handed_over(transfer=transfer, card_id=card_id)
    context = {"transfer": transfer, "back": "card_taking", **shown(request, contract)}
    return render(request, "consumer/transfer_contract.html", context)


@consumer_required
@require_GET
@shows_domain_errors
def card_given(request: HttpRequest, pk: int) -> HttpResponse:
    """A card that the user had: what moved on it until it was taken over, and nothing of what came after."""
    transfer = queries.given_transfer(user=me(request), transfer_id=pk)
    context = {"transfer": transfer, "card": transfer.card, "parts": queries.history_of(transfer=transfer)}
    return render(request, "consumer/given.html", context)


@consumer_required
@require_GET
@shows_domain_errors
def given_contract(request: HttpRequest, pk: int, card_id: int) -> HttpResponse:
    """The contract that the user had concluded, or taken over, of a card that another person has now."""
    transfer = queries.given_transfer(user=me(request), transfer_id=pk)
    if card_id not in {part["card"] for part in transfer.accepted}:
        raise NotFound()
    contract = queries.contract_handed_over(transfer=transfer, card_id=card_id)
    context = {"transfer": transfer, "back": "card_given", **shown(request, contract)}
    return render(request, "consumer/transfer_contract.html", context)

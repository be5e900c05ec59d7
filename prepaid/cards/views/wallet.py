"""The pages of a card's holder and of whoever is on it: wallet, card, code, statement, charges as they come, and the answer to
one that waits."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.cards import codes, operations, queries
from prepaid.cards.errors import ComplaintNeeded
from prepaid.cards.forms import PartForm
from prepaid.cards.models import Redemption
from prepaid.cards.states import Deed
from prepaid.merchants.queries import existing_faces
from prepaid.people.access import consumer_required, me, shows_domain_errors
from prepaid.people.models import User
from prepaid.products.standard_clauses import in_readers_language

#: The code's page also shows what was charged so shortly before it was opened: without script it is loaded anew.
JUST_NOW = timedelta(minutes=5)


@consumer_required
@require_GET
def wallet(request: HttpRequest) -> HttpResponse:
    """Every card of one's own or that one is on, with what is on it; what waits for an answer on top."""
    user, at = me(request), clock.now()
    today = clock.beijing_date(at)
    around = queries.around_wallet(user=user, at=at)
    transfers = queries.transfers_around(user=user, at=at) if around.has_transfers else []
    context = {
        "offered": [one for one in transfers if one.waits(at)],
        "given": [one for one in transfers if not one.waits(at)],
        "faces": queries.with_memberships(queries.cards_of(user=user, today=today), today=today),
        "waiting": queries.charges_waiting(user=user),
        "invitations": queries.invitations_to(user=user, at=at) if around.has_invitations else [],
        "earlier": existing_faces(user, on=today) if around.has_earlier else [],
        "news": _part([], after=around.last_charge),
    }
    return render(request, "consumer/wallet.html", context)


@consumer_required
@require_GET
@shows_domain_errors
def card_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One card: what is left, until when, where it can be used, and what can be done with it."""
    user = me(request)
    today = clock.today()
    try:
        card = queries.card_of(user=user, number=number, deed=Deed.SEE)
    except NotFound:
        given = queries.given_as(user=user, number=number)
        if given is None:
            raise
        return redirect("card_given", given.pk)
    is_membership = card.version.months is not None
    if is_membership and card.tops_up is not None:  # one card, whatever months are paid
        return redirect("card_detail", card.tops_up.number)
    owns = card.holder_id == user.pk
    membership = queries.membership_of(card=card, today=today) if is_membership else None
    face = membership.face if membership else queries.face_of(card=card, today=today)
    payment = face.payment
    asks = membership.last if membership else face
    stopped = queries.stopped_for(card=card)
    # Days of a card that counts days wait for time, not for an answer.
    waits = face.holding.units_reserved and not face.term
    has_top_ups = getattr(card, "has_top_ups", False) and not is_membership
    top_ups = queries.top_ups_of(card=card, today=today) if has_top_ups else []
    cash = getattr(card, "cash_sale", None)
    cash = cash if cash and (face.is_unpaid or cash.out_at) else None
    context = {
        "face": face,
        "asks": asks,
        "card": card,
        "cash": cash,
        "deposit": queries.deposit_of(card) if cash and cash.taken_at else None,
        "account_step": queries.account_step(card) if owns and face.is_settled and hasattr(card, "cash_sale") else None,
        "today": today,
        "membership": membership,
        "top_ups": top_ups,
        "can_show_code": card.rights is not None
        and card.rights.may_show_code
        and (card.tops_up or card).lost_at is None
        and any(one.is_usable for one in [face, *top_ups]),
        "is_held": face.is_active or face.is_frozen,
        "can_top_up": owns and queries.can_top_up(card) and face.is_active,
        "closings": queries.closings_for(card=card) if getattr(card, "has_closings", True) else [],
        "terms": card.version.terms,
        "refund_terms": in_readers_language(card.version.terms.refund_terms),
        "cooling_off_until": queries.cooling_off_until(card=asks.payment, today=today),
        "refund_request": (
            queries.requests_of(user=user).filter(card__in={payment.pk, asks.payment.pk}).first() if owns else None
        ),
        "claim": queries.claim_of(getattr(payment.agreement, "refund", None)) if owns and face.is_settled else None,
        "child": queries.child_shown(card=card),
        "waiting": queries.charges_waiting(user=user, card=card, stopped=stopped) if waits else [],
        "stopped": stopped,
        "early": queries.early_release_of(card=card) if face.holding.advanced_fen else None,
    }
    return render(request, "consumer/card.html", context)


@consumer_required
@require_GET
@never_cache
@shows_domain_errors
def card_code(request: HttpRequest, number: str) -> HttpResponse:
    """The rotating code. The page carries the card's secret, for whoever may show the code only, so that it works without
    network."""
    user, at = me(request), clock.now()
    card = queries.card_of(user=user, number=number, deed=Deed.SHOW_CODE)
    if card.tops_up is not None:  # one card, one code
        return redirect("card_code", card.tops_up.number)
    face = queries.face_to_show(card=card, today=clock.beijing_date(at))
    if card.lost_at is not None or not face.is_usable:
        return redirect("card_detail", card.number)
    now = timezone.now()
    text = codes.code_text(card.number, card.code_secret, codes.step_at(now))
    context = {
        "card": card,
        "face": face,
        "digits": text.removeprefix(f"{card} "),
        "qr": mark_safe(segno.make_qr(text.replace(" ", ""), error="m", boost_error=False).svg_inline(omitsize=True)),  # noqa: S308 – own digits
        "step_seconds": codes.STEP_SECONDS,
        "real_now_ms": int(now.timestamp() * 1000),
        "news": _news(user, after=queries.last_charge_id(user=user, before=at - JUST_NOW), number=card.number),
        "seconds_left": codes.STEP_SECONDS - int(now.timestamp()) % codes.STEP_SECONDS,
    }
    return render(request, "consumer/code.html", context)


@consumer_required
@require_GET
@never_cache
def charge_news(request: HttpRequest) -> HttpResponse:
    """The part of the wallet and of the code's page that asks for new charges; 204 while there are none but those it shows."""
    after, number = request.GET.get("after", ""), request.GET.get("card", "")
    if not after.isdecimal() or len(after) > 18 or "\0" in number:
        return HttpResponse(status=400)
    news = _news(me(request), after=int(after), number=number)
    if news["seen"] == request.GET.get("seen", ""):
        return HttpResponse(status=204)
    return HttpResponse(render_to_string("consumer/charge_news.html", {"news": news}))


def _news(user: User, *, after: int, number: str = "") -> dict[str, Any]:
    return _part(queries.charge_news(user=user, after=after, number=number), after=after, number=number)


def _part(charges: list[Redemption], *, after: int, number: str = "") -> dict[str, Any]:
    """The charges to show, and the address that asks for others."""
    seen = ".".join(f"{charge.pk}{charge.state}" for charge in charges)
    asked = {"after": after, "card": number, "seen": seen}
    return {"charges": charges, "seen": seen, "url": f"{reverse('charge_news')}?{urlencode(asked)}"}


@consumer_required
@require_GET
@shows_domain_errors
def card_statement(request: HttpRequest, number: str) -> HttpResponse:
    """Every movement of the card's money, newest first, with the balance after it."""
    card = queries.card_of(user=me(request), number=number, deed=Deed.SEE)
    context = {
        "card": card,
        "face": queries.face_of(card=card, today=clock.today()),
        "lines": queries.statement(card=card),
    }
    return render(request, "consumer/statement.html", context)


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def redemption_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The named figure, and yes to it or, with the form, to a part of it."""
    user = me(request)
    deed = Deed.SEE if request.method == "GET" else Deed.CONFIRM
    charge = queries.redemption_of(user=user, redemption_id=pk, deed=deed)
    form = PartForm(request.POST if "part" in request.POST else None, charge=charge)
    if request.method == "GET" or (form.is_bound and not form.is_valid()):
        return _charge_page(request, charge, form=form)
    units = form.cleaned_data["part"] if form.is_bound else None
    try:
        charge = operations.confirm_redemption(
            person_id=user.pk, redemption_id=pk, units=units, at=clock.now(), actor=user.actor
        )
    except DomainError as error:
        return _charge_page(request, queries.redemption_of(user=user, redemption_id=pk, deed=Deed.SEE), error=error)
    said = _("You confirmed %(figure)s.")
    if charge.claimed:
        said = _("You confirmed %(figure)s of %(claimed)s. The rest stays on your card.")
    messages.success(request, said % {"figure": charge.figure, "claimed": charge.claimed})
    return redirect("wallet")


@consumer_required
@require_http_methods(["GET", "POST"])
@shows_domain_errors
def redemption_dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """The named figure, and no to it: it ends there, or goes on as a complaint."""
    user = me(request)
    charge = queries.redemption_of(user=user, redemption_id=pk, deed=Deed.DISPUTE)
    if request.method == "GET":
        return _charge_page(request, charge)
    try:
        charge = operations.dispute_redemption(person_id=user.pk, redemption_id=pk, at=clock.now(), actor=user.actor)
    except ComplaintNeeded:
        return redirect("complaint_about_charge", pk)
    except DomainError as error:
        return _charge_page(request, queries.redemption_of(user=user, redemption_id=pk, deed=Deed.SEE), error=error)
    messages.success(request, _("You disputed %(figure)s. Nothing was charged.") % {"figure": charge.figure})
    return redirect("wallet")


def _charge_page(
    request: HttpRequest, charge: Redemption, *, form: PartForm | None = None, error: DomainError | None = None
) -> HttpResponse:
    """One charge: what it is and, while it waits, what can be answered."""
    if form is None:
        form = PartForm(charge=charge)
    status = error.http_status if error else (400 if form.errors else 200)
    answers = charge.is_waiting and charge.card.rights is not None and charge.card.rights.may_confirm
    context = {"charge": charge, "form": form if answers else None, "error": error}
    return render(request, "consumer/charge.html", context, status=status)

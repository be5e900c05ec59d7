"""Refund requests, the answer, the money."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.models import ClaimPayment, Refund
from escrow.money import yuan
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.operations.letters.common import managers_of
from prepaid.cards.queries import claim_of, where_it_goes
from prepaid.notices import operations as notices


def refund_requested(request: RefundRequest, *, at: datetime) -> None:
    """To those who answer for the merchant."""
    for member in managers_of(request.card.issuer_id):
        notices.send(
            to=member.user,
            kind="cards.refund_requested",
            title=_("A customer asks for a refund of ¥%(sum)s"),
            body=_("%(person)s asks for the rest of card %(card)s. Answer by %(due)s."),
            details={
                "sum": yuan(request.asked_fen),
                "person": request.card.holder.display_name,
                "card": request.card,
                "due": request.answer_due_on,
            },
            url=reverse("shop_refunds"),
            at=at,
        )


def refund_offered(request: RefundRequest, *, at: datetime) -> None:
    """The merchant agrees to less than was asked."""
    _to_holder(
        request,
        "offered",
        _("The merchant offers ¥%(offered)s"),
        _("You asked for ¥%(asked)s. Take the offer, withdraw, or complain to the regulator: you decide."),
        at,
    )


def refund_refused(request: RefundRequest, *, at: datetime) -> None:
    """With the merchant's reason on the page."""
    _to_holder(
        request,
        "refused",
        _("The merchant refuses your refund of ¥%(asked)s"),
        _("Your money stays frozen. Read the reason; you can complain to the regulator, or withdraw the request."),
        at,
    )


def refund_unanswered(request: RefundRequest, *, at: datetime) -> None:
    """The term passed and silence is no consent in this sector."""
    _to_holder(
        request,
        "unanswered",
        _("The merchant did not answer in time"),
        _("Your money stays frozen. You can now complain to the regulator about your refund of ¥%(asked)s."),
        at,
    )


def refund_granted(request: RefundRequest, refund: Refund) -> notices.Letter:
    """Decided, on whatever basis; what cannot be paid now is a claim and is said to be one. To be sent."""
    claim = claim_of(refund)
    if claim is None:
        body = _("¥%(now)s go back %(where)s. We tell you when the bank has paid.")
    elif refund.amount_fen:
        body = _(
            "¥%(now)s go back %(where)s now. ¥%(open)s are claim %(claim)s: the merchant has earned too "
            "little to pay them now, and its later payouts pay claims first."
        )
    else:
        body = _(
            "The merchant has earned too little to pay it now: ¥%(open)s are claim %(claim)s, and its later payouts pay "
            "claims first."
        )
    return _letter(
        request,
        "granted",
        _("Refund granted: ¥%(granted)s and ¥%(interest)s interest")
        if refund.interest_fen
        else _("Refund granted: ¥%(granted)s"),
        body,
        interest=yuan(refund.interest_fen),
        now=yuan(refund.amount_fen),
        where=where_it_goes(request.card),
        open=yuan(claim.open_fen) if claim else "",
        claim=claim or "",
    )


def refund_paid(refund: Refund, card: Card, *, url: str, at: datetime) -> None:
    """The bank says so: the sum actually paid back, and what is still open."""
    claim = claim_of(refund)
    notices.send(
        to=card.holder,
        kind="cards.refund_paid",
        title=_("¥%(sum)s paid back"),
        body=_(
            "The first part of your refund of ¥%(owed)s for card %(card)s has been paid back %(where)s. "
            "¥%(open)s are still open as claim %(claim)s; the merchant's later payouts pay it first. The card is closed."
        )
        if claim is not None and claim.open_fen
        else _("The refund of card %(card)s has been paid back %(where)s. The card is closed."),
        details={
            "where": where_it_goes(card),
            "sum": yuan(refund.first_fen),
            "owed": yuan(refund.total_fen),
            "card": card,
            "open": yuan(claim.open_fen) if claim else "",
            "claim": claim or "",
        },
        url=url,
        at=at,
    )


def claim_paid(part: ClaimPayment, card: Card, *, url: str, at: datetime) -> None:
    """The bank says a later payout of the merchant has paid a part of what was open."""
    claim = part.claim
    notices.send(
        to=card.holder,
        kind="cards.claim_paid",
        title=_("¥%(sum)s paid back on claim %(claim)s"),
        body=_(
            "It is of card %(card)s and went %(where)s. ¥%(open)s are still open; the merchant's later payouts pay "
            "them first."
        )
        if claim.open_fen
        else _("It is of card %(card)s and went %(where)s. Nothing of the claim is left open."),
        details={
            "where": where_it_goes(card),
            "sum": yuan(part.amount_fen),
            "claim": claim,
            "card": card,
            "open": yuan(claim.open_fen),
        },
        url=url,
        at=at,
    )


def _to_holder(request: RefundRequest, event: str, title: Promise, body: Promise, at: datetime) -> None:
    notices.send_many([_letter(request, event, title, body)], at=at)


def _letter(request: RefundRequest, event: str, title: Promise, body: Promise, **more: Any) -> notices.Letter:
    return notices.Letter(
        to=request.card.holder,
        kind=f"cards.refund_{event}",
        title=title,
        body=body,
        details={
            "asked": yuan(request.asked_fen),
            "offered": yuan(request.offered_fen or 0),
            "granted": yuan(request.granted_fen or 0),
            **more,
        },
        url=reverse("refund_detail", args=[request.pk]),
    )

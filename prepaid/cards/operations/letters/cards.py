"""A card is ready, ends soon, is lost or found."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from escrow.money import yuan
from escrow.states import Plan
from prepaid.cards.models import Card, CardLoss
from prepaid.cards.queries import CardFace, people_told
from prepaid.cards.states import PersonRole
from prepaid.notices import operations as notices


def card_active(card: Card, *, at: datetime) -> None:
    """The payment arrived: the card can be used."""
    notices.send(
        to=card.holder,
        kind="cards.active",
        title=_active_title(card),
        body=_(
            "Your payment of ¥%(price)s for “%(product)s” has arrived and is held in custody. "
            "%(merchant)s receives it only as you use the card."
        ),
        details={
            "card": card,
            "first": card.tops_up or card,
            "price": yuan(card.agreement.price_fen),
            "product": card.version.product.name,
            "merchant": card.issuer.name,
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def _active_title(card: Card) -> Promise:
    if card.tops_up is None:
        return _("Your card %(card)s is ready")
    return (
        _("The next month of your card %(first)s is paid")
        if card.version.months
        else _("Your card %(first)s is topped up")
    )


def card_expires(face: CardFace, *, at: datetime) -> None:
    """The last day comes: what is left, and what the holder can do; a guardian, who takes the child there, learns the day."""
    card = face.card
    if face.holding.plan == Plan.PERIOD:
        body = _(
            "On “%(product)s” of %(merchant)s you have %(left)s left, today among them; each counts whether you come or not. "
            "Come, ask for a pause, or ask for a refund of the days that are left: all three are on the card's page."
        )
    elif face.spendable_fen or face.waiting_fen:
        body = _(
            "On “%(product)s” of %(merchant)s you have %(left)s left. Use it by that day, or ask for the refund on the card's "
            "page. What you paid and did not use stays yours: you can ask for it after that day too. Gifts end with the card."
        )
    else:
        body = _(
            "On “%(product)s” of %(merchant)s only a gift is left: %(left)s. Use it by that day; a gift ends with the card and "
            "is not paid back."
        )
    guardians = [user for user, role in people_told(card=card) if role == PersonRole.GUARDIAN]
    theirs = _(
        "On “%(product)s” of %(merchant)s %(left)s are left. Use it by that day; a pause or a refund is for its holder to ask for."
    )
    for to, title, words in (
        (card.holder, _("Your card %(card)s can be used until %(day)s"), body),
        *((user, _("The child's card %(card)s can be used until %(day)s"), theirs) for user in guardians),
    ):
        notices.send(
            to=to,
            kind="cards.expires",
            title=title,
            body=words,
            details={
                "card": card.tops_up or card,
                "day": face.last_day,
                "product": card.version.product.name,
                "merchant": card.issuer.name,
                "left": lazy(lambda: face.left, str)(),
            },
            url=reverse("card_detail", args=[card.number]),
            at=at,
        )


def card_lost(card: Card, *, at: datetime) -> None:
    """To the holder, who may not be the one who reported it."""
    _of_loss(
        card,
        "lost",
        _("Your card %(card)s is blocked"),
        _(
            "It was reported lost, and its code charges nothing any more. Was it not you, or have you found it? Open the card."
        ),
        at,
    )


def card_found(card: Card, *, at: datetime) -> None:
    """The block is over."""
    body = _("It was found again: its code works as before. Was this not you? Report it lost again.")
    _of_loss(card, "found", _("Your card %(card)s can be used again"), body, at)


def card_reissued(card: Card, loss: CardLoss, *, at: datetime) -> None:
    """The number that counts now."""
    body = _(
        "It replaces %(old)s, whose code is over. Everything on the card, its contract and its history stay as they were."
    )
    _of_loss(card, "reissued", _("Your card's new number is %(card)s"), body, at, old=loss)


def _of_loss(card: Card, event: str, title: Promise, body: Promise, at: datetime, **details: Any) -> None:
    url = reverse("card_loss", args=[card.number])
    details["card"] = card
    notices.send(to=card.holder, kind=f"cards.{event}", title=title, body=body, details=details, url=url, at=at)

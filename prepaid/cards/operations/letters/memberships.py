"""Cards paid by the month."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.money import yuan
from prepaid.cards.models import Card
from prepaid.cards.queries import CardFace
from prepaid.notices import operations as notices


def month_ends(face: CardFace, *, last_day: date, goes_on: bool, now: bool, at: datetime) -> None:
    """A paid month of a membership ends; ``now``: today, and the next can be paid."""
    if not goes_on:
        title = _("Your membership %(card)s ends on %(day)s")
        body = _(
            "“%(product)s” of %(merchant)s can be used until then. No further month is paid and nothing is owed. To go on "
            "afterwards, buy a new card."
        )
    elif now:
        title = _("The paid month of your card %(card)s ends today")
        body = _(
            "You can pay the next month of “%(product)s” of %(merchant)s, ¥%(price)s, on the card's page from today. Nothing is "
            "debited by itself. Not paid, the card rests from tomorrow on and you owe nothing."
        )
    else:
        title = _("The paid month of your card %(card)s ends on %(day)s")
        body = _(
            "From that day on you can pay the next month of “%(product)s” of %(merchant)s, ¥%(price)s, on the card's page. "
            "Nothing is debited by itself. Not paid, the card rests and you owe nothing; you can also end it there with one tap."
        )
    _of_membership(face, "month_ends", title, body, last_day, at)


def days_returned(face: CardFace, *, first: Card, at: datetime) -> None:
    """Of a month that is over; what is paid for them the letter about the refund says."""
    notices.send(
        to=first.holder,
        kind="cards.days_returned",
        title=_("Days of your membership %(card)s are paid back"),
        body=_(
            "On %(days)s of the days you paid for, “%(product)s” of %(merchant)s was not to be had, and this was found when the "
            "next month was paid already. They are paid back without your asking."
        ),
        details={
            "card": first,
            "days": face.days_left,
            "product": first.version.product.name,
            "merchant": first.issuer.name,
        },
        url=reverse("card_detail", args=[first.number]),
        at=at,
    )


def membership_ended(face: CardFace, *, last_day: date | None, at: datetime) -> None:
    """To the holder, who may not be the one who pressed."""
    body = _(
        "“%(product)s” of %(merchant)s can be used until %(day)s, which is paid. No further month follows and nothing is owed."
    )
    _of_membership(face, "membership_ended", _("You ended your membership %(card)s"), body, last_day, at)


def _of_membership(
    face: CardFace, event: str, title: Promise, body: Promise, last_day: date | None, at: datetime
) -> None:
    card = face.card
    notices.send(
        to=card.holder,
        kind=f"cards.{event}",
        title=title,
        body=body,
        details={
            "card": card,
            "day": last_day,
            "product": card.version.product.name,
            "merchant": card.issuer.name,
            "price": yuan(card.version.price_fen),
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )

"""What was paid in cash at the shop."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.models import Payment
from escrow.money import yuan
from prepaid.cards.models import CashSale
from prepaid.notices import operations as notices


def cash_taken(sale: CashSale, deposit: Payment, *, at: datetime) -> None:
    """The holder's receipt."""
    body = _(
        "%(merchant)s says that it took ¥%(price)s in cash for “%(product)s”. It brings the money to your custody account by %(day)s; "
        "until the bank shows it there it is not protected and the card cannot be used. Never paid it? Say so on the card's page."
    )
    _about_cash(sale, "taken", _("Receipt: ¥%(price)s in cash"), body, deposit.deposit_due_on, at)


def cash_given_back(sale: CashSale, *, at: datetime) -> None:
    """The shop says so; the holder has the word."""
    body = _(
        "%(merchant)s says that you have the ¥%(price)s for “%(product)s” back. Only if that is true, say so on the card's page: it "
        "ends the order."
    )
    _about_cash(sale, "given_back", _("Do you have your cash back?"), body, None, at)


def cash_overdue(sale: CashSale, due_on: date, *, at: datetime) -> None:
    """What happens now, and what the holder can do."""
    body = _(
        "%(merchant)s did not bring your ¥%(price)s for “%(product)s” to custody by %(day)s. It may sell no card until it has, and the "
        "platform is looking into it. Ask the shop for the money back, or call 12345 and show your receipt."
    )
    _about_cash(sale, "overdue", _("Your cash is not in custody yet"), body, due_on, at)


def cash_undone(sale: CashSale, *, at: datetime) -> None:
    """It was in custody and is not any more."""
    body = _(
        "The bank has undone the deposit of your ¥%(price)s for “%(product)s”: it is not in custody any more. %(merchant)s has to bring it "
        "again and may sell no card until then; your card rests meanwhile. If you want the money back, ask the shop or call 12345."
    )
    _about_cash(sale, "undone", _("The bank has undone the shop's deposit"), body, None, at)


def cash_there_again(sale: CashSale, *, at: datetime) -> None:
    """The card can be used again."""
    body = _("Your ¥%(price)s for “%(product)s” at %(merchant)s is in custody again.")
    _about_cash(sale, "there_again", _("Your cash is in custody again"), body, None, at)


def cash_closed(sale: CashSale, because: str, *, at: datetime) -> None:
    """The platform has ended the order against what the holder said, or without it."""
    body = _(
        "Two people of the platform have ended your order of “%(product)s” at %(merchant)s, ¥%(price)s in cash: %(because)s. If that is "
        "not so, call 12345 and show your receipt."
    )
    _about_cash(sale, "closed", _("Your order paid in cash is over"), body, None, at, because=because)


def _about_cash(
    sale: CashSale, event: str, title: Promise, body: Promise, day: date | None, at: datetime, **more: str
) -> None:
    card = sale.card
    notices.send(
        to=card.holder,
        kind=f"cards.cash_{event}",
        title=title,
        body=body,
        details={
            "merchant": card.issuer.name,
            "product": card.version.product.name,
            "price": yuan(card.agreement.price_fen),
            "day": day,
            **more,
        },
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )

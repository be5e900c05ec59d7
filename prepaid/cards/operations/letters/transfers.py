"""A card that is offered to somebody else."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from escrow.clock import BEIJING
from prepaid.cards.models import CardTransfer
from prepaid.cards.operations.letters.common import managers_of
from prepaid.notices import operations as notices
from prepaid.people.models import User


def card_offered(transfer: CardTransfer, *, known: User | None, at: datetime) -> None:
    """To its holder, who may not be the one who pressed, and by SMS to the number, whether somebody has registered it or not; who
    has, finds it among their notices too."""
    card = transfer.card
    facts = {
        "card": card,
        "to": transfer.to_masked,
        "person": transfer.holder.display_name,
        "product": card.version.product.name,
        "merchant": card.issuer.name,
        "until": f"{transfer.lapses_at.astimezone(BEIJING):%Y-%m-%d %H:%M}",
        "page": settings.PUBLIC_URL + reverse("card_taking", args=[transfer.pk]),
    }
    _of_transfer(
        transfer.holder,
        "transfer_offered",
        _("You offered your card %(card)s to %(to)s"),
        _(
            "It stays yours until it is taken over, by %(until)s. Was it not you? Withdraw the offer, and report the card lost."
        ),
        reverse("card_transfer", args=[card.number]),
        at,
        **facts,
    )
    text = _(
        "%(person)s offers you a prepaid card: “%(product)s” of %(merchant)s. Look at it and answer by %(until)s: sign in with this "
        "number at %(page)s . You do not know this person? Then do nothing."
    )
    with override(known.language if known else settings.LANGUAGE_CODE):
        notices.send_sms(
            phone=transfer.phone,
            text=str(text) % facts,
            kind="cards.transfer_offer",
            to=known,
            useful_for=transfer.lapses_at - at,
            at=at,
        )
    if known is not None:
        _of_transfer(
            known,
            "transfer_offer",
            _("%(person)s offers you a card"),
            _(
                "“%(product)s” of %(merchant)s. Look at what is on it and answer by %(until)s; without an answer nothing happens."
            ),
            reverse("card_taking", args=[transfer.pk]),
            at,
            **facts,
        )


def offer_withdrawn(transfer: CardTransfer, *, known: User | None, at: datetime) -> None:
    """To both: also where a refund request or a loss report withdrew it."""
    body = _("It was not taken over, and stays what it was.")
    holder, url = transfer.holder, reverse("card_detail", args=[transfer.card.number])
    title = _("The offer of your card %(card)s is withdrawn")
    _of_transfer(holder, "transfer_withdrawn", title, body, url, at, card=transfer.card)
    if known is not None:
        title = _("%(person)s withdrew the offer of a card")
        taking = reverse("card_taking", args=[transfer.pk])
        _of_transfer(known, "transfer_withdrawn", title, body, taking, at, person=holder.display_name)


def offer_refused(transfer: CardTransfer, *, at: datetime) -> None:
    """To the holder."""
    _of_offer(transfer, "transfer_refused", _("%(to)s does not want your card %(card)s"), at)


def offer_lapsed(transfer: CardTransfer, *, at: datetime) -> None:
    """To the holder."""
    _of_offer(transfer, "transfer_lapsed", _("%(to)s did not answer: your card %(card)s stays yours"), at)


def card_taken_over(transfer: CardTransfer, *, taker: User, was: str, at: datetime) -> None:
    """To both, and to those who answer for the merchant: their duty is to the new holder from now on (SPC 11)."""
    card = transfer.card
    facts = {
        "card": card,
        "was": was,
        "to": transfer.to_masked,
        "taker": taker.display_name,
        "merchant": card.issuer.name,
    }
    _of_transfer(
        transfer.holder,
        "transfer_accepted",
        _("Your card %(was)s has passed to %(to)s"),
        _(
            "Its old code is over. What happened on it until now stays yours to see, and refunds of what is left go to the other person."
        ),
        reverse("card_given", args=[transfer.pk]),
        at,
        **facts,
    )
    _of_transfer(
        taker,
        "transfer_taken",
        _("Card %(card)s is yours"),
        _(
            "Everything on it is yours, on the contract that you accepted. A refund would go to the account that you named."
        ),
        reverse("card_detail", args=[card.number]),
        at,
        **facts,
    )
    for member in managers_of(card.issuer_id):
        _of_transfer(
            member.user,
            "transfer_notified",
            _("Card %(was)s has another holder"),
            _(
                "It is now %(taker)s's, with the number %(card)s. Contract, term and balance stay as they were; its place on the rolls of "
                "classes goes along. The old code charges nothing any more."
            ),
            reverse("shop_contract", args=[card.number]),
            at,
            **facts,
        )


def _of_offer(transfer: CardTransfer, event: str, title: Promise, at: datetime) -> None:
    body = _("Nothing has changed. You can use it, or offer it again.")
    url = reverse("card_detail", args=[transfer.card.number])
    _of_transfer(transfer.holder, event, title, body, url, at, card=transfer.card, to=transfer.to_masked)


def _of_transfer(
    reader: User,
    event: str,
    title: Promise,
    body: Promise,
    url: str,
    at: datetime,
    **details: object,
) -> None:
    notices.send(to=reader, kind=f"cards.{event}", title=title, body=body, details=details, url=url, at=at)

"""Charges, and what becomes of them; lessons."""

from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.states import UseState
from prepaid.cards.models import Learner, Redemption
from prepaid.cards.operations.letters.common import managers_of
from prepaid.cards.queries import people_told
from prepaid.cards.states import PersonRole
from prepaid.notices import operations as notices
from prepaid.notices.models import Message

_CHARGE_TITLES: dict[str, Promise] = {
    UseState.RESERVED: _("Confirm a charge of %(figure)s"),
    UseState.DISPUTED: _("A charge of %(figure)s is disputed"),
    UseState.FINAL: _("%(figure)s charged"),
    UseState.VOIDED: _("A charge of %(figure)s was taken back"),
    UseState.EXPIRED: _("A charge of %(figure)s expired"),
    UseState.UNDONE: _("A charge of %(figure)s was undone"),
}
_CHARGE_BODIES: dict[str, Promise] = {
    UseState.RESERVED: _(
        "%(store)s wants to charge %(figure)s to your card %(card)s. Confirm or dispute it by %(until)s; "
        "without an answer nothing is charged."
    ),
    UseState.DISPUTED: _(
        "%(figure)s stay reserved on your card %(card)s: %(store)s does not receive them unless the regulator decides so."
    ),
    UseState.FINAL: _("%(store)s charged %(figure)s to your card %(card)s. Was this not you? Tell the store today."),
    UseState.VOIDED: _("%(figure)s stay on your card %(card)s; %(store)s received nothing."),
    UseState.EXPIRED: _("Nobody confirmed it in time. %(figure)s stay on your card %(card)s."),
    UseState.UNDONE: _("%(store)s undid its charge. %(figure)s are back on your card %(card)s."),
}
_SILENCE_CONFIRMS = _(
    "%(store)s wants to charge %(figure)s to your card %(card)s. Confirm it, or say that it is wrong. Not answering for "
    "%(days)s working days counts as yes; the last day stands in your wallet."
)
_TO_OTHERS = _("Card %(card)s of %(holder)s at %(store)s. The statement shows every line of it.")
_TO_GUARDIANS = _(
    "%(store)s wants to charge %(figure)s to card %(card)s of %(holder)s. Confirm or dispute it by %(until)s; without an answer "
    "nothing is charged."
)
_TO_GUARDIANS_SILENCE = _(
    "%(store)s wants to charge %(figure)s to card %(card)s of %(holder)s. Confirm it, or say that it is wrong. Not answering for "
    "%(days)s working days counts as yes."
)
_TO_RELATIVES = _(
    "%(store)s wants to charge %(figure)s to card %(card)s of %(holder)s. If that is wrong you can dispute it; only %(holder)s or "
    "a guardian can confirm it."
)


def charge_recorded(redemption: Redemption, *, at: datetime) -> Message | None:
    """Every charge, and everything that becomes of it, to the holder, whose message it gives, and to everybody on the card."""
    use = redemption.use
    if use is None:
        return None
    card = redemption.card
    waiting = use.state == UseState.RESERVED
    until = timezone.localtime(use.confirm_until) if use.confirm_until else None
    details = {
        "figure": _Figure(redemption),
        "store": redemption.store.name,
        "card": card,
        "holder": card.holder.display_name,
        "until": f"{until:%Y-%m-%d %H:%M}" if until else "",
        "days": use.silence_days,
    }
    kind, url = f"cards.charge_{use.state}", reverse("card_statement", args=[card.number])
    for user, role in people_told(card=card):
        title, body = _CHARGE_TITLES[use.state], _TO_OTHERS
        if waiting and role == PersonRole.RELATIVE:
            title, body = _("A charge of %(figure)s waits for an answer"), _TO_RELATIVES
        elif waiting:
            body = _TO_GUARDIANS_SILENCE if redemption.silence_confirms else _TO_GUARDIANS
        page = reverse("wallet") if waiting else url
        notices.send(to=user, kind=kind, title=title, body=body, details=details, url=page, at=at)
    return notices.send(
        to=card.holder,
        kind=kind,
        title=_CHARGE_TITLES[use.state],
        body=_SILENCE_CONFIRMS if redemption.silence_confirms else _CHARGE_BODIES[use.state],
        details=details,
        url=reverse("wallet") if waiting else url,
        at=at,
    )


def put_on_roll(learner: Learner, *, at: datetime) -> None:
    """To the holder, whose code was shown: what the roll means, and how to leave it."""
    card = learner.card
    notices.send(
        to=card.holder,
        kind="cards.put_on_roll",
        title=_("Your card is on the roll of %(class)s at %(store)s"),
        body=_(
            "When the store marks the learner as present it charges one lesson to card %(card)s without a code. Each lesson still "
            "waits for your answer, and absence charges nothing. You can take the card off the roll on its page."
        ),
        details={"class": learner.taught_class.name, "store": learner.taught_class.store.name, "card": card},
        url=reverse("card_detail", args=[card.number]),
        at=at,
    )


def charge_insisted(redemption: Redemption, *, at: datetime) -> None:
    """The no of the holder, or of somebody on the card, would be a complaint now."""
    card = redemption.card
    for to in (card.holder, *(user for user, _role in people_told(card=card))):
        notices.send(
            to=to,
            kind="cards.charge_insisted",
            title=_("%(store)s insists on its charge of %(figure)s"),
            body=_(
                "It says: %(because)s. Confirm the charge, or say what is wrong: the sector's regulator then decides, and nothing "
                "is charged before."
            ),
            details={
                "store": redemption.store.name,
                "figure": _Figure(redemption),
                "because": redemption.insisted_because,
            },
            url=reverse("wallet"),
            at=at,
        )


def charge_returned(redemption: Redemption, *, at: datetime) -> None:
    """To those who answer for the merchant: its charge ended with the card, which the customer may give up in these days."""
    for member in managers_of(redemption.card.issuer_id):
        notices.send(
            to=member.user,
            kind="cards.charge_returned",
            title=_("A charge of %(figure)s ended with its card"),
            body=_(
                "The customer gave up card %(card)s within the cooling-off period, and a charge that nobody has confirmed "
                "does not hold that up. If it was used, ask the customer for it; keep your record of the visit."
            ),
            details={"figure": _Figure(redemption), "card": redemption.card},
            url=reverse("shop_refunds"),
            at=at,
        )


class _Figure:
    """The charge's figure, written in the language of whoever reads it."""

    def __init__(self, redemption: Redemption) -> None:
        self.redemption = redemption

    def __str__(self) -> str:
        return self.redemption.figure

"""Around a card: the child it is for, and who is on it."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from prepaid.cards.models import Card, CardPerson
from prepaid.cards.states import PersonEnd, PersonRole
from prepaid.notices import operations as notices
from prepaid.people.models import User


def child_named(card: Card, *, at: datetime) -> None:
    """To the holder. The name itself stands on the page alone."""
    body = _("Card %(card)s is for a child now. The contract stays yours, and refunds go to you.")
    _about_people(card, "child_named", _("Your card is for a child"), body, at)


def child_forgotten(card: Card, *, at: datetime) -> None:
    """To the holder."""
    body = _("The name was deleted. Was this not you? Look who is on card %(card)s.")
    _about_people(card, "child_forgotten", _("Your card is not for a child any more"), body, at)


def person_invited(person: CardPerson, *, to: User | None, at: datetime) -> None:
    """To the number, whether or not somebody has registered it; and to the holder."""
    card = person.card
    page = reverse("card_invitation", args=[person.pk])
    with override(to.language if to else card.holder.language):
        text = _(
            "%(holder)s asks you to be a %(role)s on a prepaid card of %(merchant)s. Read what that means and answer within 7 days: "
            "%(url)s"
        )
        said = {
            "holder": card.holder.display_name,
            "role": person.get_role_display(),
            "merchant": card.issuer.name,
            "url": settings.PUBLIC_URL + page,
        }
        notices.send_sms(phone=person.phone, text=str(text) % said, kind="cards.invitation", at=at)
    if to is not None:
        notices.send(
            to=to,
            kind="cards.invitation",
            title=_("%(holder)s asks you to be on a card"),
            body=_("As a %(role)s on a card of %(merchant)s. Read what that means, then accept or decline."),
            details={**said, "role": PersonRole(person.role).label},
            url=page,
            at=at,
        )
    body = _("As a %(role)s on card %(card)s. Was this not you? Take the invitation back.")
    _about_people(card, "person_invited", _("You have invited %(person)s"), body, at, person=person)


def person_accepted(person: CardPerson, *, at: datetime) -> None:
    """To the holder."""
    body = _("As a %(role)s on card %(card)s. You can take them off at any time.")
    _about_people(person.card, "person_accepted", _("%(person)s is on your card now"), body, at, person=person)


_ENDS: dict[str, Promise] = {
    PersonEnd.REMOVED: _("%(person)s is not on your card any more"),
    PersonEnd.LEFT: _("%(person)s has left your card"),
    PersonEnd.DECLINED: _("Your invitation was declined"),
    PersonEnd.LAPSED: _("Nobody answered your invitation"),
}


def person_ended(person: CardPerson, shown_as: str, to: User | None, *, knew_code: bool, at: datetime) -> None:
    """To the holder, and to whoever was taken off or uninvited. ``shown_as``: as the holder knew them, for the number is gone.
    ``knew_code``: the card has another secret now."""
    card = person.card
    body = _("The part was %(role)s of card %(card)s. You can invite somebody again at any time.")
    if knew_code:
        body = _(
            "The part was %(role)s of card %(card)s. The code they had does not work any more: open the card's code again "
            "before you show it."
        )
    _about_people(card, "person_ended", _ENDS[person.end], body, at, person=person, shown_as=shown_as)
    if to is not None and person.end == PersonEnd.REMOVED:
        notices.send(
            to=to,
            kind="cards.person_ended",
            title=_("You are not on a card of %(holder)s any more"),
            body=_(
                "%(holder)s has changed who is on card %(card)s. You do not see it any more; you need not do anything."
            ),
            details={"holder": card.holder.display_name, "card": card},
            url=reverse("wallet"),
            at=at,
        )


def _about_people(
    card: Card,
    event: str,
    title: Promise,
    body: Promise,
    at: datetime,
    *,
    person: CardPerson | None = None,
    shown_as: str = "",
) -> None:
    details: dict[str, object] = {"card": card}
    if person is not None:
        details |= {"role": PersonRole(person.role).label, "person": shown_as or person.shown_as}
    url = reverse("card_persons", args=[card.number])
    notices.send(to=card.holder, kind=f"cards.{event}", title=title, body=body, details=details, url=url, at=at)

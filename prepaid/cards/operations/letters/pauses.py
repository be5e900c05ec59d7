"""Pauses, to the side that is to answer or to know."""

from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.models import Pause
from escrow.states import Party, PauseState
from prepaid.cards.models import Card
from prepaid.cards.operations.letters.common import managers_of
from prepaid.notices import operations as notices


def pause_asked(pause: Pause, card: Card, *, at: datetime) -> None:
    """To the other side, which may agree."""
    body = _("Card %(card)s is to rest from %(since)s through %(until)s: “%(because)s”. Agree, or refuse.")
    _to_side(pause, card, Party(pause.asked_side).other, "asked", _("You are asked to agree to a pause"), body, at)


def pause_answered(pause: Pause, card: Card, *, at: datetime) -> None:
    """To whoever asked."""
    if pause.state == PauseState.AGREED:
        title = _("The pause is agreed")
        body = _("Card %(card)s rests from %(since)s through %(until)s. These days do not count; its last day moves.")
    else:
        title = _("The pause is refused")
        body = _("Card %(card)s does not rest from %(since)s through %(until)s: its days count as before.")
    _to_side(pause, card, Party(pause.asked_side), "answered", title, body, at)


def pause_ended(pause: Pause, card: Card, *, by: Party, at: datetime) -> None:
    """Taken back, called off, or ended before its time."""
    body = _("The pause of card %(card)s is over or does not take place: its days count again.")
    _to_side(pause, card, by.other, "ended", _("A pause has ended"), body, at)


def _to_side(pause: Pause, card: Card, side: Party, event: str, title: Promise, body: Promise, at: datetime) -> None:
    if side == Party.FUNDER:
        to, url = [card.holder], reverse("card_pause", args=[card.number])
    else:
        to, url = [member.user for member in managers_of(card.issuer_id)], reverse("shop_pauses")
    details = {"card": card, "since": pause.since, "until": pause.until, "because": pause.because}
    for person in to:
        notices.send(to=person, kind=f"cards.pause_{event}", title=title, body=body, details=details, url=url, at=at)

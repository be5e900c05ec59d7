"""The weekly digest: one letter a week to who holds cards and has something to read."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from escrow.money import yuan
from escrow.transactions import transaction
from prepaid.cards import queries
from prepaid.cards.models import Digest, Redemption
from prepaid.cards.queries.digest import CardWeek
from prepaid.notices import operations as notices
from prepaid.people.models import DIGEST, User

#: Cards named in one letter; the wallet shows all of them.
MOST_CARDS = 10


def send_digest(*, user_id: int, monday: date, at: datetime) -> bool:
    """Tell one person about the week before ``monday``; whether this did it. Once a week, whoever asks and however often. Whoever
    has nothing worth a letter (all was taken back) is done with, too."""
    user = User.objects.get(pk=user_id)
    weeks = queries.digest_of(user_id=user_id, monday=monday)
    with transaction():
        _row, made = Digest.objects.get_or_create(user=user, monday=monday, defaults={"sent_at": at})
        if made and weeks:
            with override(user.language):
                title, body = _("Your cards last week"), _written(weeks)
            notices.send(to=user, kind=DIGEST, title=title, body=body, url=reverse("wallet"), at=at)
    return made


def _written(weeks: list[CardWeek]) -> str:
    lines = [line for week in weeks[:MOST_CARDS] for line in _lines(week)]
    more = len(weeks) - MOST_CARDS
    if more > 0:
        lines.append(ngettext("And %(more)s more card.", "And %(more)s more cards.", more) % {"more": more})
    return "\n".join(lines)


def _lines(week: CardWeek) -> list[str]:
    name = {"card": f"{week.card.version.product.name} {week.card}"}
    used = []
    if week.used_fen:
        text = ngettext("%(card)s: %(count)s charge, ¥%(sum)s.", "%(card)s: %(count)s charges, ¥%(sum)s.", week.charges)
        used.append(text % {**name, "count": week.charges, "sum": yuan(week.used_fen)})
    elif week.charges:
        text = ngettext("%(card)s: %(count)s visit.", "%(card)s: %(count)s visits.", week.charges)
        used.append(text % {**name, "count": week.charges})
    return used + [_waits(charge, name["card"]) for charge in week.waiting]


def _waits(charge: Redemption, card: str) -> str:
    facts = {"card": card, "figure": charge.figure, "store": charge.store.name}
    if charge.is_disputed:
        return _("%(card)s: %(figure)s at %(store)s are disputed and stay reserved.") % facts
    if charge.last_day is None:
        return _("%(card)s: %(figure)s at %(store)s wait for your answer.") % facts
    facts["day"] = charge.last_day.isoformat()
    if charge.silence_confirms:
        return (
            _("%(card)s: %(figure)s at %(store)s wait for your answer; after %(day)s they count as confirmed.") % facts
        )
    return _("%(card)s: %(figure)s at %(store)s wait for your answer; after %(day)s they return to the card.") % facts

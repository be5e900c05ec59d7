"""What happens to the shop: it closes, moves or changes hands."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from escrow.clock import beijing_date
from prepaid.cards.models import Card
from prepaid.cards.queries import is_cash_outside, where_it_goes
from prepaid.merchants.models import Closing, Handover
from prepaid.notices import operations as notices


def closing(card: Card, about: Closing) -> notices.Letter:
    """To every holder: where, until when, and what can be done; or that it does not take place (BJ 18). To be sent."""
    if about.withdrawn_at is not None:
        title = _("%(place)s stays where it is")
        body = _("The notice about %(day)s was withdrawn. You can use your card %(card)s as before.")
    elif not about.moves and is_cash_outside(card):
        title = _("%(place)s was found closed") if about.was_found else _("%(place)s closes after %(day)s")
        body = _(
            "What you paid in cash for card %(card)s is not in custody, so nothing can be paid back from there. Ask the shop for it "
            "at once; if it does not give it back, call 12345 and show your receipt: the regulator sees the sum. Should it still come "
            "to custody, you get it back without asking."
        )
    elif about.was_found:
        title = _("%(place)s was found closed")
        body = _(
            "It last served on %(day)s. What is left on your card %(card)s goes back %(where)s; you need not do "
            "anything. If another store redeems your card, go on using it there, or ask for a refund in your wallet: it is paid "
            "at once."
        )
    elif about.moves:
        title = _("%(place)s moves after %(day)s")
        body = _(
            "New address: %(address)s. You can use your card %(card)s there. If that is too far for you, ask for a refund in "
            "your wallet and name the merchant's move as the reason: it is paid at once."
        )
    else:
        title = _("%(place)s closes after %(day)s")
        body = _(
            "You can use your card %(card)s until then, or have the rest back now: ask for a refund in your wallet and name the "
            "closing as the reason, it is paid at once. What is left on a card that no other store redeems comes back after "
            "that day without asking."
        )
    return notices.Letter(
        to=card.holder,
        kind="cards.closing",
        title=title,
        body=body,
        details={
            "place": f"{card.issuer.name} · {about.store.name}" if about.store else card.issuer.name,
            "day": about.last_day.isoformat(),
            "address": about.new_address,
            "card": card,
            "where": where_it_goes(card),
        },
        url=reverse("card_detail", args=[card.number]),
    )


def handover(card: Card, about: Handover) -> notices.Letter:
    """To every holder: who runs the merchant or where it is paid changes, and what came of it. Nobody is named. To be sent."""
    if about.is_open:
        title = _("%(merchant)s may be changing hands")
        body = _(
            "A change of its legal representative, its actual controller or its payout account was reported on %(day)s. Until "
            "two officials have verified it, it sells no cards, nothing is paid out to it, and your silence confirms no "
            "charge. Your card %(card)s stays valid and its money stays in custody."
        )
    elif about.is_done:
        title = _("%(merchant)s has changed hands")
        body = _(
            "Two officials have verified the change that was reported on %(day)s. Your card %(card)s stays valid on the terms "
            "you bought it on. If you are refused service, ask for a refund in your wallet, or complain there."
        )
    else:
        title = _("%(merchant)s has not changed hands")
        body = _(
            "The change that was reported on %(day)s did not take place. You can use your card %(card)s as before."
        )
    return notices.Letter(
        to=card.holder,
        kind="cards.handover",
        title=title,
        body=body,
        details={"merchant": card.issuer.name, "day": beijing_date(about.reported_at).isoformat(), "card": card},
        url=reverse("card_detail", args=[card.number]),
    )

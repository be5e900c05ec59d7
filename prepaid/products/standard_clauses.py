"""Model clauses a merchant may keep as they are. A contract stores the words; whoever reads another language sees a
clause that was kept unchanged in theirs."""

from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow.states import Plan

DEDUCTION = {
    Plan.SESSIONS: _(
        "One visit deducts one session. Every deduction needs the holder's code or confirmation and is shown to the "
        "holder at once."
    ),
    Plan.STORED_VALUE: _(
        "Each use deducts the price displayed in the store that day, from the money paid and the gift money in "
        "proportion. Every deduction needs the holder's code or confirmation and is shown to the holder at once."
    ),
    Plan.DISCOUNT: _(
        "Each use deducts the price displayed in the store that day times the rate of the card, rounded down to the fen. Both "
        "prices are named. Every deduction needs the holder's code or confirmation and is shown to the holder at once."
    ),
    Plan.COURSE: _(
        "One lesson given deducts one lesson, named by its day and class and deducted once. Every deduction waits for the "
        "learner's or guardian's confirmation and is shown to them at once."
    ),
    Plan.PERIOD: _(
        "The card may be used on every day of its term; each day deducts an equal share of the price. Days on which "
        "the merchant gives no service are not deducted."
    ),
}
AFTER_USE = _(
    "The visit is given first and paid afterwards. The payment is the holder's confirmation and is shown to the holder at once; what was "
    "not given need not be paid."
)
NO_GIFT = _("No gifts come with this card.")
GIFT = _(
    "The gift money is used together with the money paid, for the same goods and services. On a refund, what was "
    "used is counted against both in proportion, and the unused gift money goes back to the merchant."
)
COMMON = {
    "quality": _(
        "Goods and services are those displayed in the store, given by qualified staff and with lawful products. "
        "Whatever falls short is done again or its price is returned."
    ),
    "risk_warning": _(
        "Prepaying has a risk: a merchant may close, move or change hands before the card is used up. Prepay no "
        "more than you will use soon. The money stays in custody until each use."
    ),
    "change_terms": _(
        "If the merchant closes, moves, suspends the service or passes the business on, it tells every holder at "
        "once and at least 30 days ahead. The holder may go on or have the rest refunded as for a cause on the "
        "merchant's side."
    ),
    "refund_terms": _(
        "A refund is asked for on this platform and goes back to the original payment without any fee, what was paid in cash to a bank "
        "account in the holder's name: in the cooling-off period within 5 days, otherwise within 15 days of the request. Within 7 days "
        "of purchase and unused, the whole price is refunded. After that: the money paid less the share used, at the sold price for a "
        "cause on the merchant's side, at the list price for a cause on the holder's side."
    ),
    "loss_terms": _(
        "A lost card is reported on this platform, blocked at once and reissued free of charge. The holder may "
        "transfer the card by telling the merchant through this platform, free of charge."
    ),
    "breach_terms": _(
        "Whoever breaks the contract makes good the other side's loss. If the service is not given as agreed, the "
        "holder may ask for it to be done again, for a lower price, or end the contract."
    ),
    "dispute_terms": _(
        "Disputes are first talked over. Either side may complain on this platform, call 12345, ask for mediation, "
        "or go to the court that is competent by law."
    ),
}
#: What stood there before, and stands in contracts that were concluded then.
FORMER = (
    _(
        "A refund is asked for on this platform and goes back to the original payment without any fee: in the "
        "cooling-off period within 5 days, otherwise within 15 days of the request. Within 7 days of purchase and "
        "unused, the whole price is refunded. After that: the money paid less the share used, at the sold price for "
        "a cause on the merchant's side, at the list price for a cause on the holder's side."
    ),
)
#: One list for recognising a clause that was kept.
ALL = (*DEDUCTION.values(), AFTER_USE, NO_GIFT, GIFT, *COMMON.values(), *FORMER)


def for_card(kind: Plan, *, has_gift: bool, after_use: bool = False) -> dict[str, str]:
    """Every clause but ``service``, in the language in force."""
    return {
        **{clause: str(text) for clause, text in COMMON.items()},
        "deduction": str(AFTER_USE if after_use else DEDUCTION[kind]),
        "gift_terms": str(GIFT if has_gift else NO_GIFT),
    }


@cache
def _by_text() -> dict[str, Promise]:
    """Every standard clause by its words in any language."""
    found: dict[str, Promise] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {str(clause): clause for clause in ALL}
    return found


def in_readers_language(text: str) -> str:
    """A standard clause in the reader's language; the merchant's own words as they are."""
    return str(_by_text().get(text, text))


def is_standard(text: str) -> bool:
    """Whether the text is one of the standard clauses, in any language."""
    return text.strip() in _by_text()

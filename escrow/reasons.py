"""Reasons that the kernel gives itself, as rows keep them, in the reader's language."""

from django.utils.translation import gettext as _

PAYOUT_CAME_BACK, DEPOSIT_UNDONE = "payout came back: ", "deposit taken back: "


def in_words(because: str) -> str:
    """One reason, or several joined by semicolons; what people wrote stays as it is."""
    return "; ".join(_one(reason) for reason in because.split("; "))


def _one(reason: str) -> str:
    for prefix, words in (
        (PAYOUT_CAME_BACK, _("the bank returned payout %(number)s")),
        (DEPOSIT_UNDONE, _("the bank has undone cash deposit %(number)s")),
    ):
        if reason.startswith(prefix):
            return words % {"number": reason.removeprefix(prefix)}
    return reason

"""What concerns everything that is kept of a person. Each app above answers for its own rows; people knows none of them.

Receivers of ``copy_taken`` and ``closing_asked`` **answer** (``signal.send`` returns what they return), so they must not be
missing: each app's ``receivers`` is imported when it is ready.
"""

from typing import Any

from django.dispatch import Signal

#: kwargs: user – answer ``{sheet's title: rows}``, the first row the headings, what the app keeps of them (PIPL 45)
copy_taken = Signal()
#: kwargs: user – answer a list of ``queries.InTheWay``: what stands against closing the account now
closing_asked = Signal()
#: kwargs: user, at – within the deed: what is kept of them beyond need goes (PIPL 47)
account_closing = Signal()


def answers(signal: Signal, **facts: object) -> list[Any]:
    """What each receiver said."""
    return [answer for _receiver, answer in signal.send(sender=None, **facts) if answer]

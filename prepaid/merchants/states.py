"""What becomes of a merchant that people miss here. Complete at import."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class InvitedState(TextChoices):
    NEW = "new", pgettext_lazy("invited merchant", "new")
    CONTACTED = "contacted", pgettext_lazy("invited merchant", "contacted")
    JOINED = "joined", pgettext_lazy("invited merchant", "joined")
    DISMISSED = "dismissed", pgettext_lazy("invited merchant", "dismissed")


INVITED_TRANSITIONS: dict[InvitedState, frozenset[InvitedState]] = {
    InvitedState.NEW: frozenset({InvitedState.CONTACTED, InvitedState.JOINED, InvitedState.DISMISSED}),
    InvitedState.CONTACTED: frozenset({InvitedState.JOINED, InvitedState.DISMISSED}),
    InvitedState.JOINED: frozenset(),
    InvitedState.DISMISSED: frozenset({InvitedState.CONTACTED}),
}
if set(INVITED_TRANSITIONS) != set(InvitedState):
    raise RuntimeError("InvitedState has states without transitions")

#: Nobody has spoken to the merchant yet, or it has not answered.
STILL_MISSED = frozenset({InvitedState.NEW, InvitedState.CONTACTED})

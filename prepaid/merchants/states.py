"""What becomes of a merchant that people miss here, and of a change of who runs one. Complete at import."""

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


class HandoverState(TextChoices):
    """Where a change of the operator stands."""

    OPEN = "open", pgettext_lazy("change of the operator", "being checked")
    DONE = "done", pgettext_lazy("change of the operator", "in effect")
    REJECTED = "rejected", pgettext_lazy("change of the operator", "rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("change of the operator", "withdrawn")


HANDOVER_TRANSITIONS: dict[HandoverState, frozenset[HandoverState]] = {
    HandoverState.OPEN: frozenset({HandoverState.DONE, HandoverState.REJECTED, HandoverState.WITHDRAWN}),
    HandoverState.DONE: frozenset(),
    HandoverState.REJECTED: frozenset(),
    HandoverState.WITHDRAWN: frozenset(),
}
if set(HANDOVER_TRANSITIONS) != set(HandoverState):
    raise RuntimeError("HandoverState has states without transitions")

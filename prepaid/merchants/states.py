"""What becomes of a merchant that people miss here, of a change of who runs one, and of a card sold before. Complete at import."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from escrow.states import Plan


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


class ExistingKind(TextChoices):
    """How people call the plans of ``escrow``; the values are the same."""

    SESSIONS = Plan.SESSIONS.value, _("session card")
    STORED_VALUE = Plan.STORED_VALUE.value, _("stored-value card")
    DISCOUNT = Plan.DISCOUNT.value, _("discount card")
    PERIOD = Plan.PERIOD.value, _("period card")
    COURSE = Plan.COURSE.value, _("course")


class ExistingState(TextChoices):
    """Of a card that was sold before its merchant joined."""

    ASKED = "asked", pgettext_lazy("existing card", "waiting for the holder")
    CONFIRMED = "confirmed", pgettext_lazy("existing card", "confirmed by the holder")
    CONTESTED = "contested", pgettext_lazy("existing card", "contested by the holder")
    ENDED = "ended", pgettext_lazy("existing card", "nothing left")


EXISTING_TRANSITIONS: dict[ExistingState, frozenset[ExistingState]] = {
    ExistingState.ASKED: frozenset(
        {ExistingState.ASKED, ExistingState.CONFIRMED, ExistingState.CONTESTED, ExistingState.ENDED}
    ),
    # The merchant says another figure since, and the holder is asked anew; or the holder finds that they were wrong.
    ExistingState.CONFIRMED: frozenset({ExistingState.ASKED, ExistingState.CONTESTED}),
    ExistingState.CONTESTED: frozenset(
        {ExistingState.ASKED, ExistingState.CONFIRMED, ExistingState.CONTESTED, ExistingState.ENDED}
    ),
    ExistingState.ENDED: frozenset(),
}
if set(EXISTING_TRANSITIONS) != set(ExistingState):
    raise RuntimeError("ExistingState has states without transitions")

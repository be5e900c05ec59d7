"""The life of a refund request up to the money, and what may follow what; what a roll-call marks."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RefundCause(TextChoices):
    """Who the refund is down to: it decides the formula (SPC 13, 18–20)."""

    OPERATOR = "operator", _("The merchant closed, moved, stopped or changed the service, or did not keep the contract")
    NEITHER = "neither", _("Neither of us, for example illness or moving away")
    CONSUMER = "consumer", _("I changed my mind")


class RefundState(TextChoices):
    REQUESTED = "requested", _("waiting for the merchant's answer")
    OFFERED = "offered", _("the merchant offers another sum")
    REFUSED = "refused", _("refused by the merchant")
    SILENT = "silent", _("not answered in time")
    COMPLAINED = "complained", _("with the regulator")
    GRANTED = "granted", _("granted, the money is on its way")
    PAID = "paid", _("paid back")
    WITHDRAWN = "withdrawn", _("withdrawn")
    DISMISSED = "dismissed", _("closed without a refund")


REFUND_TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset(
        {
            RefundState.OFFERED,
            RefundState.REFUSED,
            RefundState.SILENT,
            RefundState.GRANTED,
            RefundState.WITHDRAWN,
        }
    ),
    RefundState.OFFERED: frozenset({RefundState.GRANTED, RefundState.COMPLAINED, RefundState.WITHDRAWN}),
    # A merchant may think better of it, until a regulator has the case.
    RefundState.REFUSED: frozenset({RefundState.GRANTED, RefundState.COMPLAINED, RefundState.WITHDRAWN}),
    RefundState.SILENT: frozenset({RefundState.GRANTED, RefundState.COMPLAINED, RefundState.WITHDRAWN}),
    RefundState.COMPLAINED: frozenset({RefundState.GRANTED, RefundState.DISMISSED}),
    RefundState.GRANTED: frozenset({RefundState.PAID}),
    RefundState.PAID: frozenset(),
    RefundState.WITHDRAWN: frozenset(),
    RefundState.DISMISSED: frozenset(),
}
if set(REFUND_TRANSITIONS) != set(RefundState):
    raise RuntimeError("RefundState has states without transitions")

#: The card's money stays frozen in these.
OPEN_REFUND_STATES = (
    RefundState.REQUESTED,
    RefundState.OFFERED,
    RefundState.REFUSED,
    RefundState.SILENT,
    RefundState.COMPLAINED,
)
#: The consumer may turn to the regulator from these.
MAY_COMPLAIN_STATES = (RefundState.OFFERED, RefundState.REFUSED, RefundState.SILENT)
#: The merchant may still answer in these.
MAY_ANSWER_STATES = (RefundState.REQUESTED, RefundState.REFUSED, RefundState.SILENT)


class Mark(TextChoices):
    """What a roll-call says of one learner on one day."""

    PRESENT = "present", _("present")
    ABSENT = "absent", _("absent")
    LEAVE = "leave", _("leave")
    MAKE_UP = "make_up", _("make-up")


#: A lesson is charged for these; the others charge nothing.
CHARGED_MARKS = (Mark.PRESENT, Mark.MAKE_UP)

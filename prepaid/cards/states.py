"""The life of a refund request up to the money, and of an offered card; what may follow what; what a roll-call marks; who is on a
card, and may do what with it."""

from dataclasses import dataclass
from enum import StrEnum

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
    # The complaint about it is reopened.
    RefundState.DISMISSED: frozenset({RefundState.COMPLAINED}),
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


class TransferState(TextChoices):
    """Of a card that its holder offers to another person."""

    OFFERED = "offered", _("offered")
    ACCEPTED = "accepted", _("taken over")
    REFUSED = "refused", _("not wanted")
    WITHDRAWN = "withdrawn", _("withdrawn")
    LAPSED = "lapsed", _("not answered in time")


TRANSFER_TRANSITIONS: dict[TransferState, frozenset[TransferState]] = {
    TransferState.OFFERED: frozenset(
        {TransferState.ACCEPTED, TransferState.REFUSED, TransferState.WITHDRAWN, TransferState.LAPSED}
    ),
    TransferState.ACCEPTED: frozenset(),
    TransferState.REFUSED: frozenset(),
    TransferState.WITHDRAWN: frozenset(),
    TransferState.LAPSED: frozenset(),
}
if set(TRANSFER_TRANSITIONS) != set(TransferState):
    raise RuntimeError("TransferState has states without transitions")


class Mark(TextChoices):
    """What a roll-call says of one learner on one day."""

    PRESENT = "present", _("present")
    ABSENT = "absent", _("absent")
    LEAVE = "leave", _("leave")
    MAKE_UP = "make_up", _("make-up")


#: A lesson is charged for these; the others charge nothing.
CHARGED_MARKS = (Mark.PRESENT, Mark.MAKE_UP)


class PersonRole(TextChoices):
    """Who is on a card besides its holder."""

    GUARDIAN = "guardian", _("guardian")
    RELATIVE = "relative", _("relative")


class PersonState(TextChoices):
    INVITED = "invited", _("invited")
    ACCEPTED = "accepted", _("on the card")
    ENDED = "ended", _("not on the card any more")


PERSON_TRANSITIONS: dict[PersonState, frozenset[PersonState]] = {
    PersonState.INVITED: frozenset({PersonState.ACCEPTED, PersonState.ENDED}),
    PersonState.ACCEPTED: frozenset({PersonState.ENDED}),
    PersonState.ENDED: frozenset(),
}
if set(PERSON_TRANSITIONS) != set(PersonState):
    raise RuntimeError("PersonState has states without transitions")


class PersonEnd(TextChoices):
    """How somebody's part in a card ended."""

    REMOVED = "removed", _("removed by the holder")
    LEFT = "left", _("left")
    DECLINED = "declined", _("declined")
    LAPSED = "lapsed", _("not answered in time")


class Deed(StrEnum):
    """What can be done with a card. ``OWN`` is everything that is the holder's alone."""

    SEE = "see"
    PROVE = "prove"
    DISPUTE = "dispute"
    CONFIRM = "confirm"
    SHOW_CODE = "show_code"
    OWN = "own"


#: What is not named here is the holder's alone. Refunds are: the money goes back to whoever paid and signed.
ROLE_MAY: dict[PersonRole, frozenset[Deed]] = {
    PersonRole.GUARDIAN: frozenset({Deed.SEE, Deed.PROVE, Deed.DISPUTE, Deed.CONFIRM, Deed.SHOW_CODE}),
    PersonRole.RELATIVE: frozenset({Deed.SEE, Deed.DISPUTE}),
}


@dataclass(frozen=True)
class Rights:
    """What one person may do with one card. ``role``: None for its holder."""

    role: PersonRole | None
    deeds: frozenset[Deed]

    @property
    def owns(self) -> bool:
        return Deed.OWN in self.deeds

    @property
    def may_prove(self) -> bool:
        return Deed.PROVE in self.deeds

    @property
    def may_dispute(self) -> bool:
        return Deed.DISPUTE in self.deeds

    @property
    def may_confirm(self) -> bool:
        return Deed.CONFIRM in self.deeds

    @property
    def may_show_code(self) -> bool:
        return Deed.SHOW_CODE in self.deeds


NOBODY = Rights(role=None, deeds=frozenset())
HOLDER = Rights(role=None, deeds=frozenset(Deed))

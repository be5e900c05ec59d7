"""The life of a case as data: what exists, and what may follow what. Complete at import."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CaseState(TextChoices):
    RECEIVED = "received", _("received")
    DISPATCHED = "dispatched", _("waiting for an officer")
    IN_HAND = "in_hand", _("being handled")
    EXECUTING = "executing", _("refund on its way")
    CLOSED = "closed", pgettext_lazy("case", "closed")
    WITHDRAWN = "withdrawn", _("withdrawn")
    SETTLED = "settled", _("settled, the charge was withdrawn")


TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.RECEIVED: frozenset({CaseState.DISPATCHED, CaseState.WITHDRAWN, CaseState.SETTLED}),
    CaseState.DISPATCHED: frozenset({CaseState.IN_HAND, CaseState.WITHDRAWN, CaseState.SETTLED}),
    CaseState.IN_HAND: frozenset({CaseState.EXECUTING, CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.SETTLED}),
    CaseState.EXECUTING: frozenset({CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.IN_HAND}),  # reopened by the consumer, once
    CaseState.WITHDRAWN: frozenset(),
    CaseState.SETTLED: frozenset(),
}
if set(TRANSITIONS) != set(CaseState):
    raise RuntimeError("CaseState has states without transitions")

#: Nobody has decided yet: the time limit runs, and the consumer may withdraw.
UNDECIDED = frozenset({CaseState.RECEIVED, CaseState.DISPATCHED, CaseState.IN_HAND})
#: Over.
ENDED = frozenset({CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.SETTLED})
#: Over before anybody decided.
ENDED_EARLY = frozenset({CaseState.WITHDRAWN, CaseState.SETTLED})
#: Over by what an authority or the merchant did, not by the consumer: the consumer is asked how it was (回访).
ASKED_ABOUT = ENDED - {CaseState.WITHDRAWN}
#: Somebody leads from here on, to the end (首接负责).
LED = frozenset({CaseState.IN_HAND, CaseState.EXECUTING, CaseState.CLOSED})


class Wanted(TextChoices):
    REFUND = "refund", _("My money back")
    SERVICE = "service", _("The service as agreed")
    OTHER = "other", _("Something else (as described)")
    CHARGE = "charge", _("Not to be charged what was not used")


class Side(TextChoices):
    CONSUMER = "consumer", _("consumer")
    MERCHANT = "merchant", _("merchant")


class EvidenceSide(TextChoices):
    """For whom a photo or document speaks: a side, or what the authority found itself."""

    CONSUMER = "consumer", _("consumer")
    MERCHANT = "merchant", _("merchant")
    AUTHORITY = "authority", _("authority")


class Result(TextChoices):
    UPHELD = "upheld", _("upheld")
    NOT_UPHELD = "not_upheld", _("not upheld")


class CallResult(TextChoices):
    REACHED = "reached", _("reached")
    NOT_REACHED = "not_reached", _("not reached")
    REFUSED = "refused", _("refused to talk")


class PlaceReason(TextChoices):
    """Why a case belongs to its district."""

    CHARGE = "charge", _("the store of the charge")
    LAST_USE = "last_use", _("the store where the card was last used")
    ONLY_STORE = "only_store", _("the only store that takes the card")
    FIRST_STORE = "first_store", _("the first of the stores that take the card")
    HEAD_OFFICE = "head_office", _("the merchant's head office")


class EventKind(TextChoices):
    RECEIVED = "received", _("Complaint received")
    DISPATCHED = "dispatched", _("Sent to the responsible authority")
    UNDETERMINED = "undetermined", _("Sent to a person who determines the responsible authority")
    ACCEPTED = "accepted", _("Taken in charge")
    ASSIGNED = "assigned", _("Put in charge")
    STATEMENT = "statement", _("Statement")
    EVIDENCE = "evidence", _("Photo or document added")
    CALL = "call", _("Call")
    UPHELD = "upheld", _("Complaint upheld: refund ordered from custody")
    NOT_UPHELD = "not_upheld", _("Complaint not upheld")
    CHARGE_DECIDED = "charge_decided", _("Decided how much of the charge was used")
    CONCEDED = "conceded", _("The charge was withdrawn")
    PAID = "paid", _("The bank confirmed the refund")
    WITHDRAWN = "withdrawn", _("Withdrawn by the consumer")
    OVERDUE = "overdue", _("Time limit exceeded, reported to the city's department")
    ASKED_BACK = "asked_back", _("Callback: the consumer was asked how it ended")
    ANSWERED_BACK = "answered_back", _("Callback answered")
    UNANSWERED = "unanswered", _("No valid callback: not answered in time")
    REOPENED = "reopened", _("Reopened by the consumer")


#: What is between the consumer and those who ask; the merchant does not read it.
CALLBACK_KINDS = frozenset({EventKind.ASKED_BACK, EventKind.ANSWERED_BACK, EventKind.UNANSWERED})


class CallbackState(TextChoices):
    ASKED = "asked", pgettext_lazy("callback", "asked")
    ANSWERED = "answered", pgettext_lazy("callback", "answered")
    UNANSWERED = "unanswered", _("not answered in time")


CALLBACK_TRANSITIONS: dict[CallbackState, frozenset[CallbackState]] = {
    CallbackState.ASKED: frozenset({CallbackState.ANSWERED, CallbackState.UNANSWERED}),
    CallbackState.ANSWERED: frozenset(),
    CallbackState.UNANSWERED: frozenset(),
}
if set(CALLBACK_TRANSITIONS) != set(CallbackState):
    raise RuntimeError("CallbackState has states without transitions")


class CallbackChannel(TextChoices):
    """How the answer came."""

    LINK = "link", _("by the link")
    HOTLINE = "hotline", _("by telephone")

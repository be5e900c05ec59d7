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
    # Closed at once: what is no matter of prepaid consumption is sorted out first.
    CaseState.DISPATCHED: frozenset({CaseState.IN_HAND, CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.SETTLED}),
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


class Source(TextChoices):
    """How a complaint came in."""

    CARD = "card", _("from a card here")
    PUBLIC = "public", _("written here about a purchase elsewhere")
    HOTLINE = "hotline", _("work order of the hotline")
    API = "api", _("from another system")


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
    OUT_OF_SCOPE = "out_of_scope", _("not a matter of prepaid consumption")


class CallResult(TextChoices):
    REACHED = "reached", _("reached")
    NOT_REACHED = "not_reached", _("not reached")
    REFUSED = "refused", _("refused to talk")


class Limit(TextChoices):
    """Kinds of time limits; each is the code of a dated ``TimeLimit``."""

    LIFE_RISK = "life_risk", _("life or property at risk")
    UTILITIES = "utilities", _("water, power, gas, heating")
    GENERAL = "general", _("general")
    COMPLEX = "complex", _("complex")
    PREPAID = "prepaid", _("prepaid card")


class Level(TextChoices):
    """To whom a case that is not handled in time is reported, step by step."""

    DISTRICT = "district", _("to the authority's own posts")
    CITY = "city", _("to the city's department")
    SUPERVISION = "supervision", _("on the supervision list")


class PlaceReason(TextChoices):
    """Why a case belongs to its district."""

    CHARGE = "charge", _("the store of the charge")
    LAST_USE = "last_use", _("the store where the card was last used")
    ONLY_STORE = "only_store", _("the only store that takes the card")
    FIRST_STORE = "first_store", _("the first of the stores that take the card")
    HEAD_OFFICE = "head_office", _("the merchant's head office")
    STORE = "store", _("the registered store that was named")
    ADDRESS = "address", _("the address that was told")
    REMEMBERED = "remembered", _("what an officer determined for the same place before")
    PERSON = "person", _("an officer who determined it")
    UNKNOWN = "unknown", _("nothing certain: an officer determines it")
    REVIEW = "review", _("the review of an objection")


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
    OWED = "owed", _("Complaint upheld: the merchant is to pay back")
    REPAID = "repaid", _("Money back received")
    MONEY_LATE = "money_late", _("The money is not back by its day, reported")
    UNREPAID = "unrepaid", _("The merchant has not paid back by its last day")
    ENDED_UNPAID = "ended_unpaid", _("Closed; the debt stays open")
    CHARGE_DECIDED = "charge_decided", _("Decided how much of the charge was used")
    CONCEDED = "conceded", _("The charge was withdrawn")
    PAID = "paid", _("The bank confirmed the refund")
    WITHDRAWN = "withdrawn", _("Withdrawn by the consumer")
    GROUPED = "grouped", _("Handled together with others about the same merchant")
    REPLIED = "replied", _("Reply of the authority to all who complained about this merchant")
    TURNED_AWAY = "turned_away", _("Not a matter of prepaid consumption")
    LIMITED = "limited", _("Kind of time limit chosen")
    EXTENDED = "extended", _("Time limit extended")
    REMINDED = "reminded", _("Reminder before the end of the time limit")
    URGED = "urged", _("Urged by a colleague of the post")
    OVERDUE = "overdue", _("Time limit exceeded, reported")
    OBJECTED = "objected", _("Objection to the dispatch")
    DISPATCH_CHANGED = "dispatch_changed", _("Objection upheld: another authority is responsible")
    DISPATCH_STANDS = "dispatch_stands", _("Objection refused: the dispatch stands")
    CALLED_IN = "called_in", _("Another department called in")
    REPORTED = "reported", _("The department called in has reported")
    HELPED = "helped", _("The department called in has answered")
    CALL_ENDED = "call_ended", _("Call to a department withdrawn")
    ASSIST_LATE = "assist_late", _("The department called in has not answered in time")
    ASKED_BACK = "asked_back", _("Callback: the consumer was asked how it ended")
    ANSWERED_BACK = "answered_back", _("Callback answered")
    UNANSWERED = "unanswered", _("No valid callback: not answered in time")
    REOPENED = "reopened", _("Reopened by the consumer")
    MEDIATED = "mediated", _("Mediation recorded")
    CONFIRMED = "confirmed", _("Mediation record confirmed")
    AGREED = "agreed", _("Mediation agreement concluded")
    ISSUED = "issued", _("Document issued")


#: What is between the consumer and those who ask; the merchant does not read it.
CALLBACK_KINDS = frozenset({EventKind.ASKED_BACK, EventKind.ANSWERED_BACK, EventKind.UNANSWERED})

#: Between the authority and those who complain about one merchant; the merchant does not read it.
OF_THE_WAVE = frozenset({EventKind.GROUPED, EventKind.REPLIED})
#: What the administration reminds itself of; neither side reads it.
INTERNAL_KINDS = frozenset({EventKind.REMINDED, EventKind.URGED})


class BulkKind(TextChoices):
    """What can be done to several cases in one press."""

    ACCEPT = "accept", _("Take in charge")
    ASSIGN = "assign", _("Put a colleague in charge")
    URGE = "urge", _("Send a reminder")


class ObjectionState(TextChoices):
    OPEN = "open", _("to be reviewed")
    UPHELD = "upheld", _("upheld, sent on")
    REFUSED = "refused", _("refused")
    LAPSED = "lapsed", _("not reviewed in time, so refused")
    DROPPED = "dropped", _("overtaken by the course of the case")


OBJECTION_TRANSITIONS: dict[ObjectionState, frozenset[ObjectionState]] = {
    ObjectionState.OPEN: frozenset(set(ObjectionState) - {ObjectionState.OPEN}),
    **{state: frozenset() for state in ObjectionState if state != ObjectionState.OPEN},
}


class AssistState(TextChoices):
    CALLED = "called", pgettext_lazy("department", "called in")
    REPORTED = "reported", pgettext_lazy("department", "reported")
    ANSWERED = "answered", pgettext_lazy("department", "answered")
    WITHDRAWN = "withdrawn", pgettext_lazy("department", "call withdrawn")


ASSIST_TRANSITIONS: dict[AssistState, frozenset[AssistState]] = {
    AssistState.CALLED: frozenset({AssistState.REPORTED, AssistState.WITHDRAWN}),
    AssistState.REPORTED: frozenset({AssistState.ANSWERED, AssistState.WITHDRAWN}),
    AssistState.ANSWERED: frozenset(),
    AssistState.WITHDRAWN: frozenset(),
}
if set(ASSIST_TRANSITIONS) != set(AssistState):
    raise RuntimeError("AssistState has states without transitions")
#: The department is called in: it may read the case, and owes an answer.
CALLED_IN = frozenset({AssistState.CALLED, AssistState.REPORTED})


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


class MediationState(TextChoices):
    OPEN = "open", _("agreement to be confirmed")
    CONFIRMED = "confirmed", _("confirmed by both sides")
    FAILED = "failed", _("no agreement")


MEDIATION_TRANSITIONS: dict[MediationState, frozenset[MediationState]] = {
    MediationState.OPEN: frozenset({MediationState.CONFIRMED, MediationState.FAILED}),
    MediationState.CONFIRMED: frozenset(),
    MediationState.FAILED: frozenset(),
}
if set(MEDIATION_TRANSITIONS) != set(MediationState):
    raise RuntimeError("MediationState has states without transitions")


class Manner(TextChoices):
    """How the sides met."""

    IN_PERSON = "in_person", _("in person")
    TELEPHONE = "telephone", pgettext_lazy("mediation", "by telephone")
    ONLINE = "online", _("online")


class DocumentKind(TextChoices):
    ACCEPTANCE = "acceptance", _("Notice of acceptance")
    REJECTION = "rejection", _("Notice of non-acceptance")
    TERMINATION = "termination", _("Notice that mediation has ended")
    AGREEMENT = "agreement", _("Mediation agreement")

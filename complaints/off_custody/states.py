"""What a report says and what becomes of it, as data."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ReportKind(TextChoices):
    """How the merchant wanted the money."""

    CASH = "cash", _("In cash, without a receipt of this platform")
    TRANSFER = "transfer", _("By a private payment code or account")
    APP = "app", _("In another app or mini program")
    OTHER = "other", _("Some other way")


class Happened(TextChoices):
    TODAY = "today", _("Today")
    WEEK = "week", _("In the last seven days")
    EARLIER = "earlier", pgettext_lazy("when", "Earlier")


class ReportState(TextChoices):
    WAITING = "waiting", _("waiting for an officer")
    IN_HAND = "in_hand", pgettext_lazy("report", "being looked into")
    CONFIRMED = "confirmed", pgettext_lazy("report", "confirmed")
    UNFOUNDED = "unfounded", pgettext_lazy("report", "unfounded")
    UNDETERMINED = "undetermined", pgettext_lazy("report", "cannot be determined")


#: What an officer may find.
RESULTS = (ReportState.CONFIRMED, ReportState.UNFOUNDED, ReportState.UNDETERMINED)
TRANSITIONS: dict[ReportState, frozenset[ReportState]] = {
    ReportState.WAITING: frozenset({ReportState.IN_HAND}),
    ReportState.IN_HAND: frozenset(RESULTS),
    ReportState.CONFIRMED: frozenset(),
    ReportState.UNFOUNDED: frozenset(),
    ReportState.UNDETERMINED: frozenset(),
}
if set(TRANSITIONS) != set(ReportState):
    raise RuntimeError("ReportState has states without transitions")

#: The time limit runs.
UNDECIDED = frozenset({ReportState.WAITING, ReportState.IN_HAND})

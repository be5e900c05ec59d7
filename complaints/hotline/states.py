"""Where a file of work orders and each of its lines stand, as data. Complete at import."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class System(TextChoices):
    """Whose work orders they are."""

    CITY = "12345", _("12345, the city's hotline")
    MARKET = "12315", _("12315, market regulation")


class FileState(TextChoices):
    READ = "read", _("read, waits for you to confirm")
    TAKING = "taking", _("being imported")
    DONE = "done", pgettext_lazy("work orders", "imported")
    DISCARDED = "discarded", _("discarded")


FILE_TRANSITIONS: dict[FileState, frozenset[FileState]] = {
    FileState.READ: frozenset({FileState.TAKING, FileState.DISCARDED}),
    FileState.TAKING: frozenset({FileState.DONE}),
    FileState.DONE: frozenset(),
    FileState.DISCARDED: frozenset(),
}
if set(FILE_TRANSITIONS) != set(FileState):
    raise RuntimeError("FileState has states without transitions")


class LineState(TextChoices):
    NEW = "new", pgettext_lazy("work order", "new")
    KNOWN = "known", _("known already")
    WRONG = "wrong", _("wrong")
    TAKEN = "taken", _("a complaint of its own")
    JOINED = "joined", _("added to the same person's complaint")
    REFUSED = "refused", pgettext_lazy("work order", "refused")


#: Only a new line becomes something else, once.
LINE_TRANSITIONS: dict[LineState, frozenset[LineState]] = {state: frozenset() for state in LineState} | {
    LineState.NEW: frozenset({LineState.TAKEN, LineState.JOINED, LineState.KNOWN, LineState.REFUSED})
}
#: What a line with these led to is a complaint.
WITH_A_CASE = frozenset({LineState.TAKEN, LineState.JOINED})


class Urgency(TextChoices):
    """As the hotline marked it."""

    NORMAL = "normal", pgettext_lazy("urgency", "normal")
    URGENT = "urgent", pgettext_lazy("urgency", "urgent")
    EMERGENCY = "emergency", pgettext_lazy("urgency", "emergency")

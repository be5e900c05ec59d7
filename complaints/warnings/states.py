"""Measures as data: their kinds, how they go on, what may come of them."""

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from escrow.states import StoppageKind


class MeasureKind(TextChoices):
    """What the supervision does about a merchant. The first three last until they are ended, the others are done once."""

    WATCH = "watch", pgettext_lazy("measure", "Watch: nothing is released early")
    HOLD = "hold", pgettext_lazy("measure", "Payouts held")
    NO_SALES = "no_sales", pgettext_lazy("measure", "Sales stopped")
    CALL = "call", pgettext_lazy("measure", "Call")
    INSPECTION = "inspection", pgettext_lazy("measure", "Inspection by the street")
    LETTER = "letter", pgettext_lazy("measure", "Warning letter")
    TALK = "talk", pgettext_lazy("measure", "Talk with the merchant")


#: Measures that last, with what they stop in the kernel. (A hold of payouts is a row of its own.)
LASTING: dict[MeasureKind, StoppageKind | None] = {
    MeasureKind.WATCH: StoppageKind.NOTHING_EARLY,
    MeasureKind.HOLD: None,
    MeasureKind.NO_SALES: StoppageKind.NO_SALES,
}
#: Measures that are done once, by a day, with a result.
DONE_ONCE = frozenset(set(MeasureKind) - set(LASTING))
#: Those of which the merchant gets a paper, and is told when they begin. An inspection that is announced finds what it is shown.
ON_PAPER = frozenset({MeasureKind.INSPECTION, MeasureKind.LETTER, MeasureKind.TALK})
TOLD_AT_ONCE = frozenset({*LASTING, MeasureKind.LETTER, MeasureKind.TALK})


class MeasureState(TextChoices):
    PROPOSED = "proposed", pgettext_lazy("measure", "proposed")
    PROVISIONAL = "provisional", pgettext_lazy("measure", "in force until somebody decides")
    IN_FORCE = "in_force", pgettext_lazy("measure", "in force")
    ORDERED = "ordered", pgettext_lazy("measure", "ordered")
    DONE = "done", pgettext_lazy("measure", "done")
    ENDED = "ended", pgettext_lazy("measure", "ended")
    LAPSED = "lapsed", pgettext_lazy("measure", "lapsed: nobody decided in time")
    DISMISSED = "dismissed", pgettext_lazy("measure", "not followed")


S = MeasureState
TRANSITIONS: dict[MeasureState, frozenset[MeasureState]] = {
    S.PROPOSED: frozenset({S.ORDERED, S.DISMISSED}),
    S.PROVISIONAL: frozenset({S.IN_FORCE, S.ENDED, S.LAPSED}),
    S.IN_FORCE: frozenset({S.ENDED}),
    S.ORDERED: frozenset({S.DONE, S.ENDED}),
    S.DONE: frozenset(),
    S.ENDED: frozenset(),
    S.LAPSED: frozenset(),
    S.DISMISSED: frozenset(),
}
if set(TRANSITIONS) != set(MeasureState):
    raise RuntimeError("MeasureState has states without transitions")

#: Something of the merchant is stopped by it now.
HOLDING = frozenset({S.PROVISIONAL, S.IN_FORCE})
#: It waits for somebody of the supervision.
TO_DO = frozenset({S.PROPOSED, S.PROVISIONAL, S.ORDERED})
OPEN = HOLDING | TO_DO


class MeasureResult(TextChoices):
    """What came of a measure that is done once."""

    SERVES = "serves", pgettext_lazy("measure", "serves as it should")
    WANTING = "wanting", pgettext_lazy("measure", "serves, and something is wrong")
    CLOSED = "closed", pgettext_lazy("measure", "found shut")
    NOT_REACHED = "not_reached", pgettext_lazy("measure", "nobody was reached")
    SETTLED = "settled", pgettext_lazy("measure", "what was asked for is done")
    UNSETTLED = "unsettled", pgettext_lazy("measure", "what was asked for is not done")


RESULTS: dict[MeasureKind, tuple[MeasureResult, ...]] = {
    MeasureKind.CALL: (MeasureResult.SERVES, MeasureResult.WANTING, MeasureResult.NOT_REACHED),
    MeasureKind.INSPECTION: (MeasureResult.SERVES, MeasureResult.WANTING, MeasureResult.CLOSED),
    MeasureKind.LETTER: (MeasureResult.SETTLED, MeasureResult.UNSETTLED),
    MeasureKind.TALK: (MeasureResult.SETTLED, MeasureResult.UNSETTLED),
}
#: The word of these is a fact about the merchant that its next assessment reads.
FOUND_BAD = frozenset({MeasureResult.WANTING, MeasureResult.CLOSED})


class AppealState(TextChoices):
    OPEN = "open", pgettext_lazy("appeal", "being decided")
    UPHELD = "upheld", pgettext_lazy("appeal", "granted")
    REFUSED = "refused", pgettext_lazy("appeal", "not granted")

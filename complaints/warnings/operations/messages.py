"""Who is told of a measure: the merchant's owners of what concerns them, the officials of what waits for them."""

from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints.warnings.models import Appeal, Measure
from complaints.warnings.queries import officials_for
from complaints.warnings.states import TOLD_AT_ONCE, AppealState, MeasureKind, MeasureState
from escrow.clock import beijing_date
from prepaid.merchants import operations as merchants
from prepaid.notices import operations as notices

_BEGUN = {
    MeasureKind.WATCH: (
        _("Nothing is released early for the time being"),
        _(
            "%(merchant)s: what your customers use is paid out as always, nothing before. Read why, and appeal if it is wrong."
        ),
    ),
    MeasureKind.HOLD: (
        _("Payouts are held"),
        _(
            "%(merchant)s: payouts wait until the supervision has looked (%(number)s). Refunds to your customers go on. Read why, and "
            "appeal if it is wrong."
        ),
    ),
    MeasureKind.NO_SALES: (
        _("You may not sell cards at the moment"),
        _(
            "%(merchant)s: the supervision has stopped the sale of cards (%(number)s). Cards already sold stay valid. Read why."
        ),
    ),
    MeasureKind.LETTER: (
        _("A warning letter of the supervision"),
        _("%(merchant)s: read the letter %(number)s and answer it by %(due_on)s."),
    ),
    MeasureKind.TALK: (
        _("The supervision asks you to a talk"),
        _("%(merchant)s: read where and when, and what it is about (%(number)s)."),
    ),
}


def begun(measure: Measure, *, at: datetime) -> None:
    """The owners, of what they are to know at once."""
    if measure.kind not in TOLD_AT_ONCE:
        return
    title, body = _BEGUN[MeasureKind(measure.kind)]
    merchants.tell_owners(
        measure.merchant,
        kind="warnings.measure",
        title=title,
        body=body,
        details=_details(measure),
        url=reverse("shop_measure", args=[measure.pk]),
        at=at,
    )


def ended(measure: Measure, *, at: datetime) -> None:
    """The owners, where they knew of it."""
    if measure.kind not in TOLD_AT_ONCE or measure.state == MeasureState.DISMISSED:
        return
    merchants.tell_owners(
        measure.merchant,
        kind="warnings.measure",
        title=_("A measure of the supervision has ended"),
        body=_("%(merchant)s: %(kind)s (%(number)s) has ended. If nothing else stops it, everything goes on."),
        details=_details(measure),
        url=reverse("shop_measure", args=[measure.pk]),
        at=at,
    )


def waits(measure: Measure, *, at: datetime) -> None:
    """The officials of the merchant's post: a rule has begun or proposed it, and one of them decides."""
    holds = measure.state == MeasureState.PROVISIONAL
    body = (
        _("%(merchant)s: in force since tonight. Confirm it or end it by %(due_on)s; it lapses then.")
        if holds
        else _("%(merchant)s: proposed by the warning signs. Order it or say why not by %(due_on)s.")
    )
    _tell_officials(measure, _("%(kind)s: decide about %(merchant)s"), body, at=at)


def lapsed(measure: Measure, *, at: datetime) -> None:
    """Nobody decided in time: the officials learn it."""
    _tell_officials(
        measure,
        _("%(kind)s has lapsed: %(merchant)s"),
        _(
            "Nobody confirmed it by %(due_on)s, so it has ended. Look at the merchant, and order it if it is still needed."
        ),
        at=at,
    )


def appealed(appeal: Appeal, *, at: datetime) -> None:
    """The officials: one who had no part in it decides."""
    _tell_officials(
        appeal.measure,
        _("Appeal against %(kind)s: %(merchant)s"),
        _("An official who had no part in it decides by %(appeal_due_on)s."),
        at=at,
        appeal_due_on=appeal.due_on.isoformat(),
    )


def appeal_decided(appeal: Appeal, *, at: datetime) -> None:
    """The owners."""
    upheld = appeal.state == AppealState.UPHELD
    merchants.tell_owners(
        appeal.measure.merchant,
        kind="warnings.appeal",
        title=_("Your appeal was granted") if upheld else _("Your appeal was not granted"),
        body=_("%(merchant)s: %(kind)s (%(number)s). Read the reasons."),
        details=_details(appeal.measure),
        url=reverse("shop_measure", args=[appeal.measure_id]),
        at=at,
    )


def _tell_officials(measure: Measure, title: Promise, body: Promise, *, at: datetime, **more: str) -> None:
    for user in officials_for(measure.merchant, on=beijing_date(at)):
        notices.send(
            to=user,
            kind="warnings.measure",
            title=title,
            body=body,
            details={**_details(measure), **more},
            url=reverse("admin:warnings_measure_change", args=[measure.pk]),
            at=at,
        )


def _details(measure: Measure) -> dict[str, object]:
    return {
        "merchant": measure.merchant.name,
        "number": measure.number,
        "kind": MeasureKind(measure.kind).label,
        "due_on": measure.due_on.isoformat() if measure.due_on else "–",
    }

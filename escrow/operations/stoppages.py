"""Times in which a beneficiary, or one of its places, does not serve (silence confirms nothing then), sells nothing, or gets nothing
early.

Both verbs hold the beneficiary's lock alone: a use that silence is confirming at this moment is decided before or after,
never across.
"""

from datetime import date, datetime

from escrow import audit, queries
from escrow.clock import beijing_date, end_of_day
from escrow.errors import NotFound, ReasonRequired
from escrow.models import Beneficiary, Stoppage, Use
from escrow.operations.accruals import accrue_again
from escrow.states import NOT_SERVING, Silence, StoppageKind, UseState
from escrow.transactions import call, transaction

REASON_LENGTH = 200


def begin_stoppage(
    *,
    beneficiary_id: int,
    kind: StoppageKind,
    because: str,
    place: str = "",
    since: date | None = None,
    at: datetime,
    actor: str,
) -> Stoppage:
    """From ``since`` (today, or an earlier day that is only known now) on. One that is open already goes on, from the earlier
    of the two days: repeats change nothing. ``place`` blank: everywhere.

    Raises:
        NotFound: no such beneficiary. ReasonRequired.
    """
    because = because.strip()
    if not 1 <= len(because) <= REASON_LENGTH:
        raise ReasonRequired()
    with transaction():
        if not Beneficiary.objects.filter(pk=beneficiary_id).exists():
            raise NotFound()
        call("escrow_exclusive_lock", beneficiary_id)
        today = beijing_date(at)
        stoppage, begun = Stoppage.objects.get_or_create(
            beneficiary_id=beneficiary_id,
            place=place,
            kind=kind,
            until=None,
            defaults={"since": min(since or today, today), "because": because, "created_at": at},
        )
        known = None if begun else stoppage.since
        if known is not None and since is not None and since < known:
            stoppage.since = since
            stoppage.save(update_fields=["since"])
        if stoppage.since != known:
            audit.record(
                actor=actor,
                action="escrow.begin_stoppage",
                target=f"beneficiary:{beneficiary_id}",
                before={"since": known.isoformat()} if known else None,
                after={"kind": kind, "place": place, "since": stoppage.since.isoformat(), "because": because},
                at=at,
            )
            if kind == StoppageKind.DARK:  # days that were counted as served return to their cards
                accrue_again(beneficiary_id=beneficiary_id, since=stoppage.since, at=at, actor=actor)
    return stoppage


def end_stoppage(
    *, beneficiary_id: int, kind: StoppageKind, because: str, place: str = "", at: datetime, actor: str
) -> Stoppage | None:
    """Today was its last day; None when none is open. Charges that waited there begin their term of silence anew.

    Raises:
        ReasonRequired, CalendarMissing.
    """
    because = because.strip()
    if not 1 <= len(because) <= REASON_LENGTH:
        raise ReasonRequired()
    with transaction():
        call("escrow_exclusive_lock", beneficiary_id)
        stoppage = Stoppage.objects.filter(beneficiary_id=beneficiary_id, place=place, kind=kind, until=None).first()
        if stoppage is None:
            return None
        stoppage.until = max(beijing_date(at), stoppage.since)
        stoppage.save(update_fields=["until"])
        audit.record(
            actor=actor,
            action="escrow.end_stoppage",
            target=f"beneficiary:{beneficiary_id}",
            before={"kind": kind, "place": place, "since": stoppage.since.isoformat()},
            after={"until": stoppage.until.isoformat(), "because": because},
            at=at,
        )
        if kind in NOT_SERVING:
            _begin_anew(beneficiary_id, place, stoppage.until)
    return stoppage


def _begin_anew(beneficiary_id: int, place: str, day: date) -> None:
    """The days of silence count after ``day`` for whoever was told before it."""
    waiting = Use.objects.filter(
        beneficiary_id=beneficiary_id, state=UseState.RESERVED, silence=Silence.CONFIRMS, silence_from__lt=day
    )
    if place:
        waiting = waiting.filter(place=place)
    for days in set(waiting.values_list("silence_days", flat=True)):
        until = end_of_day(queries.add_working_days(day, days or 0))
        waiting.filter(silence_days=days).update(silence_from=day, confirm_until=until)

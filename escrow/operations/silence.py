"""What nobody answers: a reservation returns to its card or, where the sector says so, counts as confirmed.

Silence confirms only after a delivered notice, and never over a stoppage (docs/ledger.md, "Silence").
"""

import logging
from datetime import datetime

from escrow import audit, queries
from escrow.clock import beijing_date, end_of_day
from escrow.errors import NotFound
from escrow.models import Use
from escrow.operations.uses import resolve_many
from escrow.states import Silence, UseState
from escrow.transactions import call, transaction

logger = logging.getLogger(__name__)
#: Reservations decided in one call.
CHUNK = 1_000


def notice_delivered(*, use_id: int, at: datetime, actor: str) -> Use:
    """The consumer has been told of a reservation that silence confirms: its term begins, and counts from the last day of a
    stoppage when that is later. Only the first notice counts; of any other use nothing changes.

    Raises:
        NotFound, CalendarMissing.
    """
    with transaction():
        beneficiary_id = Use.objects.filter(pk=use_id).values_list("beneficiary_id", flat=True).first()
        if beneficiary_id is None:
            raise NotFound()
        call("escrow_share_lock", beneficiary_id)  # no stoppage ends meanwhile
        use = Use.objects.select_for_update(no_key=True, of=("self",)).get(pk=use_id)
        if use.state != UseState.RESERVED or use.silence_days is None or use.silence_from is not None:
            return use
        told = beijing_date(at)
        use.silence_from = max(queries.last_stopped_day(use) or told, told)
        use.confirm_until = end_of_day(queries.add_working_days(use.silence_from, use.silence_days))
        use.save(update_fields=["silence_from", "confirm_until"])
        audit.record(
            actor=actor,
            action="escrow.notice_delivered",
            target=f"use:{use.pk}",
            after={
                "silence_from": use.silence_from.isoformat(),
                "confirm_until": use.confirm_until.isoformat(),
            },
            at=at,
        )
    return use


def pass_silence(*, at: datetime, actor: str) -> int:
    """Decide every reservation whose time has passed unanswered, a chunk a call; how many were decided.

    Those that silence cannot confirm now (a stoppage, a frozen agreement) stay reserved and wait.
    """
    done = last = 0
    while uses := queries.unanswered_uses(at=at, after=last, limit=CHUNK):
        decisions: list[tuple[int, UseState, str, int | None]] = [
            (pk, UseState.FINAL if silence == Silence.CONFIRMS else UseState.EXPIRED, "silence", None)
            for pk, silence in uses
        ]
        last = uses[-1][0]
        try:
            done += resolve_many(decisions, at=at, actor=actor).count(None)
        except Exception:  # one bad row must not stop the others of its chunk
            logger.exception("a chunk of %s unanswered uses failed", len(decisions))
            done += sum(_alone(decision, at=at, actor=actor) for decision in decisions)
    return done


def _alone(decision: tuple[int, UseState, str, int | None], *, at: datetime, actor: str) -> int:
    try:
        return resolve_many([decision], at=at, actor=actor).count(None)
    except Exception:  # the next one shall not suffer for it
        logger.exception("use %s failed", decision[0])
        return 0

"""Releasing early what agreements leave free, to those who have earned it (escrow/sql/early.sql)."""

from dataclasses import dataclass
from datetime import datetime

from escrow import audit, queries
from escrow.transactions import call


@dataclass(frozen=True, kw_only=True)
class Released:
    """To how many beneficiaries, out of how many of their agreements, how much (fen)."""

    beneficiaries: int = 0
    agreements: int = 0
    amount_fen: int = 0


def release_early(*, at: datetime, actor: str) -> Released:
    """Once a day, to every beneficiary that has earned it: what its agreements leave free, up to its cap. One deed each.

    Whoever runs this, how often and at once: a beneficiary gets one release a day; killed at any point, the next run ends the
    work. Raises ``CalendarMissing``: the rest is not done.
    """
    done = Released()
    for beneficiary_id in queries.may_get_early_release(at):
        [(_refused, amount, agreements)] = call("escrow_release_early", beneficiary_id, at, actor, audit.request_id())
        if amount:
            done = Released(
                beneficiaries=done.beneficiaries + 1,
                agreements=done.agreements + agreements,
                amount_fen=done.amount_fen + amount,
            )
    return done

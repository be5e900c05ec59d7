"""Results leave for the hotline's system; who took which is kept."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from complaints.hotline.errors import BadPeriod
from complaints.hotline.queries.results import orders_between, results
from complaints.hotline.queries.scope import check_runs_hotline
from escrow import audit
from escrow.transactions import transaction
from prepaid.people.models import User

MOST_DAYS = 366


def export_results(
    *, system: str, first: date, last: date, kind: str, by: User, at: datetime
) -> Iterator[dict[str, Any]]:
    """The results of work orders received on these days, of one system or (empty) of all.

    Raises:
        NotAllowed. BadPeriod.
    """
    check_runs_hotline(by)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise BadPeriod()
    orders = orders_between(system=system, first=first, last=last)
    with transaction():
        audit.record(
            actor=by.actor,
            action="hotline.export_results",
            target=f"system:{system or 'all'}",
            at=at,
            after={"first": first.isoformat(), "last": last.isoformat(), "rows": orders.count(), "format": kind},
        )
    return results(orders)

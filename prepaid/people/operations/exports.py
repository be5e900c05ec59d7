"""A list of the administration taken away as a file: who took which rows, and why, is kept."""

from datetime import datetime
from urllib.parse import unquote_plus

from escrow import audit
from escrow.transactions import transaction
from prepaid.notices import phones
from prepaid.people.errors import TooManyRows
from prepaid.people.models import User
from prepaid.people.operations.people import kept_reason

#: Rows of one file [A].
MOST_ROWS = 5_000


def export_list(*, name: str, query: str, rows: int, kind: str, reason: str, by: User, at: datetime) -> None:
    """``by`` takes ``rows`` rows of the list ``name`` as they are filtered by ``query``, the part of the address after the
    question mark; a phone number in it is kept masked.

    Raises:
        ReasonMissing. TooManyRows: the filter leaves more than a file may hold.
    """
    why = kept_reason(reason)
    if rows > MOST_ROWS:
        raise TooManyRows(rows=rows, most=MOST_ROWS)
    with transaction():
        audit.record(
            actor=by.actor,
            action="people.export_list",
            target=f"list:{name}",
            at=at,
            after={"filter": phones.mask_in(unquote_plus(query)), "rows": rows, "format": kind, "reason": why},
        )

"""Write down a deed, in the transaction that does it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog

from escrow.models import AuditEntry


def record(
    *,
    actor: str,
    action: str,
    target: str,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """One audit row. ``actor``: ``user:<uuid>``, ``system:<task>`` or ``channel:<code>``; ``action``: ``app.verb``;
    ``target``: ``model:<id>``. Values must be JSON; put no personal data in them."""
    record_many([(target, before, after)], actor=actor, action=action, at=at)


def record_many(
    entries: Iterable[tuple[str, dict[str, Any] | None, dict[str, Any] | None]],
    *,
    actor: str,
    action: str,
    at: datetime,
) -> None:
    """The same deed done to many: ``(target, before, after)`` of each, in one statement."""
    request = request_id()
    AuditEntry.objects.bulk_create(
        AuditEntry(actor=actor, action=action, target=target, before=before, after=after, request_id=request, at=at)
        for target, before, after in entries
    )


def request_id() -> str:
    """The id of the request or task this is part of, blank outside one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))

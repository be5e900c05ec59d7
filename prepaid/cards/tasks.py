"""Refund requests whose time or whose money has come. PostgreSQL is the queue; each task carries an id and calls one verb."""

import logging

from celery import shared_task

from escrow import clock
from escrow.errors import DomainError
from prepaid.cards import operations, queries

logger = logging.getLogger(__name__)
ACTOR = "system:cards"


@shared_task
def pass_silence(request_id: int) -> None:
    """The merchant's term is over."""
    operations.pass_silence(request_id=request_id, at=clock.now(), actor=ACTOR)


@shared_task
def record_paid(request_id: int) -> None:
    """The bank has paid."""
    operations.record_paid(request_id=request_id, at=clock.now(), actor=ACTOR)


@shared_task
def sweep() -> dict[str, int]:
    """Everything due, by kind. Idempotent; one row's fault does not keep the others waiting."""
    due = {
        pass_silence: queries.requests_unanswered(on=clock.today()),
        record_paid: queries.requests_paid(),
    }
    done = {task.name.rsplit(".", 1)[-1]: 0 for task in due}
    for task, ids in due.items():
        for request_id in ids:
            try:
                task(request_id)
                done[task.name.rsplit(".", 1)[-1]] += 1
            except DomainError as error:
                logger.info("%s %s: %s", task.name, request_id, error.code)
            except Exception:  # one bad row must not stop the queue behind it
                logger.exception("%s %s failed", task.name, request_id)
    return done

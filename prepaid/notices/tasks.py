"""SMS and e-mails on their way out. PostgreSQL is the queue; a bell rings for each, the sweep finds what no bell announced."""

import logging

from celery import shared_task

from escrow import clock
from prepaid.notices import operations, queries
from prepaid.notices.errors import AddressRefused, EmailFailed, SmsFailed

logger = logging.getLogger(__name__)


@shared_task
def deliver(message_id: int) -> None:
    """Hand it over; what fails is tried again later."""
    try:
        operations.deliver(message_id=message_id, at=clock.now())
    except AddressRefused:
        logger.warning("message %s: there is no such mailbox", message_id)
    except (SmsFailed, EmailFailed):
        logger.warning("message %s was not taken, it is tried again", message_id)


@shared_task
def sweep() -> int:
    """Everything that waits for its turn; how many. One that fails keeps no other waiting."""
    waiting = queries.waiting(at=clock.now())
    for message_id in waiting:
        try:
            deliver(message_id)
        except Exception:  # one bad row must not stop the queue behind it
            logger.exception("message %s failed", message_id)
    return len(waiting)

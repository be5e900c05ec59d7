"""SMS on their way out. PostgreSQL is the queue; a bell rings for each, the sweep finds what no bell announced."""

import logging

from celery import shared_task

from escrow import clock
from prepaid.notices import operations, queries
from prepaid.notices.errors import SmsFailed

logger = logging.getLogger(__name__)


@shared_task
def deliver_sms(message_id: int) -> None:
    """Hand it to the gateway; what fails is tried again later."""
    try:
        operations.deliver_sms(message_id=message_id, at=clock.now())
    except SmsFailed:
        logger.warning("sms %s was not taken, it is tried again", message_id)


@shared_task
def sweep() -> int:
    """Everything that waits for its turn; how many. One that fails keeps no other waiting."""
    waiting = queries.sms_waiting(at=clock.now())
    for message_id in waiting:
        try:
            deliver_sms(message_id)
        except Exception:  # one bad row must not stop the queue behind it
            logger.exception("sms %s failed", message_id)
    return len(waiting)

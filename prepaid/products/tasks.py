"""Who will soon have to file its cards is told in time. Each task carries an id and calls one verb."""

import logging

from celery import shared_task

from escrow import clock
from escrow.errors import DomainError
from prepaid.products import operations, queries

logger = logging.getLogger(__name__)
ACTOR = "system:products"


@shared_task
def watch_filing(merchant_id: int) -> None:
    """Whether the merchant passes its sector's sum soon."""
    operations.watch_filing(merchant_id=merchant_id, at=clock.now(), actor=ACTOR)


@shared_task
def watch_filings() -> int:
    """Every merchant that sells without a filing; how many were looked at. One merchant's fault keeps nobody else waiting."""
    done = 0
    for pk in queries.merchants_to_watch():
        try:
            watch_filing(pk)
            done += 1
        except DomainError as error:
            logger.info("filing of merchant %s: %s", pk, error.code)
        except Exception:  # one bad row must not stop the queue behind it
            logger.exception("filing of merchant %s failed", pk)
    return done

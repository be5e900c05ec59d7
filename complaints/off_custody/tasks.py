"""The sweep: no report is late without a mark."""

from celery import shared_task

from complaints.off_custody import operations
from escrow import clock


@shared_task
def sweep() -> None:
    """Mark what is late."""
    operations.sweep(at=clock.now(), actor="system:off_custody_sweep")

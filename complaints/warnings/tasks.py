"""The night's work: yesterday is counted and everybody weighed. The task carries nothing; what is missing is counted."""

from celery import shared_task

from complaints.warnings import operations
from escrow import clock


@shared_task
def assess() -> None:
    """Weigh every merchant by the days that are over."""
    operations.assess(at=clock.now())

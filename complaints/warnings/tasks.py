"""The night's work: yesterday is counted and everybody weighed. The task carries nothing; what is missing is counted."""

from celery import shared_task

from complaints.warnings import operations
from escrow import clock


@shared_task
def assess() -> None:
    """Weigh every merchant by the days that are over, and do what the rules of measures say about it."""
    at = clock.now()
    operations.assess(at=at)
    operations.apply_rules(at=at)


@shared_task
def lapse() -> None:
    """End what a rule began and nobody confirmed in time."""
    operations.lapse(at=clock.now())

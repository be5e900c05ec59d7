"""The rollups advance. The task carries nothing: what is to be done are rows."""

from celery import shared_task

from complaints.measures import operations


@shared_task
def advance() -> None:
    """Reckon anew the cases that changed since the last time."""
    operations.advance()

"""Bells and the sweep of the hotline's imports."""

from celery import shared_task

from complaints.hotline import operations
from escrow import clock


@shared_task
def take_some(file_id: int, turn: int) -> None:
    """Take a few lines of a confirmed file."""
    operations.take_some(file_id=file_id, turn=turn, at=clock.now(), actor="system:take_some")


@shared_task
def sweep() -> None:
    """Find imports that no bell carries on, and discard what nobody confirms."""
    operations.lapse_files(at=clock.now(), actor="system:hotline_sweep")
    operations.sweep(at=clock.now(), actor="system:hotline_sweep")

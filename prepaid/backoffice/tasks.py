"""What grows old is given an owner, and the owner is told."""

from celery import shared_task

from escrow import clock
from prepaid.backoffice import operations


@shared_task
def assign_owners() -> int:
    """Give every matter that nobody has taken to somebody."""
    return operations.assign_owners(at=clock.now(), actor="system:backoffice")


@shared_task
def alarm() -> int:
    """Once a day: tell each operator what is too old."""
    return operations.alarm(at=clock.now())

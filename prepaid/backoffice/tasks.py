"""What grows old is given an owner, and the owner is told."""

from celery import shared_task

from escrow import clock
from prepaid.backoffice import operations
from prepaid.backoffice.queries import books


@shared_task
def assign_owners() -> int:
    """Give every matter that nobody has taken to somebody."""
    return operations.assign_owners(at=clock.now(), actor="system:backoffice")


@shared_task
def write_custody_files() -> int:
    """The city's file of every day that is over: after an outage more than one. Idempotent."""
    at = clock.now()
    days = books.days_to_tell(at)
    for day in days:
        operations.write_custody_file(day=day, at=at, actor="system:backoffice")
    return len(days)


@shared_task
def alarm() -> int:
    """Once a day: tell each operator what is too old."""
    return operations.alarm(at=clock.now())

"""Bells and the sweep. Each task carries ids and calls one verb."""

from celery import shared_task
from celery.signals import worker_init

from complaints.cases import operations
from complaints.routing.router import router
from escrow import clock


@worker_init.connect
def know_every_place(**kwargs: object) -> None:
    """Before a worker forks its processes: or the first complaint in each of them would wait for the gazetteer."""
    router()


@shared_task
def route_case(case_id: int) -> None:
    """Send one received case to its queue."""
    operations.route_case(case_id=case_id, at=clock.now(), actor="system:route_case")


@shared_task
def gather_cases(case_id: int) -> None:
    """A case was sent; if many complain about the same merchant it joins their group."""
    operations.gather_cases(case_id=case_id, at=clock.now(), actor="system:gather_cases")


@shared_task
def close_paid_case(refund_id: int) -> None:
    """The bank confirmed a refund; if it carries out a case, that case ends."""
    operations.close_case_of_refund(refund_id=refund_id, at=clock.now(), actor="system:close_paid_case")


@shared_task
def close_settled_case(use_id: int) -> None:
    """Something became of a charge; if a case is about it and nobody decided, the merchant gave it up."""
    operations.close_case_of_use(use_id=use_id, at=clock.now(), actor="system:close_settled_case")


@shared_task
def ask_callback(case_id: int) -> None:
    """A case has ended; its consumer is asked how it was."""
    operations.ask_callback(case_id=case_id, at=clock.now(), actor="system:ask_callback")


@shared_task
def sweep() -> None:
    """Find what no bell announced, and what is late."""
    operations.sweep(at=clock.now(), actor="system:cases_sweep")

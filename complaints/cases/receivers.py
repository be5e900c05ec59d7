"""What the kernel reports: ring, so that a case closes at once and not with the next sweep. And what is kept of somebody,
answered to ``prepaid.people``."""

from typing import Any

from django.dispatch import receiver

from complaints.cases.models import Case
from complaints.cases.queries.of_person import in_the_way, own_data
from escrow.signals import refund_complete, use_recorded
from escrow.transactions import ring
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows
from prepaid.people.signals import closing_asked, copy_taken


@receiver(refund_complete, dispatch_uid="cases_refund_complete")
def close_the_case(refund_id: int, **kwargs: Any) -> None:
    """``refund_id`` may belong to no case."""
    ring("complaints.cases.tasks.close_paid_case", refund_id)


@receiver(use_recorded, dispatch_uid="cases_use_recorded")
def close_the_case_of_a_charge(use_id: int, **kwargs: Any) -> None:
    """The merchant may have withdrawn what a case is about."""
    if Case.objects.undecided().filter(redemption__use_id=use_id).exists():
        ring("complaints.cases.tasks.close_settled_case", use_id)


@receiver(copy_taken, dispatch_uid="cases_copy")
def answer_copy(user: User, **kwargs: Any) -> dict[str, Rows]:
    """Complaints, and what was said in them."""
    return own_data(user)


@receiver(closing_asked, dispatch_uid="cases_closing")
def answer_closing(user: User, **kwargs: Any) -> list[InTheWay]:
    """Complaints that are not over."""
    return in_the_way(user)

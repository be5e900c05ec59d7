"""What the kernel reports: ring, so that a case closes at once and not with the next sweep."""

from typing import Any

from django.dispatch import receiver

from complaints.cases.models import Case
from escrow.signals import refund_complete, use_recorded
from escrow.transactions import ring


@receiver(refund_complete, dispatch_uid="cases_refund_complete")
def close_the_case(refund_id: int, **kwargs: Any) -> None:
    """``refund_id`` may belong to no case."""
    ring("complaints.cases.tasks.close_paid_case", refund_id)


@receiver(use_recorded, dispatch_uid="cases_use_recorded")
def close_the_case_of_a_charge(use_id: int, **kwargs: Any) -> None:
    """The merchant may have withdrawn what a case is about."""
    if Case.objects.undecided().filter(redemption__use_id=use_id).exists():
        ring("complaints.cases.tasks.close_settled_case", use_id)

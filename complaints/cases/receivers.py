"""A refund was paid: ring, so that its case closes at once and not with the next sweep."""

from typing import Any

from django.dispatch import receiver

from escrow.signals import refund_paid
from escrow.transactions import ring


@receiver(refund_paid, dispatch_uid="cases_refund_paid")
def close_the_case(refund_id: int, **kwargs: Any) -> None:
    """``refund_id`` may belong to no case."""
    ring("complaints.cases.tasks.close_paid_case", refund_id)

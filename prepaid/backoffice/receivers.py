"""What the kernel reports, told to people: messages only."""

from typing import Any

from django.dispatch import receiver

from escrow import clock
from escrow.signals import approval_expired
from prepaid.backoffice import operations


@receiver(approval_expired)
def tell_expired(approval_id: int, **kwargs: Any) -> None:
    """Nobody decided in time."""
    operations.tell_expired(approval_id, at=clock.now())

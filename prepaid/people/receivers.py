"""What allauth reports, without which the administration stays closed; and what the mail server says of an address."""

from datetime import datetime
from typing import Any

from allauth.mfa.signals import authenticator_used
from django.dispatch import receiver
from django.http import HttpRequest

from prepaid.notices.signals import address_refused
from prepaid.people import operations
from prepaid.people.access import keep_passed
from prepaid.people.models import User


@receiver(authenticator_used)
def open_session(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A second factor was shown in this session."""
    keep_passed(request, user)


@receiver(address_refused)
def stop_writing_there(recipient_id: int, address: str, at: datetime, **kwargs: Any) -> None:
    """There is no such mailbox."""
    operations.address_refused(user_id=recipient_id, address=address, at=at)

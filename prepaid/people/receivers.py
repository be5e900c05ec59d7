"""What allauth reports. Without it the administration stays closed."""

from typing import Any

from allauth.mfa.signals import authenticator_used
from django.dispatch import receiver
from django.http import HttpRequest

from prepaid.people.access import keep_passed
from prepaid.people.models import User


@receiver(authenticator_used)
def open_session(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A second factor was shown in this session."""
    keep_passed(request, user)

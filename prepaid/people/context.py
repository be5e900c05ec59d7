"""What every page's frame needs to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from escrow import clock
from prepaid.notices import queries as notices
from prepaid.people.models import User

CARE_COOKIE = "care"


def surface(request: HttpRequest) -> dict[str, Any]:
    """Flags and lazy figures; a page that does not show a figure does not ask the database for it.

    ``demo`` bool, ``language`` ("zh-hans" or "en"), ``care_mode`` bool, ``unread_notices`` int (lazy),
    ``now`` the business clock, aware UTC (lazy).
    """
    user = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        "language": get_language() or settings.LANGUAGE_CODE,
        "care_mode": user.care_mode if isinstance(user, User) else request.COOKIES.get(CARE_COOKIE) == "1",
        "unread_notices": SimpleLazyObject(
            lambda: notices.unread_count(recipient_id=user.pk) if isinstance(user, User) else 0
        ),
        "now": SimpleLazyObject(clock.now),
    }

"""How often the API may be asked. Apart from ``api``: Django REST framework reads its default rates while it is loading."""

import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class UserRate(UserRateThrottle):
    """Counts in the cache. A lost cache must not stop the counters of a city, so it then lets through: whoever asks
    is signed in, and every charge has its own key. (Signing in is the opposite: there a lost cache refuses.)"""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether the caller is below the rate."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("no cache: rate of the API is not limited", exc_info=True)
            return True

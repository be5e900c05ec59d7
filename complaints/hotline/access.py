"""How another system shows who it is, and how often it may ask."""

import logging
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from complaints.hotline.models import ApiKey
from complaints.hotline.operations.keys import hash_of
from escrow import clock

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
REFUSED = _(
    "There is no valid key in this request. Send “Authorization: Bearer …” with a key that is neither revoked nor over."
)


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``. The key is no person: it stands in ``request.auth``, and nobody is signed in."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey]:
        """Raises ``AuthenticationFailed``."""
        kind, _space, token = request.headers.get("Authorization", "").partition(" ")
        key = ApiKey.objects.filter(token_sha256=hash_of(token.strip())).first() if kind.lower() == "bearer" else None
        if key is None or not key.opens(today=clock.today()):
            raise AuthenticationFailed(REFUSED)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """Makes it a 401."""
        return "Bearer"


class KeyScheme(OpenApiAuthenticationExtension):
    """For the schema."""

    target_class = KeyAuthentication
    name = "systemKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer"}


class HasKey(BasePermission):
    """A request with a key."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether it has one."""
        return isinstance(request.auth, ApiKey)


class KeyRate(SimpleRateThrottle):
    """As often a minute as the key says. Counts in the cache; a lost cache lets through, as for everybody who is known."""

    scope = "key"
    rate = "1/min"  # that of the key, below

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """One count per key."""
        return self.cache_format % {"scope": self.scope, "ident": getattr(request.auth, "pk", "")}

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether the key is below its rate."""
        assert isinstance(request.auth, ApiKey)  # ``HasKey`` was asked first
        self.num_requests, self.duration = request.auth.per_minute, 60
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("no cache: the rate of a key is not limited", exc_info=True)
            return True

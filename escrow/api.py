"""Where payment channels tell what happened. The signature is the authentication."""

import logging
from typing import TYPE_CHECKING

from drf_spectacular.utils import OpenApiResponse, extend_schema
from redis.exceptions import RedisError
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    parser_classes,
    permission_classes,
    throttle_classes,
)
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle

from escrow import clock, operations

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class RawParser(BaseParser):
    """Leaves the body as it came: the signature is over its bytes."""

    media_type = "*/*"

    def parse(self, stream: object, media_type: str | None = None, parser_context: object = None) -> dict[str, object]:
        return {}


class ChannelThrottle(SimpleRateThrottle):
    """Counts a channel's address in the cache. A lost cache lets through: the signature is what protects, and money that
    is announced must be heard of."""

    scope = "channel"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """One count per sender."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Whether the sender is below the rate."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("no cache: the rate of notifications is not limited", exc_info=True)
            return True


@extend_schema(
    summary="A payment channel's signed notification",
    request={"application/json": {"type": "object", "description": "as the channel defines it"}},
    responses={
        204: OpenApiResponse(description="Taken, or known already"),
        401: OpenApiResponse(description="Bad signature"),
        404: OpenApiResponse(description="Unknown order or channel"),
    },
)
@api_view(["POST"])
@authentication_classes([])
@permission_classes([AllowAny])
@parser_classes([RawParser])
@throttle_classes([ChannelThrottle])
def notifications(request: Request, channel: str) -> Response:
    """Take a fact from a channel. Repeats and late ones are fine."""
    operations.take_notification(
        channel=channel,
        method=request.method or "",
        path=request.get_full_path(),
        headers=request.headers,
        body=request.body,
        at=clock.now(),
    )
    return Response(status=204)

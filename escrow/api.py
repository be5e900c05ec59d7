"""Where payment channels tell what happened. The signature is the authentication."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
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
from rest_framework.throttling import ScopedRateThrottle

from escrow import clock, operations


class RawParser(BaseParser):
    """Leaves the body as it came: the signature is over its bytes."""

    media_type = "*/*"

    def parse(self, stream: object, media_type: str | None = None, parser_context: object = None) -> dict[str, object]:
        return {}


class ChannelThrottle(ScopedRateThrottle):
    scope_attr = "throttle_scope"

    def allow_request(self, request: Request, view: object) -> bool:
        view.throttle_scope = "channel"  # type: ignore[attr-defined]  # a function view has no class to carry it
        return super().allow_request(request, view)  # type: ignore[arg-type]


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

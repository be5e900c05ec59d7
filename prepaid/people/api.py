"""How the API refuses."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from escrow.errors import DomainError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as ``{"error": {"code", "message"}}``, a bad body with ``"fields": {name: [sentences]}`` too."""
    if isinstance(error, DomainError):
        return _refusal(error.code, str(error), error.http_status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = rest_exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    content: dict[str, Any] = {"code": type(error).__name__, "message": str(error.default_detail)}
    if isinstance(error, exceptions.ValidationError):
        content["fields"] = response.data
    else:
        content["message"] = str(error.detail)
    response.data = {"error": content}
    return response


def _refusal(code: str, message: str, status: int) -> Response:
    return Response({"error": {"code": code, "message": message}}, status=status)

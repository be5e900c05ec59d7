"""How the API reads and refuses."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from escrow.errors import DomainError

#: The framework says these in English only, or in a programmer's words.
SENTENCES = {
    exceptions.ParseError: _("The body is not JSON that can be read. Send one JSON object in UTF-8."),
    exceptions.UnsupportedMediaType: _("The body must be JSON. Send it as application/json."),
    exceptions.MethodNotAllowed: _("This address does not take this method. The Allow header names those it takes."),
    exceptions.NotAuthenticated: _("You are not signed in. Sign in and send the request again."),
}


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = _("The request is too large. Send at most 2.5 MB.")


class ObjectParser(JSONParser):
    """One JSON object, no larger than a form may be."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Raises ``ParseError``, ``TooLarge``."""
        meta = (parser_context or {})["request"].META
        if int(meta.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge()
        try:
            said = super().parse(stream, media_type, parser_context)
        except RecursionError as error:  # brackets without end
            raise exceptions.ParseError() from error
        if not isinstance(said, dict):
            raise exceptions.ParseError()
        return said


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every refusal as ``{"error": {"code", "message"}}``, a bad body with ``"fields": {name: [sentences]}`` too."""
    if isinstance(error, DomainError):
        return _refusal(error.code, str(error), error.http_status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = TooLarge()
    response = rest_exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    content: dict[str, Any] = {"code": type(error).__name__, "message": _sentence(error)}
    if isinstance(error, exceptions.ValidationError):
        content["fields"] = response.data
    response.data = {"error": content}
    return response


def _sentence(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError) and isinstance(error.detail, dict):
        return " ".join(f"{field}: {' '.join(map(str, said))}" for field, said in error.detail.items())
    if isinstance(error, exceptions.PermissionDenied) and str(error.detail).startswith("CSRF"):
        return str(_("This page has expired and nothing was changed. Reload the page and send it again."))
    return str(SENTENCES.get(type(error), error.detail))


def _refusal(code: str, message: str, status: int) -> Response:
    return Response({"error": {"code": code, "message": message}}, status=status)

"""Bodies with files: how large one may be is known before any of it is read."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from prepaid.people.access import refused
from prepaid.people.errors import BodyTooLarge

P = ParamSpec("P")
#: What a form has besides its files.
FIELDS_BYTES = 1 << 20


class BoundedBody(FileUploadHandler):
    """First of the upload handlers, on every address, also where nobody signed in: a body that says it is larger than
    ``settings.UPLOAD_MAX_BYTES`` is refused before its first byte. (More than it says is never read.)"""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> Any:
        """Raises ``RequestDataTooBig``, which Django answers with 400."""
        if content_length > settings.UPLOAD_MAX_BYTES:
            raise RequestDataTooBig("The body is larger than UPLOAD_MAX_BYTES.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """On to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has it."""


def takes_files(
    most_bytes: Callable[[], int],
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]
]:
    """For a page whose form has files, outermost: a body above ``most_bytes()`` and the form's fields is refused with a sentence,
    unread. The token of the form is checked after that, since to find it the body is read."""

    def bounded(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def sized(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            most = most_bytes()
            if int(request.META.get("CONTENT_LENGTH") or 0) > most + FIELDS_BYTES:
                return refused(request, BodyTooLarge(megabytes=most >> 20))
            return protected(request, *args, **kwargs)

        return sized

    return bounded

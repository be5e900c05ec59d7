"""Hand out a file: to be looked at or saved, and to do nothing else in a browser."""

from django.conf import settings
from django.http import HttpResponse

from complaints.evidence.forms import AT_A_TIME
from complaints.evidence.models import StoredFile
from complaints.evidence.queries import content_of
from complaints.evidence.states import MEDIA_TYPES, SUFFIXES, FileKind

#: Nothing runs, nothing is fetched, nothing is sent, whatever the bytes may be.
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


def most_bytes() -> int:
    """What one form may send in all."""
    return AT_A_TIME * int(settings.EVIDENCE_MAX_BYTES)


def handed_out(file: StoredFile, *, name: str, preview: bool = False) -> HttpResponse:
    """The file under a name of ours. A photo is shown, a PDF saved; no cache keeps either. Raises ``NotFound``: no preview."""
    kind = FileKind(file.kind)
    how = "inline" if kind == FileKind.PHOTO else "attachment"
    return HttpResponse(
        content_of(file.pk, preview=preview),
        content_type=MEDIA_TYPES[kind],
        headers={
            "Content-Disposition": f'{how}; filename="{name}.{SUFFIXES[kind]}"',
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )

"""Papers of a case as files to take away; the caller has found the case for this reader. Names tell nothing of a person."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from complaints.cases import operations
from complaints.cases.models import Case
from complaints.cases.queries.mediations import document_of, latest_of
from complaints.cases.states import Side
from escrow import clock
from prepaid.people.access import me


def document_file(request: HttpRequest, case: Case, document_id: int, *, side: Side | None) -> HttpResponse:
    """One issued document as PDF: in Chinese, and in English after it when the reader reads English."""
    document = document_of(case, document_id=document_id, side=side)
    english = get_language() == "en"
    pdf = operations.printed(document, case=case, side=side, reader=me(request), at=clock.now(), english=english)
    return _file(pdf, f"{document.number}.pdf", "application/pdf", shown=True)


def record_file(request: HttpRequest, case: Case, *, side: Side | None) -> HttpResponse:
    """The newest record of a mediation as PDF."""
    pdf = operations.printed_record(latest_of(case), side=side, reader=me(request), at=clock.now())
    return _file(pdf, f"{case.number}-record.pdf", "application/pdf", shown=True)


def court_file(request: HttpRequest, case: Case, *, side: Side | None) -> HttpResponse:
    """The file for a court's confirmation as ZIP."""
    data = operations.confirmation_file(case=case, side=side, reader=me(request), at=clock.now())
    return _file(data, f"{case.number}-court.zip", "application/zip")


def _file(data: bytes, name: str, content_type: str, *, shown: bool = False) -> HttpResponse:
    how = "inline" if shown else "attachment"
    return HttpResponse(
        data, content_type=content_type, headers={"Content-Disposition": f'{how}; filename="{quote(name)}"'}
    )

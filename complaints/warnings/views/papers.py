"""The paper of a measure, as a page's answer."""

from django.http import HttpResponse

from complaints.warnings.models import Measure
from complaints.warnings.operations.papers import printed


def pdf_response(measure: Measure) -> HttpResponse:
    """To be looked at. Raises ``NoPaper``, ``PaperDamaged``."""
    response = HttpResponse(printed(measure), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{measure.number}.pdf"'
    return response

"""Photos and documents on the pages of a complaint, which know nothing of them."""

from typing import Any

from django import template

from complaints.cases.models import Case
from complaints.cases.states import EvidenceSide
from complaints.evidence.forms import EvidenceForm
from complaints.evidence.queries import of_case, of_side

register = template.Library()


@register.inclusion_tag("components/evidence_panel.html", takes_context=True)
def consumer_evidence(context: dict[str, Any], case: Case) -> dict[str, Any]:
    """The consumer's own, and the form to add to them while nobody has decided."""
    return _panel(context, case, EvidenceSide.CONSUMER, "complaint_evidence")


@register.inclusion_tag("components/evidence_panel.html", takes_context=True)
def merchant_evidence(context: dict[str, Any], case: Case) -> dict[str, Any]:
    """The merchant's own, and the form."""
    return _panel(context, case, EvidenceSide.MERCHANT, "shop_case_evidence")


@register.inclusion_tag("admin/evidence/panel.html")
def officer_evidence(case: Case, leads: bool) -> dict[str, Any]:
    """Everybody's, by side, and for the officer in charge the way to add more."""
    found = list(of_case(case))
    groups = [(side.label, [one for one in found if one.side == side]) for side in EvidenceSide]
    return {"case": case, "groups": [group for group in groups if group[1]], "leads": leads}


def _panel(context: dict[str, Any], case: Case, side: EvidenceSide, page: str) -> dict[str, Any]:
    return {
        "case": case,
        "evidence": of_side(case, side),
        "form": EvidenceForm(),
        "page": page,
        "file_page": f"{page}_file",
        "preview_page": f"{page}_preview",
        "is_consumer": side == EvidenceSide.CONSUMER,
    }

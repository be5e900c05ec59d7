"""What is kept of somebody, answered to ``prepaid.people``."""

from typing import Any

from django.conf import settings
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.cases.states import EvidenceSide
from complaints.evidence.models import Evidence
from complaints.evidence.queries import without_content
from prepaid.people.models import User
from prepaid.people.queries import Rows, sheet
from prepaid.people.signals import copy_taken


@receiver(copy_taken, dispatch_uid="evidence_copy")
def answer_copy(user: User, **kwargs: Any) -> dict[str, Rows]:
    """The person's photos and documents: what and when, and where each is fetched. A sheet holds no pictures."""
    mine = without_content(Evidence.objects.filter(case__complainant=user, side=EvidenceSide.CONSUMER))
    rows = (
        (
            one.at,
            one.case.number,
            one.file.get_kind_display(),
            one.file.size,
            one.sha256,
            settings.PUBLIC_URL + reverse("complaint_evidence_file", args=[one.case.number, one.pk]),
        )
        for one in mine.select_related("case", "file").order_by("pk")
    )
    headings = [_("When"), _("Complaint"), _("Kind"), _("Size (bytes)"), _("SHA-256 as sent"), _("Where to fetch it")]
    return {_("Photos and documents"): sheet(headings, rows)}

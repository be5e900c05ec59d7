"""What both sides are told of a mediation and of documents."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from complaints.cases.models import Case
from complaints.cases.operations.messages import tell_of_papers


def mediated(case: Case, *, failed: bool, at: datetime) -> None:
    """The record is written, or written anew."""
    title = _("Complaint %(number)s: the record of the mediation")
    if failed:
        tell_of_papers(case, title, _("There is no agreement. Read the record here."), at=at)
        return
    body = _(
        "Read it, and confirm it if you agree. It is an agreement only when both sides have confirmed the same text."
    )
    tell_of_papers(case, title, body, at=at)


def agreed(case: Case, *, at: datetime) -> None:
    """Both have confirmed."""
    title = _("Complaint %(number)s: the mediation agreement is concluded")
    tell_of_papers(case, title, _("Your copy is here, with the file for a court's confirmation."), at=at)


def issued(case: Case, *, at: datetime) -> None:
    """A document is there."""
    tell_of_papers(
        case, _("Complaint %(number)s: a document for you"), _("%(authority)s has issued it. Read it here."), at=at
    )

"""What complaints keep of a person, for a copy of it, and what stands against closing their account."""

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.cases.models import Case
from complaints.cases.states import ENDED_EARLY, CaseState, Side
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows, sheet


def own_data(user: User) -> dict[str, Rows]:
    """Complaints, and what was said in them by the person's side."""
    mine = Case.objects.filter(complainant=user).select_related("merchant", "outcome")
    said = (
        (one.at, case.number, one.text)
        for case in mine.prefetch_related("statements")
        for one in case.statements.all()
        if one.side == Side.CONSUMER
    )
    cases = (
        (
            case.number,
            case.received_at,
            case.merchant.name,
            case.text,
            case.get_state_display(),
            case.closed_at,
            case.outcome.reasons if hasattr(case, "outcome") else "",
        )
        for case in mine
    )
    headings = [_("Number"), _("Received"), _("Merchant"), _("What happened"), _("State"), _("Closed"), _("Reasons")]
    return {
        _("Complaints"): sheet(headings, cases),
        _("Statements"): sheet([_("When"), _("Complaint"), _("Text")], said),
    }


def in_the_way(user: User) -> list[InTheWay]:
    """Complaints that are not over."""
    over = [CaseState.CLOSED, *ENDED_EARLY]
    return [
        InTheWay(
            _("Complaint %(number)s is not over: wait for its end, or withdraw it.") % {"number": case.number},
            reverse("complaint_detail", args=[case.number]),
        )
        for case in Case.objects.filter(complainant=user).exclude(state__in=over)
    ]

"""What complaints keep of a person, for a copy of it, and what stands against closing their account."""

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.cases.models import Callback, Case, Document, Mediation, Outcome, OutsidePurchase
from complaints.cases.queries.saved_filters import filters_of
from complaints.cases.states import ENDED, Side
from escrow.money import yuan
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows, sheet


def own_data(user: User) -> dict[str, Rows]:
    """Complaints, purchases told in them, what was said by the person's side, mediations, documents, the callbacks; of an officer,
    the searches they keep."""
    mine = Case.objects.filter(complainant=user).select_related("merchant", "outside", "outcome", "earlier_outcome")
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
            case.against,
            case.text,
            case.get_state_display(),
            case.closed_at,
            "\n".join(outcome.reasons for outcome in _outcomes(case)),
        )
        for case in mine
    )
    headings = [_("Number"), _("Received"), _("Merchant"), _("What happened"), _("State"), _("Closed"), _("Reasons")]
    return {
        _("Complaints"): sheet(headings, cases),
        _("Statements"): sheet([_("When"), _("Complaint"), _("Text")], said),
        _("Purchases elsewhere"): _purchases(user),
        _("Mediations"): _mediations(user),
        _("Documents of complaints"): _documents(user),
        _("Callbacks"): _callbacks(user),
        _("Saved filters"): sheet(
            [_("Name"), _("Search and filters")], ((one.name, one.query) for one in filters_of(owner=user))
        ),
    }


def _purchases(user: User) -> Rows:
    told = OutsidePurchase.objects.filter(case__complainant=user).select_related("case").order_by("pk")
    headings = [_("Complaint"), _("Merchant"), _("Address"), _("Place"), _("Paid"), _("Paid on"), _("Wanted back")]
    return sheet(
        headings,
        (
            (
                one.case.number,
                one.merchant_name,
                one.address,
                "" if one.point is None else f"{one.lng},{one.lat}",
                "" if one.paid_fen is None else yuan(one.paid_fen),
                one.paid_on,
                "" if one.left_fen is None else yuan(one.left_fen),
            )
            for one in told
        ),
    )


def _mediations(user: User) -> Rows:
    held = Mediation.objects.filter(case__complainant=user).select_related("case").order_by("pk")
    headings = [_("Complaint"), _("Held"), _("State"), _("For the consumer"), _("The consumer's statement"), _("Sum")]
    return sheet(
        headings,
        (
            (
                one.case.number,
                one.held_at,
                one.get_state_display(),
                one.consumer_by,
                one.consumer_said,
                "" if one.failed_because else yuan(one.agreed_fen),
            )
            for one in held
        ),
    )


def _documents(user: User) -> Rows:
    issued = Document.objects.filter(case__complainant=user, side=Side.CONSUMER).select_related("case").order_by("pk")
    return sheet(
        [_("Complaint"), _("Document"), _("Number"), _("Issued")],
        ((one.case.number, one.get_kind_display(), one.number, one.issued_at) for one in issued),
    )


def _outcomes(case: Case) -> list[Outcome]:
    """The decisions, the one before a reopening first."""
    return [getattr(case, name) for name in ("earlier_outcome", "outcome") if hasattr(case, name)]


def _callbacks(user: User) -> Rows:
    asked = Callback.objects.filter(case__complainant=user).select_related("case").order_by("pk")
    headings = [
        _("Asked"),
        _("Complaint"),
        _("Answer by"),
        _("State"),
        _("Answered"),
        _("Contacted"),
        _("Resolved"),
        _("Satisfied"),
        _("Text"),
    ]
    return sheet(
        headings,
        (
            (
                one.asked_at,
                one.case.number,
                one.answers_until,
                one.get_state_display(),
                one.answered_at,
                _said(one.reached),
                _said(one.resolved),
                _said(one.satisfied),
                one.words,
            )
            for one in asked
        ),
    )


def _said(answer: bool | None) -> str:
    return "" if answer is None else _("Yes") if answer else _("No")


def in_the_way(user: User) -> list[InTheWay]:
    """Complaints that are not over."""
    return [
        InTheWay(
            _("Complaint %(number)s is not over: wait for its end, or withdraw it.") % {"number": case.number},
            reverse("complaint_detail", args=[case.number]),
        )
        for case in Case.objects.filter(complainant=user).exclude(state__in=ENDED)
    ]

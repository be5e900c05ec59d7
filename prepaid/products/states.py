"""States of product versions and filings, and what may follow what."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from escrow.states import Plan


class ProductKind(TextChoices):
    """How merchants and consumers call the plans of ``escrow``; the values are the same."""

    SESSIONS = Plan.SESSIONS.value, _("session card")
    STORED_VALUE = Plan.STORED_VALUE.value, _("stored-value card")
    DISCOUNT = Plan.DISCOUNT.value, _("discount card")
    PERIOD = Plan.PERIOD.value, _("period card")
    COURSE = Plan.COURSE.value, _("course")


class VersionState(TextChoices):
    DRAFT = "draft", _("draft")
    FILED = "filed", _("waiting for the regulator")
    RETURNED = "returned", _("returned by the regulator")
    ON_SALE = "on_sale", _("on sale")
    WITHDRAWN = "withdrawn", _("withdrawn from sale")


class FilingState(TextChoices):
    SUBMITTED = "submitted", _("waiting for a decision")
    APPROVED = "approved", _("approved")
    RETURNED = "returned", _("returned")
    EXEMPT = "exempt", _("not required")
    WITHDRAWN = "withdrawn", _("taken back by the merchant")


#: Content is frozen from the first step on; a returned or withdrawn version is followed by a new version, never revived.
VERSION_TRANSITIONS: dict[VersionState, frozenset[VersionState]] = {
    VersionState.DRAFT: frozenset({VersionState.FILED, VersionState.ON_SALE}),
    VersionState.FILED: frozenset({VersionState.ON_SALE, VersionState.RETURNED, VersionState.WITHDRAWN}),
    VersionState.RETURNED: frozenset(),
    VersionState.ON_SALE: frozenset({VersionState.WITHDRAWN}),
    VersionState.WITHDRAWN: frozenset(),
}
FILING_TRANSITIONS: dict[FilingState, frozenset[FilingState]] = {
    FilingState.SUBMITTED: frozenset({FilingState.APPROVED, FilingState.RETURNED, FilingState.WITHDRAWN}),
    FilingState.APPROVED: frozenset(),
    FilingState.RETURNED: frozenset(),
    FilingState.EXEMPT: frozenset(),
    FilingState.WITHDRAWN: frozenset(),
}

if set(VERSION_TRANSITIONS) != set(VersionState) or set(FILING_TRANSITIONS) != set(FilingState):
    raise RuntimeError("a state has no entry in its table of transitions")

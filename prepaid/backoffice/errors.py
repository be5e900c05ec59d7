"""What the operators' pages refuse."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class NotAnOperator(DomainError):
    message = _("Only an active platform operator can be responsible. Choose one from the list.")
    http_status = 400


class WorksThere(DomainError):
    """Somebody of the platform who also works for the merchant that the request is about."""

    message = _("You work for this merchant, so you cannot decide this. Ask another operator.")
    http_status = 403


class DayNotOver(DomainError):
    message = _("This day is not over in Beijing. Choose an earlier day.")


class UnknownCard(DomainError):
    message = _("There is no card with this number. Copy it from the card's page.")
    http_status = 400

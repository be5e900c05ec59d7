"""What reports about money outside custody refuse."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError, WrongState


class WordsTooMany(DomainError):
    message = _("Write at most 300 characters.")
    http_status = 400
    field = "words"


class ReportLed(WrongState):
    message = _("An officer has taken this report in charge. Ask them about it.")


class ReportDecided(WrongState):
    message = _("This report has been decided. Reload the page to see the result.")


class NotInCharge(DomainError):
    message = _("Only the officer in charge of this report may do this. Take it in charge first, or ask them.")
    http_status = 403


class NoPhone(DomainError):
    message = _("Whoever reported left no telephone number. Look at the photo and the words instead.")

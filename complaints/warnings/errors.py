"""Why a measure, an appeal or a report is not taken."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class MeasureOver(DomainError):
    message = _("This measure was decided or ended meanwhile. Reload the page to see where it stands.")
    http_status = 409


class MeasureThere(DomainError):
    message = _("This merchant has a measure of this kind already. Open that one; end it first if another is needed.")
    http_status = 409
    field = "kind"


class MerchantClosed(DomainError):
    message = _("This merchant was found closed. Look at its closing instead: its card-holders are refunded there.")
    http_status = 409


class TextNeeded(DomainError):
    """``field`` is where; at most ``most`` characters."""

    message = _("Write what is asked for here, in at most %(most)s characters.")
    http_status = 400

    def __init__(self, field: str, most: int) -> None:
        super().__init__(most=most)
        self.field = field


class StoreNeeded(DomainError):
    message = _("Choose the store that the street is to look at.")
    http_status = 400
    field = "store"


class DayNeeded(DomainError):
    message = _("Choose a day from today on, within %(most)s days.")
    http_status = 400
    field = "due_on"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class ResultUnknown(DomainError):
    message = _("Choose one of the results of this kind of measure.")
    http_status = 400
    field = "result"


class ClosedSinceNeeded(DomainError):
    message = _("Choose the first day without service: today or before, and after the store opened.")
    http_status = 400
    field = "since"


class NotAppealable(DomainError):
    message = _(
        "Nothing can be appealed here now: it has ended, or stops nothing. Reload the page to see where it stands."
    )
    http_status = 409


class AppealThere(DomainError):
    message = _(
        "An appeal against this is being decided. Wait for the answer; you can add to it by answering the officials."
    )
    http_status = 409


class AppealOver(DomainError):
    message = _("This appeal was decided meanwhile. Reload the page to see where it stands.")
    http_status = 409


class TookPart(DomainError):
    message = _("You ordered or confirmed this measure, so an official who had no part in it decides. Ask a colleague.")
    http_status = 403


class AnswerThere(DomainError):
    message = _("This letter was answered, or is no longer open. Reload the page to read what was written.")
    http_status = 409


class NoPaper(DomainError):
    message = _("There is no paper of this measure. Open the measure to see where it stands.")
    http_status = 404


class PaperDamaged(DomainError):
    message = _("This paper is not what was issued. Tell the platform's operators; it is not shown.")
    http_status = 500


class CannotReport(DomainError):
    message = _(
        "Only a card that is yours and has something left can tell that a shop is shut. Open one of your cards."
    )
    http_status = 409


class RuleDayPast(DomainError):
    message = _("What has happened was decided by the rules of its day. Choose a day after today.")
    http_status = 400
    field = "valid_from"


class RuleThere(DomainError):
    message = _("There is a rule of this kind from that day on. Choose another day.")
    http_status = 409
    field = "valid_from"


class RuleIncomplete(DomainError):
    message = _(
        "A measure that lasts needs the points and evenings after which it ends; one that is done once has none, and an official "
        "decides about it. Enter them so, with at least one evening."
    )
    http_status = 400
    field = "calm_points"

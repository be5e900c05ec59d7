"""What measures refuse, each refusal with a sentence that says what to do next."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class BadFiguresFile(DomainError):
    """Official figures that cannot be read; ``details["problem"]`` says where."""

    message = _(
        "The file was not imported: %(problem)s. It needs the columns month, code, response, resolved and satisfied, and may have "
        "score and class, in UTF-8 or GB 18030. Correct it and choose it again."
    )
    http_status = 400
    field = "file"


class WeightsNotWhole(DomainError):
    message = _("The three weights together are %(sum)s %%. Enter weights that make 100 %% together.")
    http_status = 400
    field = "satisfied_weight"


class ClassesOverlap(DomainError):
    message = _(
        "The first and the last class together hold more than all. Enter shares that are at most 100 % together."
    )
    http_status = 400
    field = "last_percent"


class RuleNotLater(DomainError):
    message = _("A rule begins on the first day of a later month. Choose such a day.")
    http_status = 400
    field = "valid_from"


class MonthHasARule(DomainError):
    message = _("Another rule begins on that day. Choose another month.")
    http_status = 409
    field = "valid_from"

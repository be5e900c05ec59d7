"""What complaints refuse, each refusal with a sentence that says what to do next."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError, WrongState


class CaseExists(DomainError):
    """One complaint per refund request; ``details["number"]`` is the existing one."""

    message = _("You have already complained about this refund request. Open your complaint %(number)s to add to it.")


class NothingToComplainAbout(WrongState):
    message = _(
        "You can complain once the merchant has refused your refund request or has not answered in time. Wait for "
        "its last day to answer."
    )


class TextMissing(DomainError):
    message = _("Write at least one sentence, and at most 2,000 characters.")
    http_status = 400


class NotTheLead(DomainError):
    """首接负责: the first receiver leads to the end."""

    message = _("Only the officer in charge of this case may do this. Ask them, or have the case assigned to you.")
    http_status = 403


class HasALead(WrongState):
    message = _("This case already has an officer in charge, who leads it to the end. Ask them about it.")


class OfficerElsewhere(DomainError):
    message = _("This officer has no post in the department and district of the case. Choose another officer.")
    http_status = 400


class SectorUnknown(DomainError):
    message = _("Choose the sector this merchant belongs to.")
    http_status = 400


class WrongSubject(WrongState):
    message = _(
        "A refund is decided by its sum, a charge by how much of it was used. Open the case again and decide it there."
    )


class AlreadyDecided(WrongState):
    message = _("This case has already been decided. Reload the page to see the decision.")


class ReasonRequired(DomainError):
    message = _("Write down the evidence or the reason the decision rests on.")
    http_status = 400


class RefundUnpaid(WrongState):
    message = _(
        "The bank has not yet confirmed the refund; the case stays open until it does. Wait for it: the case then "
        "closes by itself."
    )


class TimeLimitMissing(DomainError):
    message = _("There is no time limit “%(code)s” for %(day)s. Load it with: manage.py load_reference.")
    http_status = 500


class CallbackAnswered(WrongState):
    """One answer to one callback: the first."""

    message = _("This has already been answered. Thank you; reload the page to see where the complaint stands.")


class CallbackOver(WrongState):
    message = _(
        "The last day to answer was %(day)s. Sign in to see your complaint; if something is still wrong, ask for a refund or "
        "complain again there."
    )


class WordsTooLong(DomainError):
    message = _("Write at most 500 characters.")
    http_status = 400
    field = "words"


class HandlingUnit(DomainError):
    """Who handled a case does not ask how well it was handled."""

    message = _(
        "You, or a department you hold a post in, had a part in this case. Ask a colleague who had none to take the answer down."
    )
    http_status = 403


class NotUnresolved(WrongState):
    message = _(
        "A complaint is reopened when you have answered that it is not resolved. Reload the page to see what was answered."
    )


class ReopenedBefore(WrongState):
    message = _(
        "This complaint has been reopened once, which is as often as it can be. If something is still wrong with the card, ask for "
        "a refund again."
    )


class ReopeningOver(WrongState):
    message = _(
        "It could be reopened until %(day)s. If something is still wrong with the card, ask for a refund again; you can complain "
        "about that."
    )


class NothingToReopen(WrongState):
    """Money that was paid stays paid, and a charge that was decided is settled."""

    message = _(
        "This decision has been carried out and cannot be taken back. If something is still wrong with the card, ask for a refund "
        "or dispute a charge: you can complain about that."
    )


class ObjectedBefore(WrongState):
    """One objection to one case: a dispatch that was reviewed stands."""

    message = _("This case has been objected to once, and the dispatch stands. Take it in charge.")


class ObjectionOver(WrongState):
    message = _(
        "An objection was possible until %(day)s. Take the case in charge; if you need another department, call it in."
    )


class SameAuthority(DomainError):
    message = _(
        "Choose the sector or the district whose matter it is instead, so that another authority becomes responsible."
    )
    http_status = 400


class AuthorityUndetermined(WrongState):
    message = _("Nobody has determined the authority for this case yet. Choose its sector on its page.")


class ObjectionEnded(WrongState):
    message = _("This objection is over. Reload the page to see what came of it.")


class AlreadyCalledIn(WrongState):
    message = _("This department is called in and has not answered yet. Wait for its answer, or withdraw the call.")


class OwnDepartment(DomainError):
    message = _("Your own department leads this case. Choose another department, or the same one of another district.")
    http_status = 400


class CallOver(WrongState):
    """The answer is given, or the call or the case is over."""

    message = _("This call is over. Reload the page to see what came of it.")


class NotReportedYet(WrongState):
    message = _("Confirm first that your department has taken the call up, then write the answer.")


class ExtendedBefore(WrongState):
    message = _("The time limit has been extended once, which is as often as it can be. Finish the case by %(day)s.")


class HoursNotExtended(WrongState):
    message = _("A time limit in hours is not extended. Finish the case, or call another department in.")


class LimitOver(WrongState):
    message = _("The time limit ended on %(day)s and is not changed any more. Finish the case as soon as you can.")


class TooManyDays(DomainError):
    message = _("Enter at least 1 and at most %(most)s days.")
    http_status = 400
    field = "days"

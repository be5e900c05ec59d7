"""What complaints refuse, each refusal with a sentence that says what to do next."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError, WrongState
from prepaid.cards.errors import AboveBasis, BasisRefused


class CaseExists(DomainError):
    """One complaint per refund request; ``details["number"]`` is the existing one."""

    message = _("You have already complained about this refund request. Open your complaint %(number)s to add to it.")


class SameComplaint(CaseExists):
    """One person, one merchant, one undecided case."""

    message = _(
        "Your complaint %(number)s about the same merchant is still being handled. Open it and add what is new to it."
    )


class MerchantMissing(DomainError):
    message = _("Enter the name of the merchant: at most 100 characters, and at most 200 for its address.")
    http_status = 400
    field = "merchant_name"


class PayByMissing(DomainError):
    message = _("Enter the day by which the merchant pays: today or later, and at most a year from now.")
    http_status = 400
    field = "pay_by"


class AlreadyRepaid(WrongState):
    message = _("Nothing is owed in this complaint any more. Reload the page to see how it ended.")


class StillInTime(WrongState):
    message = _("The merchant may pay until %(day)s. Wait for that day; only then can the case end unpaid.")


class DistrictUnknown(DomainError):
    message = _("Choose the district where it happened.")
    http_status = 400


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


class NoAgreement(BasisRefused):
    """A mediation agreement is one that both sides have confirmed; it carries what is to be paid out of custody."""

    message = _(
        "No mediation agreement that both sides have confirmed pays anything out of custody. Write the mediation record and have both "
        "sides confirm it, or choose another basis."
    )


class PaidDirectly(BasisRefused):
    message = _(
        "By the agreement of both sides the merchant pays all of it itself, and custody pays nothing on it. Wait for its day: the "
        "consumer withdraws the complaint when the money is there; otherwise choose another basis."
    )


class AboveAgreement(AboveBasis):
    message = _("Both sides have agreed on ¥%(most)s out of custody. Enter at most that sum.")


class AboveOwed(DomainError):
    """Nobody agrees on more than was paid for the card, and the interest since (SPC 20)."""

    message = _(
        "At most ¥%(most)s can be owed on this card: what was paid for it, and the interest since. Enter at most that sum."
    )
    http_status = 400
    field = "custody"


class NothingAgreed(DomainError):
    message = _(
        "An agreement names a sum. Enter what is paid out of custody or by the merchant, or say why there is no agreement."
    )
    http_status = 400
    field = "custody"


class PayDayMissing(DomainError):
    message = _("Enter by which day the merchant pays its part itself: a day that is not before the mediation.")
    http_status = 400
    field = "pay_by"


class MediationAhead(DomainError):
    message = _("A mediation is recorded after it was held, and after the complaint came in. Correct its day and hour.")
    http_status = 400
    field = "held_at"


class RecordTextMissing(DomainError):
    message = _(
        "A record has a place, who took part, and both sides' words, within their lengths. Fill in what is missing."
    )
    http_status = 400


class AgreementStands(WrongState):
    message = _("Both sides have confirmed this agreement and it cannot change any more. Reload the page to read it.")


class RecordChanged(WrongState):
    """Whoever confirms stands by the text that they have read."""

    message = _("The record has been rewritten since you opened the page. Read it again, and confirm it as it is now.")


class NotToConfirm(WrongState):
    message = _("This record is not to be confirmed any more. Reload the page to see where the complaint stands.")


class NotSignedYet(DomainError):
    message = _("A paper is signed on a day from the mediation to today. Correct the day.")
    http_status = 400
    field = "signed_on"


class NotTheTime(WrongState):
    """Each document has its time in the life of a case."""

    message = _(
        "This document cannot be issued as the case stands. Read in the file what has happened, and choose another document."
    )


class ConfirmationOver(WrongState):
    message = _(
        "A court confirms an agreement that both sides have confirmed, and they ask it within 30 days; the last day was %(day)s. Ask "
        "the court whether it still takes the file."
    )


class DocumentDamaged(DomainError):
    message = _("This document is not what was issued. Tell the platform at once, and use your own copy until then.")
    http_status = 500


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


class OwnCase(DomainError):
    """Nobody reminds themselves."""

    message = _("You are in charge of this case yourself. Open it and go on with it.")
    http_status = 400


class UrgedToday(WrongState):
    message = _("A reminder has been sent today already. Wait until tomorrow, or ask the officer in charge.")


class NothingChosen(DomainError):
    message = _("Choose at least one complaint in the list, and what is to be done.")
    http_status = 400


class TooManyChosen(DomainError):
    message = _("Choose at most %(most)s complaints at once.")
    http_status = 400


class NothingToSave(DomainError):
    message = _("Search or choose a filter first; then save it under a name.")
    http_status = 400


class FilterNameMissing(DomainError):
    message = _("Enter a name of at most 30 characters.")
    http_status = 400
    field = "name"


class FilterNameTaken(DomainError):
    message = _("You have a saved filter of this name already. Choose another name.")
    http_status = 409
    field = "name"


class TooManyFilters(DomainError):
    message = _("You have %(most)s saved filters, which is as many as there can be. Delete one and try again.")
    http_status = 409

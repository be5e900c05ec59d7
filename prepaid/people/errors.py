"""What the people app refuses."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class PhoneTaken(DomainError):
    message = _("This phone number already has an account. Sign in with it instead.")


class NameMissing(DomainError):
    message = _("Enter your name as it should stand in contracts.")
    http_status = 400


class UnknownLanguage(DomainError):
    message = _("This language is not available. Choose one of those offered.")
    http_status = 400


class UnknownWish(DomainError):
    message = _("Choose what goes by e-mail: every message, the weekly digest only, or nothing.")
    http_status = 400


class UnknownDivision(DomainError):
    message = _("There is no such district or street in Beijing. Choose one from the list.")
    http_status = 400


class UnknownDepartment(DomainError):
    message = _("There is no such department. Choose one from the list.")
    http_status = 400


class ReasonMissing(DomainError):
    message = _("Say why you need to see this, in at least five characters: the reason goes into the audit trail.")
    http_status = 400


class TooManyRows(DomainError):
    message = _("%(rows)s rows are more than the %(most)s that one file may hold. Choose a narrower filter.")
    http_status = 400


class NotAllowed(DomainError):
    message = _("Your account may not do this. Ask a platform operator.")
    http_status = 403


class LastFactor(DomainError):
    message = _("Your account opens the administration and keeps one second factor. Add another one first.")


class NoFactor(DomainError):
    message = _("There is no second factor on this account. Add an authenticator app or a passkey first.")


class OwnFactor(DomainError):
    message = _("Nobody resets their own second factor. Sign in with a recovery code, or ask another operator.")
    http_status = 403


class PostEnded(DomainError):
    message = _("This post has already ended, or ends before it began. Choose a last day on or after its first.")


class NoOwnPost(DomainError):
    message = _("This person holds no post of their own today. Choose an official who does.")


class PostTooLong(DomainError):
    message = _("An extra post lasts from today at most %(days)s days. Choose a last day within that time.")
    http_status = 400


class PostHeld(DomainError):
    message = _("This official holds that post already. Choose another department or district.")


class AccountInUse(DomainError):
    message = _("This account cannot be closed yet. Look at what is listed on the page and settle that first.")


class AccountClosed(DomainError):
    message = _("This account was closed. Register anew to buy a card.")
    http_status = 403


class BadReferenceData(DomainError):
    message = _("The reference data cannot be loaded: %(problem)s. Correct the file and load it again.")
    http_status = 500


class TooOften(DomainError):
    message = _("This was sent very often from here. Wait an hour, then try again.")
    http_status = 429


class NotCounted(DomainError):
    message = _("This cannot be taken at the moment. Wait a few minutes, then send it again.")
    http_status = 503


class BodyTooLarge(DomainError):
    message = _("What you sent is larger than %(megabytes)s MB in all. Send fewer or smaller files at a time.")
    http_status = 413

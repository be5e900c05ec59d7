"""What the kernel refuses, each refusal with a sentence that says what to do next.

``code`` is stable and for programs; ``message`` is translated and for people; ``http_status`` is what an API answers.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that changed nothing. Subclasses set ``message`` and ``http_status``; ``code`` is the class's name."""

    message: str | Promise = _("This cannot be done now. Reload the page to see where it stands.")
    http_status = 409

    def __init__(self, message: str | Promise | None = None, **details: object) -> None:
        self.details = details
        template = self.message if message is None else message
        self.text: str | Promise = template
        super().__init__(template)

    @property
    def code(self) -> str:
        return type(self).__name__

    def __str__(self) -> str:
        text = str(self.text)
        return text % self.details if self.details else text


def in_words(code: str) -> str:
    """The sentence of a refusal that was kept by its ``code``; the code itself of what is none, or names details."""
    kinds = [DomainError]
    for kind in kinds:  # grows while it is read
        if kind.__name__ == code and "%(" not in str(kind.message):
            return str(kind.message)
        kinds += kind.__subclasses__()
    return code


class NotFound(DomainError):
    """Also given for what belongs to somebody else: a refusal never tells whether the thing exists."""

    message = _("We could not find this. Check the link, or sign in with the account it belongs to.")
    http_status = 404


class InvalidAmount(DomainError):
    message = _("Enter an amount of at least 0.01 yuan, in whole fen, and below 100 million yuan.")
    http_status = 400


class InvalidUnits(DomainError):
    message = _("Enter a whole number of at least 1.")
    http_status = 400


class KeyReused(DomainError):
    """Same idempotency key, another body."""

    message = _("This request was already sent with other contents. Reload the page and try again.")
    http_status = 422


class WrongState(DomainError):
    message = _("This is no longer possible: its state has changed meanwhile. Reload the page to see where it stands.")


class AgreementNotHeld(WrongState):
    message = _(
        "The money of this card is not available for use now: it is unpaid, frozen or already settled. Look at the "
        "card's page to see which."
    )


class AgreementFrozen(AgreementNotHeld):
    message = _(
        "This card is frozen while a refund or a complaint is open; nothing can be charged to it. Wait for its "
        "end, or ask the holder to withdraw it."
    )


class CannotTopUp(DomainError):
    message = _(
        "This card cannot be topped up: it counts days, or it is not in use any more: buy another card instead."
    )


class LessonCharged(DomainError):
    http_status = 409
    message = _("This lesson has been charged to this card already. Look at the charges of today before you try again.")


class NotEnoughLeft(DomainError):
    message = _("There is not enough left on this card for that. Charge at most what is left.")


class RefundExceedsPaid(DomainError):
    """法释〔2025〕4号 (SPC) 20."""

    message = _("No more can be paid back than was paid. Enter a smaller sum.")


class LineExplained(WrongState):
    message = _(
        "This line of the bank is explained already, or its money is being sent back. Reload the page to see how."
    )


class NothingFits(DomainError):
    """Of a line that a person assigns."""

    message = _(
        "Nothing that waits fits this line any more. Reload the page and choose among what is listed, or send the money back."
    )


class ReturnAccountMissing(DomainError):
    message = _("The bank did not say from which account this money came. Enter the account and its holder.")
    http_status = 400


class ReservationResolved(WrongState):
    message = _("This charge was already decided. Reload the page to see how.")


class ReservationConfirmed(ReservationResolved):
    message = _("This charge was already confirmed. Ask the store to undo it today if it was a mistake.")


class ReservationVoided(ReservationResolved):
    message = _(
        "This charge was already refused or withdrawn; the money stayed on the card. Charge again if it was a mistake."
    )


class ReservationDisputed(ReservationResolved):
    message = _(
        "This charge is disputed. It stays reserved until the dispute is decided; follow it on the card's page."
    )


class ReservationExpired(ReservationResolved):
    message = _("This charge expired before it was confirmed; the money stayed on the card. Charge again.")


class ServiceStopped(WrongState):
    """Silence says nothing about a place that does not serve."""

    message = _(
        "While the store is closed, on watch or has just changed hands, silence does not confirm a charge. Ask the "
        "customer to confirm it, or withdraw it."
    )


class AlreadyUndone(WrongState):
    message = _(
        "This charge was already undone and its money is back on the card. Reload the page; nothing more is needed."
    )


class TooLateToUndo(DomainError):
    message = _(
        "This charge can no longer be undone because its money is already on its way to the merchant. Agree on a "
        "refund instead."
    )


class AlreadyPaid(DomainError):
    message = _("This order is already paid. Open your wallet to see the card.")


class AgreementExpired(DomainError):
    message = _("This order has expired unpaid. Please buy again.")


class DepositTakenBack(DomainError):
    """What was paid in cash was brought to custody and undone by the bank."""

    message = _(
        "The bank has undone the deposit of the cash for this card, so nothing of it is in custody and nothing can be used or paid back. "
        "Wait until the merchant has brought the money again; who wants it back at once asks the merchant, or calls 12345."
    )


class DepositPartlyUsed(WrongState):
    message = _(
        "Part of this card was used, so it cannot be ended as if nothing had been paid. Have the merchant bring the money to custody "
        "again; the rest can then be refunded."
    )


class BasisRequired(DomainError):
    """Escrow pays out on nothing but the bases of ``states.RefundBasis``."""

    message = _(
        "A refund needs its basis. Choose one: cooling-off, consent, contractual silence, mediation, judgment or "
        "closure."
    )
    http_status = 400


class ChannelUnavailable(DomainError):
    message = _("The bank does not answer at the moment. Nothing was charged; please try again in a minute.")
    http_status = 503


class BadNotification(DomainError):
    message = _("The notification's signature is not valid. Sign it again with the channel's key and the present time.")
    http_status = 401


class AnotherAmount(DomainError):
    """A signed notification of a payment that is not the order's sum: money is there that nobody asked for."""

    message = _(
        "The amount paid is not the amount of the order. Look the order up at the channel and correct it there."
    )
    http_status = 422


class PayoutAccountMissing(DomainError):
    message = _("This merchant has no payout account yet. Add the bank account first.")


class PayoutsHeld(DomainError):
    message = _(
        "This merchant's payouts are held, so nothing is sent to it. Look at the reasons and release them first, or wait."
    )


class RefundNotReturned(WrongState):
    message = _(
        "A refund goes back to where it was paid from. Only one that the bank has returned and that is still owed can go to "
        "an account: wait for the bank's answer."
    )


class HoldKept(DomainError):
    message = _(
        "These payouts are held by a decision that has its own end: a change of the operator, or a measure of the supervision. "
        "End it there, and the payouts go on."
    )
    http_status = 409


class NameDiffers(DomainError):
    message = _(
        "The account is not in the name of the person who is owed the money. Ask for an account of their own, and enter both "
        "names as they are written."
    )
    http_status = 400


class ReasonRequired(DomainError):
    message = _("Say why, in at most 200 characters: the reason goes into the audit trail.")
    http_status = 400


class ApprovalOpen(DomainError):
    message = _("The same is already waiting for a second person. Have that request decided, or withdraw it first.")


class ApprovalDecided(WrongState):
    message = _("This request was already decided. Reload the page to see by whom; ask again if it is still needed.")


class ApprovalExpired(ApprovalDecided):
    message = _("This request waited too long and has expired. Ask again if it is still needed.")


class SecondPersonNeeded(DomainError):
    message = _("Whoever asked cannot also decide. Have another person decide, or withdraw the request.")
    http_status = 403


class PersonNeeded(DomainError):
    """A task or a command asked for, or decided, what two people have to."""

    message = _("This takes two people with accounts of their own. Sign in and ask for it on the page.")
    http_status = 403


class OnlyTheRequester(DomainError):
    message = _("Only who asked can withdraw the request. Refuse it instead, with a reason.")
    http_status = 403


class ClockFixed(DomainError):
    message = _("The business clock only moves forward, in the demo and in tests. Try it there, for example with +1d.")
    http_status = 403


class CalendarMissing(DomainError):
    message = _("The working-day calendar does not reach far enough. Load it with: manage.py load_reference.")
    http_status = 500


class AccrualRuleMissing(DomainError):
    message = _(
        "No accrual rule is in force on a day that was served. Add one that reaches back to it, then run it again."
    )
    http_status = 500


class SealedMeanwhile(WrongState):
    """Two sealers at the same block: one of them has written it."""

    message = _("These transfers were sealed by somebody else just now. Run it again to seal what came since.")


class NotSealed(WrongState):
    message = _("Transfers of that day are not sealed yet. Run manage.py seal again in a minute.")


class ProofBroken(DomainError):
    """The published trees and the transfers do not agree: ``prove`` says where."""

    message = _("The published total does not agree with this card's movements. Please report this to the platform.")
    http_status = 500


class DayNotOver(WrongState):
    message = _(
        "A day's total is published once, in the order of days, and some minutes after the day has ended. Wait until "
        "then, or publish the days before it."
    )


class PauseNotPossible(WrongState):
    message = _(
        "Only a paid card that counts days can be paused, and no card that is frozen or settled. Look at the card's page "
        "to see where it stands."
    )


class PauseInThePast(DomainError):
    message = _("A pause begins today at the earliest and ends on its first day or later. Choose other days.")
    http_status = 400


class PauseTooLong(DomainError):
    message = _("A card rests at most %(most)s days in a year; %(left)s are left. Choose a shorter pause.")
    http_status = 400


class PauseAlreadyThere(WrongState):
    message = _("Another pause of this card is asked for or agreed. End it first, or wait until it is over.")


class PauseNotYours(WrongState):
    message = _("Ask the other side: who asks for a pause cannot agree to it, and the customer alone ends it early.")


class PauseReasonNeeded(DomainError):
    message = _("Say why, so that the other side can agree.")
    http_status = 400

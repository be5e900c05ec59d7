"""What the card business refuses, each with what to do next."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import AgreementNotHeld, AlreadyUndone, DomainError, NotEnoughLeft, TooLateToUndo, WrongState

# Buying


class ContractNotAccepted(DomainError):
    message = _("Read the contract and tick that you accept it.")
    http_status = 400


class ContractChanged(DomainError):
    message = _("The contract has changed since you opened this page. Read the new text and accept it again.")


class ContractKept(DomainError):
    message = _(
        "This card's contract was written when the card was sold. It is never written or printed again: open the stored one."
    )


class ContractDamaged(DomainError):
    message = _(
        "The stored contract is not the one that was accepted, so it is not shown. Please tell the platform's operators."
    )
    http_status = 500


class RisksNotAcknowledged(DomainError):
    message = _("Tick that you have read the warning about the term and the amount.")
    http_status = 400


class ChannelUnknown(DomainError):
    message = _("Choose one of the ways to pay that are listed.")
    http_status = 400


class NoWayToPay(DomainError):
    message = _("Nothing can be paid at the moment: no way to pay is set up. Nothing was charged; try again later.")
    http_status = 503


class TopUpTermsGone(DomainError):
    """A top-up keeps the card's terms; other terms are another card."""

    message = _(
        "The terms this card was sold on are not sold any more, so it cannot be topped up. Choose another card of this merchant, "
        "on the terms of today."
    )


class OrderNotOpen(WrongState):
    message = _(
        "This order cannot be cancelled any more: it is paid, cancelled or expired. Open your wallet to see which."
    )


class CashNotHere(DomainError):
    message = _(
        "This order cannot be paid in cash: it is a top-up or a further month, or payment at the bank was begun. Look at the "
        "card's page and pay it there, or cancel it and order again."
    )


class NotGivenYet(DomainError):
    message = _(
        "This visit is paid after it was given. Have the shop show you its code at the counter, and pay with that."
    )


class CashNotTaken(DomainError):
    message = _(
        "No cash of this order is on its way to custody: none was taken, it has arrived, or the order is over. Look at the card's "
        "page; once it is in custody a refund gives it back."
    )


class CashTaken(WrongState):
    message = _(
        "The shop says that it took your cash for this order. Look at the card's page: if you have it back, or never paid, you "
        "end the order there."
    )


# Lost cards


class CardNotInUse(WrongState):
    message = _("Nothing that was paid is on this card, so there is nothing to block. Look at the card's page.")


class CardNotLost(WrongState):
    message = _("This card is not reported lost any more. Reload the page to see what became of it.")


class LossDay(DomainError):
    message = _("The card was lost between the day you bought it and now. Correct the day, or leave it empty.")
    http_status = 400


# At the counter


class CodeUnreadable(DomainError):
    message = _("This is not a card code. Scan the code again, or type its 14 digits.")
    http_status = 400


class NumberWithoutCode(CodeUnreadable):
    message = _(
        "This is the number of a card, and alone it pays nothing. Scan the code on the customer's phone, or choose “No "
        "smartphone” to send a code to it by SMS."
    )


class WrongCode(DomainError):
    message = _("This code is wrong. Ask the customer to open the card's code and scan it again.")


class CodeExpired(DomainError):
    message = _("This code is over: it lives 30 seconds. Ask the customer to show the new one.")


class StoredTooLong(DomainError):
    message = _(
        "Scanned %(hours)s hours ago or more: a stored charge is taken no later. Ask the customer to show the card again."
    )


class StoredTooMany(DomainError):
    message = _(
        "This store has sent %(most)s stored charges today, the most there may be. Ask the customer to show the card again."
    )


class StoredOneVisit(DomainError):
    message = _(
        "Without a network at most one visit is charged: %(most)s. Charge more when the customer shows the card again."
    )


class CodeUsed(DomainError):
    message = _("This code was already used. Wait for the next one, at most 30 seconds.")


class TooManyAttempts(DomainError):
    message = _("Too many wrong codes. Wait five minutes, then scan instead of typing.")
    http_status = 429


class NoSuchCardHere(DomainError):
    message = _("Your shop has no card with this number. Read it from the customer's printed card and enter it again.")
    field = "number"


class WrongSmsCode(DomainError):
    message = _("This code is wrong. Ask the customer to read out the newest SMS; %(left)s more tries are left.")
    field = "code"


class SmsCodeOver(DomainError):
    message = _("This code cannot be used any more: it was used, replaced or lasted too long. Send a new one.")
    field = "code"


class TooManySmsCodes(DomainError):
    message = _(
        "This card was sent several codes just now. Wait ten minutes; after many in one day, wait until tomorrow."
    )
    http_status = 429
    field = "number"


class CounterUnavailable(DomainError):
    message = _("Codes cannot be checked at the moment. Nothing was charged; try again in a minute.")
    http_status = 503


class CardOfAnotherMerchant(DomainError):
    message = _(
        "This card was issued by another merchant and cannot be used here. Ask the customer for a card of your shop."
    )


class StoreNotInContract(DomainError):
    message = _("This card cannot be used in this store. Look in its contract for the stores that accept it.")


class StoreClosed(DomainError):
    message = _(
        "This store is marked as closed, so nothing can be charged here. Choose an open store, or ask the manager "
        "to open it again."
    )


class StoreNeeded(DomainError):
    message = _("Choose the store you are charging in.")
    http_status = 400


class CardUnpaid(AgreementNotHeld):
    message = _(
        "This card is not paid yet, so nothing can be charged to it. Ask the customer to pay the order in their "
        "wallet first."
    )


class CardSettled(AgreementNotHeld):
    message = _(
        "This card is settled: its money was paid back or returned. Nothing can be charged to it; ask the customer "
        "for another card."
    )


class CardExpired(DomainError):
    message = _("This card's term ended on %(day)s. Ask the customer to request a refund of what is left.")


class MonthUnpaid(DomainError):
    """Of a membership: nothing is owed, and the next month begins when it is paid."""

    message = _(
        "This card rests: the month that was paid ended on %(day)s and nothing is owed. Ask the customer to pay the next month on "
        "the card's page; it can be used as soon as that is paid."
    )


class MonthNotDue(DomainError):
    message = _(
        "The month that is paid runs until %(day)s, and never more than one month is prepaid. Wait until that day to pay the "
        "next one."
    )


class NoNextMonth(DomainError):
    message = _(
        "There is no further month to pay: the membership was ended, paid back, or all its months are paid. Look at its page; to "
        "go on, choose a new card."
    )


class CardPaused(DomainError):
    message = _(
        "This card is paused, so today does not count. Ask the customer to end the pause on the card's page first."
    )


class CardLost(DomainError):
    message = _(
        "This card was reported lost, so nothing can be charged to it. Ask its holder to say on the card's page that it was found, "
        "or to take a new number."
    )


class CardReplaced(DomainError):
    message = _("This card was replaced after a loss, and its old code is over. Ask the customer to show the new one.")


class CardUsedUp(NotEnoughLeft):
    message = _("This card is used up: nothing is left on it. Ask the customer for another card.")


class TooManySessions(NotEnoughLeft):
    message = _("Only %(left)s sessions are left on this card. Charge at most that many.")


class AmountTooLarge(NotEnoughLeft):
    message = _("Only ¥%(left)s is left on this card. Charge at most that much.")


class LotsTooSmall(NotEnoughLeft):
    """Of a card that was topped up: each payment has a refund of its own, so a charge comes from one of them."""

    message = _(
        "This card was paid in several parts, and a charge is drawn from one of them: at most %(most)s at once. Charge that, and "
        "the rest with the card's next code."
    )


class AmountNeeded(DomainError):
    message = _("This card is charged by amount. Enter the amount in yuan.")
    http_status = 400


class SessionsNeeded(DomainError):
    message = _("This card is charged by sessions. Enter the number of sessions instead of an amount.")
    http_status = 400


class NoRestAtTill(DomainError):
    message = _("Only a stored value card is drawn down with the rest paid at the till. Charge this card as usual.")
    http_status = 400


class CheckInIsFree(DomainError):
    message = _("This is a period card: a check-in charges nothing. Leave the amount empty.")
    http_status = 400


class ListPriceTooLarge(AmountTooLarge):
    message = _(
        "Only ¥%(left)s is left on this card: at its discount enough for a list price of ¥%(most)s. Enter at most that much."
    )


class NothingToCharge(DomainError):
    message = _("At this card's discount that list price comes to nothing. Enter the list price of what was used.")
    http_status = 400


class LessonNeeded(DomainError):
    message = _("This card is a course and is charged by the lesson. Enter the class, and the day of the lesson.")
    http_status = 400


class OneLesson(DomainError):
    message = _("A course is charged one lesson at a time. Leave the sessions and the amount empty.")
    http_status = 400


class NotACourse(DomainError):
    message = _("This card is not a course. Leave the class and the day of the lesson empty.")
    http_status = 400


class LessonDay(DomainError):
    message = _(
        "A lesson is charged on its day or later, and not for days before the card was paid on %(since)s. Correct the day."
    )
    http_status = 400


class ClassNameNeeded(DomainError):
    message = _("Enter what the class is called, with at most 40 characters.")
    http_status = 400


class OnlyCourses(NotACourse):
    message = _("Only cards that are courses stand on a roll. Charge this card at the counter instead.")


class AlreadyOnRoll(DomainError):
    message = _("This card is on the roll of the class already. Look for it there and mark it.")


class RollInFuture(DomainError):
    message = _("A roll is called on the day of the lesson or later. Choose today or an earlier day.")
    http_status = 400


class SessionsNotCharged(DomainError):
    message = _("This card is not charged by sessions. Leave the number of sessions empty.")
    http_status = 400


class KeyMissing(DomainError):
    message = _("Send an Idempotency-Key header of 8 to 64 letters, digits or dashes, new for every charge.")
    http_status = 400


class NothingToUndo(WrongState):
    message = _("A check-in charges nothing, so there is nothing to answer. Leave it as it is.")


class ComplaintNeeded(WrongState):
    """Where silence confirms, or the merchant insists, a no does not end the charge: it is decided."""

    message = _(
        "A no alone does not end this charge. Say what is wrong on the charge's page: it stays reserved, and the sector's "
        "regulator decides unless the merchant withdraws it."
    )


class NoIsEnough(WrongState):
    message = _(
        "Your no is enough to end this charge; it needs no complaint. Open your wallet and press “No, this is wrong”."
    )


class NothingToInsistOn(WrongState):
    message = _(
        "Only a charge that still waits for the customer can be insisted on. Reload the page to see where it stands."
    )


class AlreadyInsisted(WrongState):
    message = _("You already insist on this charge. Wait for the customer's answer, or withdraw the charge.")


class CheckInUndone(AlreadyUndone):
    message = _(
        "This check-in was already undone and does not count as a visit. Reload the page; nothing more is needed."
    )


class UndoOnlyToday(TooLateToUndo):
    message = _("A charge can be undone on the same day only. Agree on a refund with the customer instead.")


class PauseAfterTheEnd(DomainError):
    message = _(
        "What is paid ends on %(day)s, before this pause begins. Choose other days, or pay first for what comes then."
    )
    http_status = 422


class PauseOutlastsLease(DomainError):
    message = _(
        "With this pause the card would run until %(until)s, but the lease of %(store)s ends on %(lease_ends_on)s. Choose a "
        "shorter pause."
    )
    http_status = 422


# Refunds


class NothingToRefund(DomainError):
    message = _(
        "Nothing would be paid back for this reason: what was used is worth as much as was paid. Choose another "
        "reason if one fits, or keep the card."
    )


class ChargesPending(DomainError):
    """Outside the cooling-off period only."""

    message = _("Confirm or dispute the charges that wait for you first, so that the refund is exact.")


class RefundAlreadyAsked(WrongState):
    message = _("A refund of this card is already under way. Look at it on the card's page.")


class NotRefundable(WrongState):
    message = _("This card holds no money now: it is unpaid or already settled. Look at the card's page to see which.")


class QuoteChanged(DomainError):
    message = _("The refund is now ¥%(now)s. Look at the new sum and confirm again.")


class OfferTooLow(DomainError):
    message = _("The law leaves the customer at least ¥%(least)s. Enter that sum or more.")
    http_status = 400


class OfferTooHigh(DomainError):
    """SPC 20. What custody does not hold any more the merchant pays from what it has earned, or as a claim."""

    message = _(
        "No more can be paid back than was paid for this card: ¥%(most)s. Enter at most that sum; interest is added by "
        "itself."
    )
    http_status = 400


class BasisRefused(DomainError):
    """The basis carries no refund of this card."""

    http_status = 400
    field = "basis"


class NoCoolingOff(BasisRefused):
    message = _("The refund was not asked for within the cooling-off period. Choose another basis.")


class NoConsent(BasisRefused):
    message = _("The merchant has agreed to no sum. Record its offer first, or choose another basis.")


class NoSilence(BasisRefused):
    message = _(
        "Silence is consent only where the sector's rule says so and the merchant's term has passed without an answer. "
        "Choose another basis."
    )


class NoClosure(BasisRefused):
    message = _(
        "No closure is on record for the places where this card can be used. Have it recorded at the merchant first, or "
        "choose another basis."
    )


class AboveBasis(DomainError):
    """SPC 20: more than was ever paid, and the interest on it."""

    message = _(
        "At most ¥%(most)s can be paid back: what was paid for this card, and the interest since. Enter at most that sum."
    )
    http_status = 400
    field = "amount"


class AboveCoolingOff(AboveBasis):
    message = _(
        "Within the cooling-off period ¥%(most)s were owed. Enter at most that sum; interest is added by itself."
    )


class AboveConsent(AboveBasis):
    message = _("The merchant has agreed to ¥%(most)s. Enter at most that sum, or record its new offer first.")


class AboveSilence(AboveBasis):
    message = _("The merchant's silence agrees to what was asked, ¥%(most)s. Enter at most that sum.")


class ReasonNeeded(DomainError):
    message = _("Say why you refuse, so that the customer and a regulator can understand it.")
    http_status = 400


class RequestNotYours(WrongState):
    message = _(
        "This request can no longer be answered: it was withdrawn, paid or is with the regulator. Reload the page "
        "to see which."
    )


class AlreadyRefused(RequestNotYours):
    message = _(
        "You have already refused this request. Nothing was changed; agree to it if you have changed your mind."
    )


# People around a card


class PeopleOfPaidCards(DomainError):
    message = _("Only a card with something paid on it can have people around it. Choose a card that is in use.")


class ChildNameMissing(DomainError):
    message = _("Enter what you call the child, in at most 20 characters. A first name is enough.")
    http_status = 400
    field = "name"


class ChildNeeded(DomainError):
    message = _("Only a child's card has a second guardian. Enter the child's name first.")


class SecondGuardianOnce(DomainError):
    message = _(
        "This card has its second guardian, or somebody is invited. Take that person off before you ask another."
    )
    field = "phone"


class TooManyRelatives(DomainError):
    message = _("A card has at most %(most)s relatives. Take one off before you ask another.")
    field = "phone"


class OwnNumber(DomainError):
    message = _("This is your own number. Enter the number of the person you want on the card.")
    http_status = 400
    field = "phone"


class AlreadyOnCard(DomainError):
    message = _("This person is on the card or invited already. Look at the list, or enter another number.")
    field = "phone"


class TooManyInvitations(DomainError):
    message = _("You have invited many people today. Wait until tomorrow, then try again.")
    http_status = 429
    field = "phone"


class InvitationLapsed(DomainError):
    message = _("This invitation has lapsed. Ask the card's holder to send a new one.")


class GuardianWorksThere(DomainError):
    message = _(
        "You work at the shop that issued this card, and a guardian confirms its charges. Decline, and tell the holder to ask "
        "somebody else."
    )
    http_status = 403


# To another person


class TransferRefused(WrongState):
    """What stands against passing a card on now."""

    message = _("This card cannot be passed on now. Open its page to see why.")


class NotPassedOn(TransferRefused):
    message = _(
        "Only a card with something paid and unused on it can be passed on: this one is not paid, frozen, expired, used up or settled. "
        "Open its page to see which."
    )


class LostNotPassedOn(TransferRefused):
    message = _(
        "This card was reported lost. Say on its page that it was found, or take a new number; then it can be passed on."
    )


class ChargesBeforeTransfer(TransferRefused):
    message = _(
        "A charge of this card still waits for an answer or is disputed, and it belongs to who was there. Confirm it or say that it is "
        "wrong in the wallet; then the card can be passed on."
    )


class RefundBeforeTransfer(TransferRefused):
    message = _(
        "A refund of this card is asked for or on its way, and it belongs to who asked. Withdraw the request, or wait until it is paid; "
        "then the card can be passed on."
    )


class OrderBeforeTransfer(TransferRefused):
    message = _(
        "A further payment for this card is ordered and not made. Make it or cancel the order on the card's page; then the card can be "
        "passed on."
    )


class CoolingOffBeforeTransfer(TransferRefused):
    message = _(
        "Until %(day)s this card can be given back, and the money then goes to where it was paid from. Wait until that day is "
        "over, then pass it on."
    )


class TransferToSelf(DomainError):
    message = _("This is your own number. Enter the number of the person who is to have the card.")
    http_status = 400


class TransferOpen(WrongState):
    message = _("This card is offered to somebody else. Withdraw that offer first, or wait until it is answered.")


class TooManyTransfers(DomainError):
    message = _("Too many cards were offered in the last 24 hours. Try again tomorrow.")
    http_status = 429


class TransferOver(WrongState):
    message = _(
        "This offer is over: it was answered, withdrawn, or its time has passed. Ask the other person to offer the card again."
    )


class TransferChanged(DomainError):
    message = _(
        "What is on the card has changed since you opened this page. Look at it again below, then take it over."
    )


class CardPassedOn(DomainError):
    message = _(
        "This card was passed on to another person, and its old code is over. Ask the customer for another card."
    )


# Cash-flow certificates


class CertificateWithoutConsent(DomainError):
    message = _(
        "Choose how long it is valid, and tick that you consent. Without your consent nobody is shown anything."
    )
    http_status = 400
    field = "consents"


class CertificateWithoutReader(DomainError):
    message = _("Name who it is for, with at most 80 characters, for example the bank you ask for a loan.")
    http_status = 400
    field = "reader"


class TooManyCertificates(DomainError):
    message = _("%(most)s certificates are valid now. Withdraw one that is not needed any more, then make this one.")


class CertificateOver(DomainError):
    message = _(
        "This certificate was withdrawn or has expired, so it proves nothing any more. Ask the merchant for a new one."
    )
    http_status = 410


class CertificateDamaged(DomainError):
    message = _(
        "The stored certificate is not the one that was made, so it is not shown. Please tell the platform's operators."
    )
    http_status = 500


# Closings


class ClosingNotApproved(WrongState):
    message = _(
        "Nothing is paid back: a second official has not confirmed yet that it is closed. Confirm it in the administration first."
    )


class ClosingNothingToPayBack(WrongState):
    message = _(
        "Nothing is paid back: this was withdrawn or dismissed, or is a move. Look it up in the administration under closings and moves."
    )


class ClosingNotOver(WrongState):
    message = _(
        "Its last day of service, %(last_day)s, is not over, and until then holders ask for their refunds themselves. "
        "Run this again after it."
    )

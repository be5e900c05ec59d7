"""What the merchants' pages refuse. ``field`` names the form field the sentence belongs beside."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError


class MerchantError(DomainError):
    field: str | None = None
    http_status = 400


class BadUscc(MerchantError):
    message = _(
        "A unified social credit code has 18 digits and capital letters (no I, O, S, V, Z). Copy it from the "
        "business licence."
    )
    field = "uscc"


class UsccChecksum(BadUscc):
    message = _(
        "This unified social credit code has a typing error: its last character does not match the others. Compare "
        "it with the business licence."
    )


class UsccTaken(MerchantError):
    message = _(
        "A merchant with this unified social credit code is already registered. Ask its owner to add you as staff."
    )
    field = "uscc"
    http_status = 409


class MissingText(MerchantError):
    """A name or address left empty, or longer than its column."""

    message = _("Fill in this field, with at most %(most)s characters.")

    def __init__(self, field: str, most: int) -> None:
        super().__init__(most=most)
        self.field = field


class UnknownSector(MerchantError):
    message = _("Choose a sector from the list.")
    field = "sector"


class UnknownDistrict(MerchantError):
    message = _("This is not a district of Beijing. Choose one from the list.")
    field = "district"


class UnknownSubdistrict(MerchantError):
    message = _("Choose the subdistrict or town from the list.")
    field = "subdistrict"


class SubdistrictElsewhere(UnknownSubdistrict):
    message = _("%(subdistrict)s is not in %(district)s. Choose the two so that they fit.")


class AddressOutsideBeijing(MerchantError):
    message = _(
        "We could not place this address in a district of Beijing. Write the district, street and number, or choose "
        "the subdistrict yourself."
    )
    field = "address"


class AddressAmbiguous(MerchantError):
    message = _("This address fits more than one subdistrict (%(candidates)s). Choose the right one.")
    field = "subdistrict"


class StoreNameTaken(MerchantError):
    message = _("You already have a store with this name. Choose another name.")
    field = "name"
    http_status = 409


class LeaseEnded(MerchantError):
    message = _("The lease must end after today. Leave it empty only if the premises are your own.")
    field = "lease_ends_on"


class StoppageInFuture(MerchantError):
    message = _("A stop that is recorded has begun. Enter today or an earlier day.")
    field = "since"


class StoppageBeforeStore(MerchantError):
    message = _("It was registered on %(first)s and cannot have stopped before. Enter that day or a later one.")
    field = "since"


class BadAccountNo(MerchantError):
    message = _("A bank account number has 9 to 30 digits. Enter it without letters.")
    field = "account_no"


class AccountChecksum(BadAccountNo):
    message = _("This bank card number has a typing error: its check digit does not match. Compare it with the card.")


class NotYourRole(MerchantError):
    message = _("Your role at this merchant does not allow this. Ask the owner.")
    http_status = 403


class CashierNeedsStore(MerchantError):
    message = _("A cashier works at one store. Choose which.")
    field = "store"


class AlreadyStaff(MerchantError):
    message = _("This person already works here. End their present role first.")
    field = "phone"
    http_status = 409


class RuleNotFuture(MerchantError):
    message = _(
        "New numbers hold from a later day: what was decided under the old ones must stay explainable. Choose a "
        "day after today."
    )
    field = "valid_from"


class RuleDayTaken(MerchantError):
    message = _("There are numbers from that day already. Choose another day.")
    field = "valid_from"
    http_status = 409


class UnknownRating(MerchantError):
    message = _("Choose one of the ratings A, B, C and D, or none.")
    field = "rating"


class BadListing(MerchantError):
    """A field of an entry of the standing register is missing or impossible."""

    messages = {
        "kind": _("Choose one of the lists: dishonest, principal, abnormal, deregistering, major_risk."),
        "number": _("Enter the document's number, at most 64 characters."),
        "source": _("Say which list or authority it comes from, at most 100 characters."),
        "listed_on": _("Enter the day of the listing (like 2026-03-01), not after today."),
        "removed_on": _("Enter the day of the removal (like 2026-03-01), not before the listing and not after today."),
    }

    def __init__(self, field: str) -> None:
        super().__init__(self.messages[field])
        self.field = field


class ListedTwice(MerchantError):
    message = _(
        "This entry is in the register already: same operator, same list, same document number. Check the number."
    )
    field = "number"
    http_status = 409


class ListingEnded(MerchantError):
    message = _("This entry has been removed already: reload the page to see since when.")
    http_status = 409


class BadListFile(MerchantError):
    message = _(
        "The file was not imported: %(problem)s. It needs the columns uscc, kind, number, listed_on, removed_on and "
        "source, in UTF-8 or GB 18030. Correct it and choose it again."
    )
    field = "file"


class BadSalesFile(MerchantError):
    message = _(
        "The file was not read: %(problem)s. It needs the columns cards and price, one row a week, in UTF-8 or GB 18030. "
        "Correct it and choose it again."
    )
    http_status = 400
    field = "file"


class LastDayPast(MerchantError):
    message = _(
        "The last day of service is today or later. Enter such a day; if the place is shut already, enter today."
    )
    field = "last_day"


class MoveNeedsStore(MerchantError):
    message = _("Choose the store that moves.")
    field = "store"


class StoreClosed(MerchantError):
    message = _("This store is closed already. Choose an open one.")
    field = "store"


class AlreadyClosing(MerchantError):
    message = _(
        "A closing or a move is announced there already. Withdraw that one first, or wait until it has taken place."
    )
    http_status = 409


class ClosingOver(MerchantError):
    message = _("This notice has been withdrawn or its day has passed. Reload the page to see where it stands.")
    http_status = 409


class HandoverOpen(MerchantError):
    message = _(
        "A change of this operator is being checked by two officials. Wait until they have decided, or have it withdrawn."
    )
    http_status = 409


class HandoverOver(MerchantError):
    message = _("This change was decided or withdrawn meanwhile. Reload the page to see where it stands.")
    http_status = 409


class NothingChanges(MerchantError):
    message = _("Nothing would change. Enter at least one of the three that differs from what holds now.")
    field = "representative"


class PaperDiffers(MerchantError):
    """What an official read in a document is not what was reported."""

    message = _(
        "This is not what was reported. Read it once more; if the document says otherwise, reject the change and say so."
    )

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class WorksAtMerchant(MerchantError):
    message = _("You work for this merchant, so you cannot decide this. Ask another official.")
    http_status = 403


class BadPin(MerchantError):
    message = _("A PIN has six digits. Enter six digits.")
    field = "pin"


class EasyPin(BadPin):
    message = _("This PIN is guessed first. Choose six digits that are no row like 123456 or 000000.")


class PinsDiffer(BadPin):
    message = _("The two PINs differ. Enter the same six digits twice.")


class WrongPin(MerchantError):
    message = _("This PIN is wrong. Try again; it is locked after %(left)s more wrong ones.")
    field = "pin"
    http_status = 403


class PinLocked(WrongPin):
    message = _(
        "This PIN is locked after too many wrong ones. Sign in with your own phone number and set another PIN under Counter."
    )


class NoPinYet(MerchantError):
    message = _("This person has no PIN. Ask them to sign in with their own phone number and set one under Counter.")
    field = "staff"
    http_status = 409


class OwnPinFirst(MerchantError):
    message = _("Choose a PIN of your own first: it is what brings you back to your pages.")
    field = "pin"
    http_status = 409


class CounterOnly(MerchantError):
    message = _(
        "This device is open for the counter only. Ask whoever is signed in to enter their own PIN, or sign out."
    )
    http_status = 403


class BadCardFile(MerchantError):
    message = _(
        "The file was not imported: %(problem)s. It needs the columns phone, kind, product, sold_on, paid, gift, total, left "
        "and expires_on (or their Chinese names), in UTF-8 or GB 18030. Correct it and choose it again."
    )
    field = "file"


class BadCardLine(MerchantError):
    """A field of a line is missing or impossible."""

    messages = {
        "kind": _("Name the kind: session card, stored-value card, discount card, period card or course."),
        "product": _("Name the card, with at most 80 characters."),
        "name": _("The holder's name has at most 60 characters."),
        "number": _("The shop's card number has at most 40 characters."),
        "sold_on": _("Enter the day of the sale (like 2025-03-01), not after today."),
        "sold_since": _(
            "You have sold cards here since %(day)s: later ones are sold here, with custody, and not imported."
        ),
        "paid": _("Enter what was paid, in yuan, at most 1,000,000.00."),
        "gift": _("Gift money, in yuan, belongs to stored-value cards only; leave it empty for others."),
        "total": _("Enter how many sessions, lessons or days were sold."),
        "left": _("Enter what is left: sessions, lessons, days, or yuan; more than nothing and at most what was sold."),
        "expires_on": _("Enter the last day (like 2026-12-31), not before the sale; a period card needs it."),
        "twice": _("The same card stands in the file twice. If there are two, give each its card number."),
    }

    def __init__(self, name: str, **details: object) -> None:
        super().__init__(self.messages[name], **details)


class TooManyCards(MerchantError):
    message = _(
        "At most %(most)s cards are imported within a day, and each holder gets an SMS. Import the rest tomorrow."
    )
    field = "file"


class NotInLeft(MerchantError):
    """A figure that is none of this card."""

    message = _("Enter what is left, from nothing up to what was sold: %(most)s.")
    field = "left"


class SameFigure(MerchantError):
    message = _("This is the figure that stands there already. Enter the right one, or leave it as it is.")
    field = "left"


class ExistingCardOver(MerchantError):
    message = _("Nothing is left on this card, and both sides have said so: it is over. Reload the page.")
    http_status = 409


class FigureChanged(MerchantError):
    message = _("The merchant has changed the figure since you opened this page. Look at the new one and answer again.")
    http_status = 409


class NothingToFund(MerchantError):
    message = _("None of your cards is without backing. Import cards before you plan, or leave it as it is.")
    http_status = 409


class BadInstalments(MerchantError):
    """The plan's parts are not days after today, each with a sum, in all the unbacked sum."""

    messages = {
        "days": _("Enter between 1 and 12 instalments, each with a sum and a day of its own after today."),
        "sum": _("The instalments must come to ¥%(total)s, what is not backed today. They come to ¥%(sum)s."),
        "late": _("The last instalment is due on %(day)s at the latest."),
        "overdue": _(
            "¥%(sum)s of earlier cards were to be backed by %(day)s. Make that good first: have it used or pay it back, and let the "
            "holders confirm it. Then plan the rest."
        ),
        "later": _(
            "By %(day)s your present plan leaves at most ¥%(most)s without backing; this one would leave ¥%(would)s. A plan is "
            "never put off: keep to the old sums, or pay earlier."
        ),
    }

    def __init__(self, name: str, **details: object) -> None:
        super().__init__(self.messages[name], **details)

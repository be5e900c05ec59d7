"""What products and filings refuse."""

from django.utils.translation import gettext_lazy as _

from escrow.errors import DomainError, WrongState


class ProductError(DomainError):
    field: str | None = None
    http_status = 400


class BadFigure(ProductError):
    """A figure that this kind of card needs is missing or impossible."""

    message = _("Enter a whole number of at least 1.")

    def __init__(self, field: str, message: object = None, **details: object) -> None:
        super().__init__(str(message) if message is not None else None, **details)
        self.field = field


class NoStores(ProductError):
    message = _("Choose at least one store that redeems the card. Add a store first if there is none.")
    field = "stores"


class NameTaken(ProductError):
    message = _("You already have a product with this name. Choose another name.")
    field = "name"
    http_status = 409


class NameFixed(ProductError):
    message = _("A product that was on sale keeps its name. Make a new product for another name.")
    field = "name"
    http_status = 409


class TermsFrozen(WrongState):
    message = _("Terms that were filed cannot be changed. Make a new version.")


class VersionInPreparation(WrongState):
    message = _("A new version of this product is already in preparation. Finish that one first.")


class NotOnSale(WrongState):
    message = _("This product is no longer on sale. Look at the merchant's page for what is sold now.")


class SalesStopped(DomainError):
    """``reasons``: in words, as ``merchants.queries.sales_stops`` gives them (BJ 11, CR 22)."""

    message = _(
        "This merchant may not sell cards at the moment (%(reasons)s). Nothing was taken from you: choose another merchant. "
        "Cards it has sold already stay valid, and their money stays in custody."
    )


class StoreCloses(DomainError):
    message = _(
        "A store that redeems this card is going to close or move, so it is not sold any more. Choose another card. Cards "
        "sold already can be used until then, or their money comes back."
    )


class FilingNeeded(DomainError):
    message = _(
        "This card cannot be sold at the moment: the merchant's prepaid balance has reached the sum from which its "
        "cards must be filed with the regulator. Choose another card, or try again once it is filed."
    )


class NotCompliant(DomainError):
    """``findings``: the blocking lines of the compliance check."""

    message = _(
        "The compliance check found points that must be put right before this can be submitted: %(count)s. Correct "
        "each of them, then submit again."
    )
    http_status = 422

    def __init__(self, findings: list[object]) -> None:
        super().__init__(count=len(findings))
        self.findings = findings


class ReasonMissing(ProductError):
    message = _("Say what has to be changed: the merchant reads this sentence.")
    field = "reason"


class AllStaysInCustody(DomainError):
    message = _(
        "By the rules all of the money stays in custody in this sector and at this rating. Choose a product of which less "
        "is asked for."
    )


class NotYourFiling(DomainError):
    """The official's post does not cover it; told like something that does not exist."""

    message = _(
        "We could not find this filing among those of your department and district. Open your work queue for those "
        "that are."
    )
    http_status = 404


class CapExceeded(DomainError):
    """More than one consumer may hold with one operator in this sector (top-ups and renewals counted together)."""

    http_status = 422


class PriceCapExceeded(CapExceeded):
    message = _(
        "In this sector one person may prepay at most ¥%(most)s to one merchant; with this card it would be "
        "¥%(would)s. Choose a card of a lower sum."
    )


class SessionsCapExceeded(CapExceeded):
    message = _(
        "In this sector one person may hold at most %(most)s sessions with one merchant; with this card it would be "
        "%(would)s. Choose a card of fewer sessions."
    )


class MonthsCapExceeded(CapExceeded):
    message = _(
        "In this sector one person may prepay at most %(most)s months with one merchant (%(most_days)s days); with "
        "this card it would be %(would)s days. Choose a card of a shorter term."
    )


class LeaseTooShort(DomainError):
    message = _(
        "This card would run until %(until)s, but the lease of %(store)s ends on %(lease_ends_on)s. Choose a card "
        "of a shorter term."
    )
    http_status = 422


class TermNeeded(LeaseTooShort):
    message = _(
        "This card has no end, but the lease of %(store)s ends on %(lease_ends_on)s. Choose a card with a term that ends "
        "by then."
    )


class NoStoreOpen(DomainError):
    message = _(
        "None of the stores where this card can be used is open now, so it is not sold. Choose another card, or come back "
        "once one of them is open again."
    )


class BadFacts(DomainError):
    """What a refund is computed from is no figure, or contradicts itself; ``why`` says how, ``field`` which figure it is."""

    message = _("This refund cannot be reckoned: %(why)s. Correct the figure and try again.")
    http_status = 400

    def __init__(self, *, why: object, field: str | None = None) -> None:
        super().__init__(why=why)
        self.field = field


class RateNotLater(DomainError):
    """Rates are added one after another; what contracts were made under stays."""

    message = _("A rate of this kind is already known from %(day)s. Enter one that begins on a later day.")
    http_status = 400

"""The contract a consumer reads and accepts: the twelve items of BJ 13, made from frozen terms."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from escrow.money import yuan
from escrow.states import FACE_VALUE_PLANS, Plan
from prepaid.products.standard_clauses import in_readers_language
from prepaid.products.terms import Premises, Terms, percent


@dataclass(frozen=True, kw_only=True)
class ContractItem:
    """One of the twelve items. ``complete`` is False when the merchant still has to word a part of it."""

    number: int
    title: str
    lines: tuple[str, ...]
    complete: bool = True

    @property
    def article(self) -> str:
        """Where the law asks for it."""
        return _("Beijing regulations on single-purpose prepaid cards, art. 13 (%(number)s)") % {"number": self.number}


#: Items about money that is prepaid: risk, gifts, what becomes of the rest, the card itself.
OF_PREPAID = {5, 6, 7, 9}


def twelve_items(terms: Terms, *, custody_percent: int = 100) -> list[ContractItem]:
    """The contract in the reader's language; the merchant's own words stay as written. ``custody_percent``: of what is not used
    stays in custody. Where nothing is prepaid, the items that are about that are left out."""
    items = _items(terms, custody_percent)
    return [item for item in items if item.number not in OF_PREPAID] if terms.after_use else items


def _items(terms: Terms, custody_percent: int) -> list[ContractItem]:
    issuer = terms.issuer
    return [
        _item(
            1,
            _("Parties and contacts"),
            _("Issuer: %(name)s, unified social credit code %(uscc)s, phone %(phone)s")
            % {"name": issuer.name, "uscc": issuer.uscc, "phone": issuer.contact_phone},
            _("Holder: the person who buys the card, reached at the phone number of their account"),
        ),
        _item(
            2,
            _("Account, amount, payment and guarantee"),
            (
                _("Price: ¥%(price)s a month, paid online into custody account %(account)s")
                if terms.months
                else _("Price: ¥%(price)s, paid online into custody account %(account)s")
            )
            % {"price": yuan(terms.price_fen), "account": issuer.custody_no},
            *([by_the_month(terms)] if terms.months else []),
            *([afterwards()] if terms.after_use else []),
            _("Guarantee: the whole sum stays in custody and is released to the merchant use by use")
            if custody_percent == 100
            else _("Guarantee: %(notice)s") % {"notice": early_release(custody_percent)},
        ),
        _item(
            3,
            _("Service, place, quantity, quality, deduction and price"),
            quantity(terms),
            terms.service,
            terms.quality,
            terms.deduction,
            *([scan(terms)] if terms.kind in FACE_VALUE_PLANS else []),
            *(_("Redeemed at: %(name)s, %(address)s") % {"name": s.name, "address": s.address} for s in terms.stores),
        ),
        _item(
            4,
            _("Term and premises"),
            term(terms),
            *([going_on()] if terms.months else []),
            *(_premises(store) for store in terms.stores),
        ),
        _item(
            5,
            _("Risk warning"),
            terms.risk_warning,
            *([] if custody_percent == 100 else [early_release(custody_percent)]),
        ),
        _item(6, _("Gifts"), *([gift(terms)] if terms.bonus_fen else []), terms.gift_terms),
        _item(7, _("Change, suspension and end of business"), terms.change_terms),
        _item(
            8,
            _("Refund method, channel and fee"),
            terms.refund_terms,
            *([month_refund()] if terms.months else []),
        ),
        _item(9, _("Loss, reissue and transfer"), terms.loss_terms),
        _item(
            10,
            _("Records and balance"),
            _(
                "Every use, the balance and the sum in custody are shown in the holder's wallet at any time; "
                "records are kept for at least 3 years after the card is used up or settled"
            ),
        ),
        _item(11, _("Breach"), terms.breach_terms),
        _item(12, _("Disputes"), terms.dispute_terms),
    ]


def early_release(custody_percent: int) -> str:
    """What it means that not all of the money stays in custody; it goes before any clause that says all does."""
    return _(
        "at least %(percent)s%% of what you have not used stays in custody. The rest may be released to the merchant before "
        "you use it, after the cooling-off period and only as far as the merchant's recent earnings allow. A refund above "
        "what is in custody is paid from what the merchant has earned; if that is too little, the rest is a claim that its "
        "later earnings serve first. This goes before any other clause on custody."
    ) % {"percent": custody_percent}


def acknowledgements(terms: Terms, *, custody_percent: int = 100) -> list[str]:
    """What the consumer confirms one by one before paying: the sum, the term, what a scan alone takes, and the risk
    (BJ 14)."""
    if terms.after_use:
        words = _("“%(what)s” was given to me by %(name)s, and I pay ¥%(price)s for it now. I prepay nothing.")
        return [words % {"what": terms.name, "name": terms.issuer.name, "price": yuan(terms.price_fen)}]
    return [
        (
            _("I prepay ¥%(price)s to %(name)s for one month. Every further month I pay myself, or not at all.")
            if terms.months
            else _("I prepay ¥%(price)s to %(name)s.")
        )
        % {"price": yuan(terms.price_fen), "name": terms.issuer.name},
        term(terms),
        *([scan(terms)] if terms.kind in FACE_VALUE_PLANS else []),
        in_readers_language(terms.risk_warning),
        *(
            []
            if custody_percent == 100
            else [
                _("I know that only %(percent)s%% of what I have not used is sure to be in custody.")
                % {"percent": custody_percent}
            ]
        ),
    ]


def quantity(terms: Terms) -> str:
    """What the price buys."""
    match Plan(terms.kind):
        case Plan.SESSIONS:
            sessions = terms.sessions or 0
            return ngettext(
                "%(count)s session; list price of one visit ¥%(list)s",
                "%(count)s sessions; list price of one visit ¥%(list)s",
                sessions,
            ) % {"count": sessions, "list": yuan(terms.list_price_fen or 0)}
        case Plan.STORED_VALUE:
            return _("Stored value ¥%(face)s") % {"face": yuan(terms.price_fen + terms.bonus_fen)}
        case Plan.DISCOUNT:
            return _(
                "¥%(price)s to spend; every item costs %(discount)s of its list price, a usual visit ¥%(visit)s instead of ¥%(list)s"
            ) % {
                "price": yuan(terms.price_fen),
                "discount": percent(terms.discount_bp or 10_000),
                "visit": yuan(terms.visit_price_fen or 0),
                "list": yuan(terms.list_price_fen or 0),
            }
        case Plan.COURSE:
            lessons = terms.sessions or 0
            return ngettext(
                "%(count)s lesson; list price of one lesson ¥%(list)s",
                "%(count)s lessons; list price of one lesson ¥%(list)s",
                lessons,
            ) % {"count": lessons, "list": yuan(terms.list_price_fen or 0)}
        case Plan.PERIOD if terms.months:
            return _("%(days)s days of use for each payment, at most %(months)s payments") % {
                "days": terms.days,
                "months": terms.months,
            }
        case Plan.PERIOD:
            return ngettext("%(days)s day of use", "%(days)s days of use", terms.days or 0) % {"days": terms.days}


def scan(terms: Terms) -> str:
    """What showing the code of a card with money on it agrees to."""
    return _("Showing the code pays up to ¥%(visit)s, one visit, at once; a larger sum waits for the holder's yes.") % {
        "visit": yuan(terms.visit_price_fen or 0)
    }


def gift(terms: Terms) -> str:
    """The gift money, named apart from the money paid."""
    return _("Gift money ¥%(gift)s on top of ¥%(price)s paid") % {
        "gift": yuan(terms.bonus_fen),
        "price": yuan(terms.price_fen),
    }


def by_the_month(terms: Terms) -> str:
    """How a membership is paid, which is never all at once."""
    return _(
        "Paid month by month, at most %(months)s months: the holder pays each at the cashier's page. Nothing is debited by "
        "itself, and never more than one month is prepaid. The merchant keeps the price for all of them."
    ) % {"months": terms.months}


def afterwards() -> str:
    """What it means to pay for a visit that was given."""
    return _(
        "Paid after the visit: nothing is prepaid. The payment is the holder's word that the visit was given, and uses up what it pays "
        "for at once; what was not given need not be paid."
    )


def going_on() -> str:
    """What becomes of a membership whose next month is not paid."""
    return _(
        "A month that is not paid does not begin: the card rests, nothing is owed and there is no penalty; it begins when it "
        "is paid. The holder may end the membership before any next month and owes nothing."
    )


def month_refund() -> str:
    """What goes back of a membership."""
    return _(
        "A refund is of the month that is paid; the others are not paid yet. Days on which nobody served move the end of the "
        "month; once the next is paid they are paid back instead, without asking."
    )


def term(terms: Terms) -> str:
    """How long the card is valid."""
    if terms.days is None:
        return _("The card does not expire.")
    if terms.months:
        return _(
            "At most %(months)s months of %(days)s days, each from the day after its payment; the next can be paid from the "
            "last day of the one before."
        ) % {"months": terms.months, "days": terms.days}
    return ngettext(
        "Valid for %(days)s day from the day after purchase.",
        "Valid for %(days)s days from the day after purchase.",
        terms.days,
    ) % {"days": terms.days}


def _premises(store: Premises) -> str:
    if store.lease_ends_on is None:
        return _("%(name)s: the merchant's own premises") % {"name": store.name}
    return _("%(name)s: rented, the lease ends on %(day)s") % {
        "name": store.name,
        "day": store.lease_ends_on.isoformat(),
    }


def _item(number: int, title: str, *lines: str) -> ContractItem:
    return ContractItem(
        number=number,
        title=title,
        lines=tuple(in_readers_language(line) for line in lines if line.strip()),
        complete=all(line.strip() for line in lines),
    )

"""What the card business keeps of a person, for a copy of it, and what stands against closing their account."""

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from escrow import queries as escrow
from escrow.bank_files.writing import yuan
from escrow.models import Claim, Refund
from escrow.queries import Holding
from escrow.states import AgreementState
from prepaid.cards.models import Beneficiary, Card, CardPerson, CardTransfer, Digest, Redemption, RefundRequest
from prepaid.cards.queries.cash import is_cash_outside
from prepaid.cards.queries.refunds import UNSETTLED_STATES
from prepaid.cards.queries.transfers import in_time_of
from prepaid.people.models import User
from prepaid.people.queries import InTheWay, Rows, sheet

#: Where there is money, or where some may still come.
_ALIVE = (AgreementState.OPEN, AgreementState.HELD, AgreementState.FROZEN)


def own_data(user: User) -> dict[str, Rows]:
    """Cards, charges, refund requests, who is on them, whose one is on, cards passed on: sheets with their headings. Sums in
    yuan. Of a card that had two holders each gets their own time."""
    cards = Card.objects.filter(holder=user).select_related("agreement", "issuer", "version__product")
    cards = cards.annotate(cash_taken_at=F("cash_sale__taken_at"))
    charges = Redemption.objects.filter(in_time_of(user, "at")).select_related("card__version", "store", "use")
    asked = RefundRequest.objects.filter(in_time_of(user, "requested_at")).select_related("card")
    children = Beneficiary.objects.filter(card__holder=user).select_related("card")
    people = CardPerson.objects.filter(in_time_of(user, "invited_at")).select_related("card", "user")
    on = CardPerson.objects.filter(user=user).select_related("card__issuer")
    passed = CardTransfer.objects.filter(Q(holder=user) | Q(taker=user)).select_related("card")
    then = {one.card_id: one.old_number for one in passed if one.holder_id == user.pk and one.old_number}

    def number(card: Card) -> str:
        return card.number if card.holder_id == user.pk else then.get(card.pk, card.number)

    return {
        _("Cards"): sheet(
            [_("Number"), _("Merchant"), _("Product"), _("Ordered"), _("Paid (yuan)"), _("State"), _("Last day"),
             _("Ended"), _("Taken in cash"), _("SHA-256 of the contract")],
            (
                (
                    card.number,
                    card.issuer.name,
                    card.version.product.name,
                    card.bought_at,
                    yuan(card.agreement.price_fen),
                    card.agreement.get_state_display(),
                    card.expires_on,
                    card.ended_at,
                    card.cash_taken_at,
                    card.contract_sha256,
                )
                for card in cards
            ),
        ),
        _("Charges"): sheet(
            [_("When"), _("Card"), _("Store"), _("Charge"), _("State"), _("Note")],
            ((one.at, number(one.card), one.store.name, one.figure, one.state_label, one.note) for one in charges),
        ),
        _("Refund requests"): sheet(
            [_("Requested"), _("Card"), _("State"), _("Asked (yuan)"), _("Granted (yuan)"), _("Reason"), _("Answer")],
            (
                (
                    one.requested_at,
                    number(one.card),
                    one.get_state_display(),
                    yuan(one.asked_fen),
                    "" if one.granted_fen is None else yuan(one.granted_fen),
                    one.reason,
                    one.answer_text,
                )
                for one in asked
            ),
        ),
        _("Weekly digests"): sheet(
            [_("Week before"), _("Sent")], ((one.monday, one.sent_at) for one in Digest.objects.filter(user=user))
        ),
        _("People on your cards"): sheet(
            [_("Card"), _("Person"), _("Role"), _("State"), _("Since")],
            [(one.card.number, one.name, one.relation_label, "", one.named_at) for one in children]
            + [
                (one.card.number, one.shown_as, one.get_role_display(), one.get_state_display(), one.invited_at)
                for one in people
            ],
        ),
        _("Cards you are on"): sheet(
            [_("Card"), _("Merchant"), _("Role"), _("State"), _("Since")],
            (
                (
                    one.card.number,
                    one.card.issuer.name,
                    one.get_role_display(),
                    one.get_state_display(),
                    one.accepted_at,
                )
                for one in on
            ),
        ),
        _("Cards offered and taken over"): sheet(
            [_("Offered"), _("Card"), _("Offered to"), _("State"), _("Ended")],
            (
                (
                    one.offered_at,
                    one.old_number if one.holder_id == user.pk and one.old_number else one.card.number,
                    one.to_masked,
                    one.get_state_display(),
                    one.ended_at,
                )
                for one in passed
            ),
        ),
    }  # fmt: skip


def _is_used_up(held: Holding) -> bool:
    """Paid, and nothing of it is left or waits for anybody."""
    return (
        held.state == AgreementState.HELD
        and held.unearned_fen == 0
        and held.bonus_held == 0
        and not held.units_reserved
    )


def in_the_way(user: User) -> list[InTheWay]:
    """Cards that hold money or are not paid yet, requests that are not over, refunds that have not arrived."""
    mine = Card.objects.filter(holder=user)
    alive = list(mine.filter(agreement__state__in=_ALIVE).select_related("version__product", "agreement", "cash_sale"))
    holdings = escrow.holdings([card.agreement_id for card in alive])
    alive = [card for card in alive if not _is_used_up(holdings[card.agreement_id])]
    found = [
        InTheWay(
            _("The shop took cash for “%(card)s” that is not in custody: wait until it is, or look at the card's page.")
            % {"card": card.version.product.name},
            reverse("card_detail", args=[card.number]),
        )
        for card in alive
        if is_cash_outside(card)
    ]
    found += [
        InTheWay(
            _("The card “%(card)s” is not over: use it up, ask for its refund, or let the order lapse.")
            % {"card": card.version.product.name},
            reverse("card_detail", args=[card.number]),
        )
        for card in alive
        if not is_cash_outside(card)
    ]
    waiting = RefundRequest.objects.filter(card__holder=user, state__in=UNSETTLED_STATES)
    found += [
        InTheWay(
            _("A refund request is not over yet: wait for the money, or withdraw it."),
            reverse("refund_detail", args=[one.pk]),
        )
        for one in waiting
    ]
    settled = Refund.objects.filter(agreement__card__holder=user)
    if Claim.objects.filter(refund__in=settled, closed_at=None).exists() or settled.filter(paid_at=None).exists():
        found.append(InTheWay(_("A refund has not reached you yet: wait until it has arrived."), reverse("wallet")))
    return found

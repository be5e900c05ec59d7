"""What each basis of a refund carries for one card: up to which sum, or why nothing. Escrow pays out on nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from escrow import clock
from escrow.errors import DomainError
from escrow.money import MAX_FEN, yuan
from escrow.states import RefundBasis
from prepaid.cards import errors
from prepaid.cards.models import Card, RefundRequest
from prepaid.cards.queries.interest import interest_on
from prepaid.cards.queries.refunds import refund_quotes
from prepaid.cards.states import RefundCause
from prepaid.merchants.models import Closing
from prepaid.merchants.queries import stopped_at
from prepaid.products.refund_rules import Interest, Step

#: They name the whole sum, interest with it; on every other basis the interest of the law comes on top.
WHOLE_SUM_BASES = frozenset({RefundBasis.MEDIATION, RefundBasis.JUDGMENT})
_ABOVE = {
    RefundBasis.COOLING_OFF: errors.AboveCoolingOff,
    RefundBasis.CONSENT: errors.AboveConsent,
    RefundBasis.SILENCE: errors.AboveSilence,
}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One basis, the most that it carries (fen), and when it carries nothing the refusal that says why."""

    basis: RefundBasis
    most_fen: int = 0
    refusal: DomainError | None = None

    @property
    def names_the_sum(self) -> bool:
        """Nothing here bounds it: a court's sum, or an agreement's where nobody knows what was paid."""
        return self.most_fen == MAX_FEN

    def check(self, amount_fen: int) -> None:
        """Raises ``refusal``, or an ``AboveBasis`` for a sum above what it carries."""
        if self.refusal is not None:
            raise self.refusal
        if amount_fen > self.most_fen:
            raise _ABOVE.get(self.basis, errors.AboveBasis)(most=yuan(self.most_fen))


def grounds_of(
    *,
    card: Card,
    request: RefundRequest | None = None,
    cooling_off_fen: int,
    agreed_fen: int | None,
    held_fen: int | None = None,
    at: datetime,
) -> dict[RefundBasis, Ground]:
    """Every basis for this card. ``cooling_off_fen``: what the right to cool off gives, 0 when it does not apply;
    ``agreed_fen``: the newest sum the merchant has agreed to; ``held_fen``: what custody holds, when the caller has it.

    Never above what was paid for the card (SPC 20); a sum that names everything may add the interest so far.
    """
    price_fen = card.agreement.price_fen
    whole_fen = (
        price_fen if request is None else whole_sum_fen(request, held_fen=held_fen, today=clock.beijing_date(at))
    )
    lapsed = request is not None and request.lapsed_at is not None and request.silence_agrees
    found = {
        RefundBasis.COOLING_OFF: (cooling_off_fen, errors.NoCoolingOff()),
        RefundBasis.CONSENT: (agreed_fen or 0, errors.NoConsent()),
        RefundBasis.SILENCE: (request.asked_fen if request is not None and lapsed else 0, errors.NoSilence()),
        RefundBasis.MEDIATION: (whole_fen, None),
        RefundBasis.JUDGMENT: (whole_fen, None),
        RefundBasis.CLOSURE: (price_fen if is_closed(card=card) else 0, errors.NoClosure()),
    }
    return {
        basis: Ground(
            basis=basis,
            most_fen=most_fen if basis in WHOLE_SUM_BASES else min(most_fen, price_fen),
            refusal=None if most_fen else refusal,
        )
        for basis, (most_fen, refusal) in found.items()
    }


def grounds_by_hand(*, card: Card, at: datetime) -> dict[RefundBasis, Ground]:
    """Every basis for a card whose refund nobody has asked for on the usual road: the merchant has answered nothing."""
    quotes = refund_quotes(card=card, at=at)
    cooling_off_fen = max((quote.refund_fen for quote in quotes.values() if quote.is_cooling_off), default=0)
    return grounds_of(card=card, cooling_off_fen=cooling_off_fen, agreed_fen=None, at=at)


def whole_sum_fen(request: RefundRequest, *, held_fen: int | None = None, today: date) -> int:
    """The most that can be paid back on that day (fen): what was paid for the card, and the interest on it so far."""
    price_fen = request.card.agreement.price_fen
    interest = interest_on(request, price_fen, held_fen=held_fen, today=today)
    return price_fen + (interest.interest_fen if interest else 0)


def is_closed(*, card: Card) -> bool:
    """Whether a closure is on record for every place where the card can be used, and has not ended."""
    return bool(closed_versions([card]))


def closed_versions(cards: Iterable[Card], *, also: Closing | None = None) -> set[int]:
    """Ids of the versions of these cards, all of one merchant, of which that is so. ``also``: as if this closing had taken place."""
    found = list(cards)
    dark = [one.store and one.store.pk for one in stopped_at({card.issuer for card in found}) if one.is_dark]
    if also is not None:
        dark.append(also.store_id)
    versions = {card.version_id: card.version for card in found}
    if None in dark:  # a whole merchant
        return set(versions)
    return {pk for pk, one in versions.items() if {premises.store_id for premises in one.terms.stores} <= set(dark)}


def parts_of(
    request: RefundRequest, amount_fen: int, basis: RefundBasis, *, held_fen: int | None = None, today: date
) -> tuple[int, Interest | None]:
    """What is paid when ``amount_fen`` is granted on that day: the refund, never above the price, and the interest. What a
    whole sum names above the price is interest; on every other basis it comes by law on top, for a closure by the
    merchant's cause (SPC 13). ``held_fen``: what custody holds, when the caller has it."""
    if basis not in WHOLE_SUM_BASES:
        cause = RefundCause.OPERATOR if basis == RefundBasis.CLOSURE else None
        return amount_fen, interest_on(request, amount_fen, cause=cause, held_fen=held_fen, today=today)
    refund_fen = min(amount_fen, request.card.agreement.price_fen)
    named_fen = amount_fen - refund_fen
    days = (today - clock.beijing_date(request.requested_at)).days
    step = Step("interest_named", {"interest_fen": named_fen})
    return refund_fen, Interest(named_fen, days, (step,)) if named_fen else None

"""On which bases a case can be decided, each with its ceiling or with the reason why it does not apply."""

from dataclasses import dataclass
from datetime import datetime

from complaints.cases.errors import AboveAgreement, NoAgreement, PaidDirectly
from complaints.cases.models import Case, Mediation
from escrow import queries as escrow
from escrow.clock import beijing_date
from escrow.money import yuan
from escrow.states import RefundBasis
from prepaid.cards import queries as cards
from prepaid.cards.queries import Ground
from prepaid.products.refund_rules import RefundQuote


def grounds_of(case: Case, *, held_fen: int | None = None, at: datetime) -> dict[RefundBasis, Ground]:
    """Every basis for a case about a refund; nothing of one about a charge. ``held_fen``: what custody holds for the card, when the
    caller has it."""
    if case.refund_request is None:
        return {}
    quotes = [RefundQuote.from_json(figure) for figure in case.figures.values()]
    grounds = cards.grounds_of(
        card=case.own_card,
        request=case.refund_request,
        cooling_off_fen=max((quote.refund_fen for quote in quotes if quote.is_cooling_off), default=0),
        agreed_fen=_agreed_fen(case),
        held_fen=held_fen,
        at=at,
    )
    return grounds | {RefundBasis.MEDIATION: _mediated(case, whole_fen=grounds[RefundBasis.MEDIATION].most_fen)}


@dataclass(frozen=True, kw_only=True)
class Mediated(Ground):
    """The agreement of both sides: at most what it pays out of custody."""

    def check(self, amount_fen: int) -> None:
        """Raises ``refusal``, or ``AboveAgreement``."""
        if self.refusal is None and amount_fen > self.most_fen:
            raise AboveAgreement(most=yuan(self.most_fen))
        super().check(amount_fen)


def _mediated(case: Case, *, whole_fen: int) -> Ground:
    """What the agreement carries that both sides have confirmed; nothing without one. Never above what can be owed by now."""
    if hasattr(case, "mediated_fen"):  # read with the case (``scope.whole``)
        agreed = case.mediated_fen
    else:
        agreed = Mediation.objects.in_force().filter(case=case).values_list("custody_fen", flat=True).first()
    if not agreed:
        refusal = NoAgreement() if agreed is None else PaidDirectly()
        return Mediated(basis=RefundBasis.MEDIATION, refusal=refusal)
    return Mediated(basis=RefundBasis.MEDIATION, most_fen=min(agreed, whole_fen))


def _agreed_fen(case: Case) -> int | None:
    """The newest sum the merchant has agreed to: in the file, else in its answer to the request."""
    if case.offers:
        return case.offers[0].offer_fen
    return case.refund_request.offered_fen if case.refund_request else None


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What a decision would pay (fen): the refund, the interest with it, and how much of both custody still holds."""

    refund_fen: int
    interest_fen: int
    held_fen: int

    @property
    def total_fen(self) -> int:
        """All that the consumer gets."""
        return self.refund_fen + self.interest_fen

    @property
    def missing_fen(self) -> int:
        """What the merchant pays besides, at once or as a claim."""
        return max(0, self.total_fen - self.held_fen)


def sums_of(case: Case, *, amount_fen: int, basis: RefundBasis, at: datetime) -> Sums | None:
    """What ``decide`` would pay on that day; None when the case is about a charge."""
    if case.refund_request is None:
        return None
    refund_fen, interest = cards.parts_of(case.refund_request, amount_fen, basis, today=beijing_date(at))
    return Sums(
        refund_fen=refund_fen,
        interest_fen=interest.interest_fen if interest else 0,
        held_fen=escrow.holding(case.own_card.agreement_id).held_fen,
    )

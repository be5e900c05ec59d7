"""Asking for the rest back, the merchant's answer, and the money on each basis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from escrow import audit, clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.errors import DepositTakenBack, DomainError, InvalidAmount, NotFound
from escrow.models import Agreement, Refund
from escrow.money import yuan
from escrow.operations.refunds import Settlement
from escrow.states import OPEN_USES, AgreementState, Plan, RefundBasis, check_transition
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards import queries
from prepaid.cards.errors import (
    AboveBasis,
    AlreadyRefused,
    ChargesPending,
    NothingToRefund,
    NotRefundable,
    OfferTooHigh,
    OfferTooLow,
    QuoteChanged,
    ReasonNeeded,
    RefundAlreadyAsked,
    RequestNotYours,
)
from prepaid.cards.models import Card, Redemption, RefundRequest
from prepaid.cards.operations import letters
from prepaid.cards.operations.locking import locked_card
from prepaid.cards.operations.transfers import take_back
from prepaid.cards.states import MAY_ANSWER_STATES, REFUND_TRANSITIONS, RefundCause, RefundState
from prepaid.merchants.errors import NotYourRole
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import sector_rule
from prepaid.notices import operations as notices
from prepaid.products.refund_rules import Interest

CONSTRAINT_ERRORS["refund_request_one_open_per_card"] = RefundAlreadyAsked


def request_refund(
    *,
    card_id: int,
    cause: RefundCause,
    reason: str,
    stopped_on: date | None = None,
    expected_fen: int | None = None,
    holder_id: int | None = None,
    at: datetime,
    actor: str,
) -> RefundRequest:
    """Within either cooling-off rule granted and paid at once, and so where the merchant has announced that it closes or moves
    and the refund is down to that: the announcement is its consent. Else the money is frozen and the merchant has its term.

    A charge that waits or is disputed does not hold up the right to cool off: it returns to the card and is paid back with
    it, since nobody has shown that it was used (BJ 16, SPC 14).

    An offer of the card to somebody else is withdrawn. ``expected_fen`` is the sum the consumer confirmed. In a sector where
    silence is consent the term is the sector's; else ``CardRule.answer_working_days``. ``holder_id``: whose card it was when
    that was shown; somebody may have taken it over since.

    Raises:
        NotFound: no such card, or no longer theirs.
        NotRefundable, RefundAlreadyAsked, NothingToRefund, QuoteChanged. DepositTakenBack: nothing of it is in custody.
        ChargesPending: outside the cooling-off period, while a charge waits or is disputed.
    """
    with transaction():
        card = locked_card(card_id)
        if holder_id not in {None, card.holder_id}:
            raise NotFound()
        take_back(card, at=at, actor=actor)
        if card.refund_requests.filter(state__in=queries.UNSETTLED_STATES).exists():
            raise RefundAlreadyAsked()
        holding = escrow_queries.holding(card.agreement_id)
        if card.version.after_use:  # it was given; who was charged wrongly has the charge undone
            raise NotRefundable()
        if holding.state != AgreementState.HELD:
            deposit = queries.deposit_of(card)
            raise DepositTakenBack() if deposit and deposit.taken_back_at else NotRefundable()
        quote = queries.refund_quote(card=card, cause=cause, stopped_on=stopped_on, at=at)
        closing = (
            queries.closing_offer(card=card, today=clock.beijing_date(at)) if cause == RefundCause.OPERATOR else None
        )
        at_once = quote.is_cooling_off or closing is not None
        waits = holding.units_reserved and holding.plan != Plan.PERIOD  # days wait for nobody's answer
        if waits and not quote.is_cooling_off:
            raise ChargesPending()
        if quote.refund_fen == 0:
            raise NothingToRefund()
        if expected_fen not in {None, quote.refund_fen}:
            raise QuoteChanged(now=yuan(quote.refund_fen))
        rule = sector_rule(card.issuer.sector_id, clock.beijing_date(at))
        request = RefundRequest.objects.create(
            card=card,
            state=RefundState.REQUESTED,
            cause=cause,
            reason=reason,
            stopped_on=stopped_on,
            asked_fen=quote.refund_fen,
            quote=quote.to_json(),
            requested_at=at,
            answer_due_on=None if at_once else queries.answer_due_on(card=card, at=at),
            silence_agrees=bool(rule.refund_silence_agrees_working_days) and not at_once,
        )
        audit.record(
            actor=actor,
            action="cards.request_refund",
            target=f"refund_request:{request.pk}",
            after={"card": card.number, "cause": cause, "asked_fen": request.asked_fen},
            at=at,
        )
        if quote.is_cooling_off:
            returned = list(open_charges(card)) if waits else []
            grant(request, quote.refund_fen, RefundBasis.COOLING_OFF, at=at, actor=actor)
            for redemption in returned:
                letters.charge_returned(redemption, at=at)
        elif closing is not None:
            consent = f"closing:{closing.pk}"
            grant(request, quote.refund_fen, RefundBasis.CONSENT, reference=consent, at=at, actor=actor)
        else:
            escrow.freeze_agreement(
                agreement_id=card.agreement_id, because=f"refund_request:{request.pk}", at=at, actor=actor
            )
            _give_up_next_months([card.agreement_id], at=at, actor=actor)
            letters.refund_requested(request, at=at)
    return request


def agree_refund(
    *, staff: StaffMember, request_id: int, amount_fen: int | None = None, text: str = "", at: datetime, actor: str
) -> RefundRequest:
    """The merchant agrees: to what was asked or more, and it is paid on consent; to less, and it is an offer the
    consumer may take, never below what the law leaves when the consumer gives up the contract (SPC 18–20). Never above
    what was paid; what custody does not hold any more the merchant pays from what it has earned, or as a claim.

    Raises:
        NotFound, NotYourRole, RequestNotYours, OfferTooLow, OfferTooHigh, InvalidAmount.
    """
    with transaction():
        request = _answerable(request_id, staff)
        amount_fen = request.asked_fen if amount_fen is None else amount_fen
        if amount_fen < 1:
            raise InvalidAmount()
        price_fen = request.card.agreement.price_fen
        if amount_fen > price_fen:
            raise OfferTooHigh(most=yuan(price_fen))
        answer: dict[str, Any] = {"answered_at": at, "answered_by": staff, "answer_text": text}
        if amount_fen >= request.asked_fen:
            grant(request, amount_fen, RefundBasis.CONSENT, at=at, actor=actor, **answer)
            return request
        least = queries.least_refund_fen(request)
        if amount_fen < least:
            raise OfferTooLow(least=yuan(least))
        _move(request, RefundState.OFFERED, at=at, actor=actor, offered_fen=amount_fen, **answer)
        letters.refund_offered(request, at=at)
    return request


def refuse_refund(*, staff: StaffMember, request_id: int, text: str, at: datetime, actor: str) -> RefundRequest:
    """The merchant refuses, with its reason; the money stays frozen until the consumer complains or withdraws.

    Raises:
        NotFound, NotYourRole, RequestNotYours, AlreadyRefused, ReasonNeeded.
    """
    if not text.strip():
        raise ReasonNeeded()
    with transaction():
        request = _answerable(request_id, staff)
        if request.state == RefundState.REFUSED:
            raise AlreadyRefused()
        if request.state == RefundState.SILENT:
            # Late, but the consumer should read it: the term stays missed.
            _note(request, at=at, actor=actor, answered_at=at, answered_by=staff, answer_text=text)
        else:
            _move(request, RefundState.REFUSED, at=at, actor=actor, answered_at=at, answered_by=staff, answer_text=text)
        letters.refund_refused(request, at=at)
    return request


def accept_offer(*, holder_id: int, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """The consumer takes the merchant's lower sum: paid on consent. Raises ``NotFound``, ``WrongState``."""
    with transaction():
        request = _owned(request_id, holder_id)
        if request.state != RefundState.OFFERED:
            raise RequestNotYours()
        grant(request, request.offered_fen or 0, RefundBasis.CONSENT, at=at, actor=actor)
    return request


def withdraw_request(*, holder_id: int, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """The consumer keeps the card: it can be used again. Raises ``NotFound``, ``WrongState``."""
    with transaction():
        request = _owned(request_id, holder_id)
        _move(request, RefundState.WITHDRAWN, at=at, actor=actor, closed_at=at)
        _thaw(request, at=at, actor=actor)
    return request


def pass_silence(*, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """The term is over without an answer: consent where the sector's rule says so, else the way to a complaint is open.

    Calling it early, or again, changes nothing.
    """
    with transaction():
        request = _locked(request_id)
        due = request.answer_due_on
        if request.state != RefundState.REQUESTED or due is None or clock.beijing_date(at) <= due:
            return request
        if request.silence_agrees:
            grant(request, request.asked_fen, RefundBasis.SILENCE, at=at, actor=actor, lapsed_at=at)
        else:
            _move(request, RefundState.SILENT, at=at, actor=actor, lapsed_at=at)
            letters.refund_unanswered(request, at=at)
    return request


def mark_complained(*, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """A complaint about this request was opened. Raises ``NotFound``, ``WrongState``."""
    with transaction():
        request = _locked(request_id)
        _move(request, RefundState.COMPLAINED, at=at, actor=actor, complained_at=at)
    return request


def settle_request(
    *, request_id: int, amount_fen: int, basis: RefundBasis, reference: str, at: datetime, actor: str
) -> Refund:
    """Pay what a complaint came to, on its basis; on a basis that names the whole sum (``WHOLE_SUM_BASES``) what is above
    the price is interest. The same settlement again returns the same refund.

    Raises:
        NotFound, WrongState, InvalidAmount, BasisRequired.
        AboveBasis, RefundExceedsPaid: more than was paid and the interest; or than was paid, where it comes on top.
    """
    with transaction():
        request = _locked(request_id)
        settled = request.refund
        if settled is not None:
            return escrow.refund(
                agreement_id=request.card.agreement_id,
                amount_fen=min(amount_fen, request.card.agreement.price_fen),
                interest_fen=settled.interest_fen,
                basis=basis,
                reference=reference,
                at=at,
                actor=actor,
            )
        most_fen = queries.whole_sum_fen(request, today=clock.beijing_date(at))
        if amount_fen > most_fen:
            raise AboveBasis(most=yuan(most_fen))
        return grant(request, amount_fen, basis, reference=reference, at=at, actor=actor)


def dismiss_request(*, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """The complaint ended without a refund, or was withdrawn: the card can be used again. Raises ``WrongState``."""
    with transaction():
        request = _locked(request_id)
        _move(request, RefundState.DISMISSED, at=at, actor=actor, closed_at=at)
        _thaw(request, at=at, actor=actor)
    return request


def take_up_request(*, card_id: int, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """The complaint about a request that was dismissed is reopened: the card is frozen again, as when a refund is asked for, and
    an offer of it to somebody else withdrawn.

    Raises:
        NotFound, WrongState. RefundAlreadyAsked, NotRefundable, ChargesPending: as for a new request.
    """
    with transaction():
        card = locked_card(card_id)
        request = _locked(request_id, card_id=card.pk)
        take_back(card, at=at, actor=actor)
        if card.refund_requests.filter(state__in=queries.UNSETTLED_STATES).exists():
            raise RefundAlreadyAsked()
        holding = escrow_queries.holding(card.agreement_id)
        if holding.state != AgreementState.HELD:
            raise NotRefundable()
        if holding.units_reserved and holding.plan != Plan.PERIOD:
            raise ChargesPending()
        _move(request, RefundState.COMPLAINED, at=at, actor=actor, closed_at=None)
        escrow.freeze_agreement(
            agreement_id=card.agreement_id, because=f"refund_request:{request.pk}", at=at, actor=actor
        )
        _give_up_next_months([card.agreement_id], at=at, actor=actor)
    return request


def record_paid(*, request_id: int, at: datetime, actor: str) -> RefundRequest:
    """Follow the money: paid once the bank says so. Before that, or again, it changes nothing."""
    with transaction():
        request = _locked(request_id)
        refund = request.refund
        if request.state == RefundState.GRANTED and refund is not None and refund.paid_at is not None:
            _move(request, RefundState.PAID, at=at, actor=actor)
    return request


def grant(
    request: RefundRequest,
    amount_fen: int,
    basis: RefundBasis,
    *,
    reference: str = "",
    at: datetime,
    actor: str,
    **fields: Any,
) -> Refund:
    """Pay it on that basis, with the interest that belongs to it; the caller holds the lock. Raises ``WrongState``."""
    parts = queries.parts_of(request, amount_fen, basis, today=clock.beijing_date(at))
    granted = Granted(request, *parts, reference=reference, fields=fields)
    return grant_many([granted], basis=basis, at=at, actor=actor)[0]


@dataclass(frozen=True, slots=True)
class Granted:
    """What is paid on one request (``queries.parts_of``), which may not be saved yet; ``fields``: what else is kept with it."""

    request: RefundRequest
    owed_fen: int
    interest: Interest | None = None
    reference: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def grant_many(granted: Sequence[Granted], *, basis: RefundBasis, at: datetime, actor: str) -> list[Refund]:
    """Pay them all, whose cards are of one merchant, or none; the caller holds the locks. In the same number of statements
    whatever their number, but for what is rare: an unpaid order of a next month.

    Raises:
        WrongState, and as ``escrow.refund``: what one of them is refused for.
    """
    moves: list[tuple[RefundRequest, str, dict[str, Any]]] = []
    for one in granted:
        interest = one.interest.to_json() if one.interest else None
        facts = {"basis": basis, "closed_at": at, "granted_fen": one.owed_fen, "interest": interest, **one.fields}
        moves.append((one.request, _turn(one.request, RefundState.GRANTED, facts), facts))
    _keep(moves, at=at, actor=actor)
    agreements = [one.request.card.agreement_id for one in granted]
    commands = [
        Settlement(
            agreement_id=agreement_id,
            owed_fen=one.owed_fen,
            interest_fen=one.interest.interest_fen if one.interest else 0,
            custody_interest_fen=one.interest.custody_fen if one.interest else 0,
            basis=basis,
            reference=one.reference or f"refund_request:{one.request.pk}",
        )
        for agreement_id, one in zip(agreements, granted, strict=True)
    ]
    beneficiary_id = granted[0].request.card.agreement.beneficiary_id
    outcomes = escrow.refund_many(commands, beneficiary_id=beneficiary_id, at=at, actor=actor)
    for outcome in outcomes:
        if isinstance(outcome, DomainError):
            raise outcome
    made = Refund.objects.select_related("claim").in_bulk(outcomes)
    refunds = [made[pk] for pk in outcomes]
    _give_up_next_months(agreements, at=at, actor=actor)
    told = zip(granted, refunds, strict=True)
    notices.send_many((letters.refund_granted(one.request, refund) for one, refund in told), at=at)
    return refunds


def _give_up_next_months(agreement_ids: Sequence[int], *, at: datetime, actor: str) -> None:
    """Of memberships whose month is paid back, or may be: what is ordered and not paid follows nothing any more."""
    orders = Agreement.objects.filter(follows__in=agreement_ids, state=AgreementState.OPEN).order_by("pk")
    for order_id in orders.values_list("pk", flat=True):
        escrow.cancel_agreement(agreement_id=order_id, at=at, actor=actor)


def _move(request: RefundRequest, new: RefundState, *, at: datetime, actor: str, **fields: Any) -> None:
    """Another state, written down; the caller holds the lock. Raises ``WrongState``."""
    _keep([(request, _turn(request, new, fields), fields)], at=at, actor=actor)


def _turn(request: RefundRequest, new: RefundState, fields: Mapping[str, Any]) -> str:
    """The one place where a request's state changes; the state before. Raises ``WrongState``."""
    check_transition(REFUND_TRANSITIONS, request.state, new)
    before, request.state = request.state, new
    for name, value in fields.items():
        setattr(request, name, value)
    return before


def _note(request: RefundRequest, *, at: datetime, actor: str, **fields: Any) -> None:
    """Something of it is written down, its state stays."""
    for name, value in fields.items():
        setattr(request, name, value)
    _keep([(request, "", fields)], at=at, actor=actor)


def _keep(changed: Sequence[tuple[RefundRequest, str, Mapping[str, Any]]], *, at: datetime, actor: str) -> None:
    """Save requests with the state before (blank: the same) and the fields that changed, all the same ones; new ones are made."""
    requests = [request for request, _before, _fields in changed]
    names = {"state", *changed[0][2]}
    RefundRequest.objects.bulk_update([request for request in requests if request.pk is not None], names)
    RefundRequest.objects.bulk_create([request for request in requests if request.pk is None])
    entries = (
        (
            f"refund_request:{request.pk}",
            {"state": before} if before else None,
            {"state": request.state, "amount_fen": fields.get("granted_fen", fields.get("offered_fen"))},
        )
        for request, before, fields in changed
    )
    audit.record_many(entries, actor=actor, action="cards.refund_request", at=at)


def _thaw(request: RefundRequest, *, at: datetime, actor: str) -> None:
    escrow.thaw_agreement(
        agreement_id=request.card.agreement_id, because=f"refund_request:{request.pk}", at=at, actor=actor
    )


def open_charges(card: Card) -> QuerySet[Redemption]:
    """Charges of the card that wait or are disputed."""
    return open_charges_of([card])


def open_charges_of(cards: Sequence[Card]) -> QuerySet[Redemption]:
    """The same of many cards, the one before the other."""
    charges = Redemption.objects.filter(card__in=cards, use__state__in=OPEN_USES)
    return charges.select_related("card__version", "use").order_by("card", "pk")


def _locked(request_id: int, **owner: int) -> RefundRequest:
    request = (
        RefundRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("card__agreement", "card__issuer", "card__version__product", "card__holder")
        .filter(pk=request_id, **owner)
        .first()
    )
    if request is None:
        raise NotFound()
    return request


def _owned(request_id: int, holder_id: int) -> RefundRequest:
    return _locked(request_id, card__holder_id=holder_id)


def _answerable(request_id: int, staff: StaffMember) -> RefundRequest:
    request = _locked(request_id, card__issuer_id=staff.merchant_id)
    if not staff.manages:
        raise NotYourRole()
    if request.state not in MAY_ANSWER_STATES:
        raise RequestNotYours()
    return request

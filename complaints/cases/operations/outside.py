"""Complaints about what was bought outside custody: told, placed, decided as a debt, followed until it is paid or left to the courts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from complaints.cases.errors import (
    AlreadyDecided,
    AlreadyRepaid,
    CaseExists,
    HasALead,
    MerchantMissing,
    NotTheLead,
    PayByMissing,
    ReasonRequired,
    SameComplaint,
    SectorUnknown,
    StillInTime,
    WrongSubject,
)
from complaints.cases.models import Case, Outcome, OutsidePurchase, Repayment
from complaints.cases.models.outside import ADDRESS_LENGTH, NAME_LENGTH
from complaints.cases.operations import messages, moves
from complaints.cases.operations.handling import check_lead, led_by, locked_for
from complaints.cases.operations.intake import TEXT_LENGTH, checked_text, new_case
from complaints.cases.queries.outside import grounds_outside, key_of, merchant_named, open_case_like
from complaints.cases.queries.scope import case_for, complaints_of, id_among
from complaints.cases.states import CaseState, EventKind, Limit, Result, Source, Wanted
from escrow.clock import beijing_date
from escrow.errors import BasisRequired
from escrow.money import check_fen
from escrow.states import RefundBasis
from escrow.transactions import transaction
from prepaid.merchants.models import Sector, Store
from prepaid.people.models import User

EVIDENCE_LENGTH = 200
#: Days that a decision gives a merchant at most; a year mistyped would keep the case open for ever.
LONGEST_TO_PAY = 366


@dataclass(frozen=True, kw_only=True)
class Told:
    """What somebody says about a purchase. Sums in fen; ``point`` in degrees, GCJ-02; ``store_id`` a registered store."""

    merchant_name: str
    address: str = ""
    point: tuple[float, float] | None = None
    store_id: int | None = None
    sector_code: str = ""
    paid_fen: int | None = None
    left_fen: int | None = None
    paid_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """The same order in another system: which one (12345, 12315), its number there, and when it came in there (UTC)."""

    system: str
    number: str
    received_at: datetime | None = None


def open_outside_case(
    *,
    complainant: User,
    told: Told,
    text: str,
    wanted: Wanted = Wanted.REFUND,
    source: Source = Source.PUBLIC,
    foreign: Foreign | None = None,
    by: User | None = None,
    actor: str = "",
    limit: Limit = Limit.PREPAID,
    rings: bool = True,
    at: datetime,
) -> Case:
    """Take down a complaint about a purchase outside custody and send it on its way. ``by``: who typed or imported it, when that
    was not the complainant; ``actor``: another system or its importer, when the complainant did nothing here. ``rings``: False for
    who routes it itself, after this.

    Raises:
        MerchantMissing, TextMissing, InvalidAmount, SectorUnknown.
        CaseExists: the same foreign number. SameComplaint: the same person's case about the same merchant is still undecided;
        ``details["number"]`` names it.
    """
    text = checked_text(text)
    with transaction():
        if foreign is not None:
            known = Case.objects.filter(foreign_system=foreign.system, foreign_number=foreign.number)
            if number := known.values_list("number", flat=True).first():
                raise CaseExists(number=number)
        # One person's complaints come in one after the other: the second sees the first.
        User.objects.select_for_update(no_key=True).get(pk=complainant.pk)
        purchase = _purchase(told)
        if twin := open_case_like(complainant=complainant, name_key=purchase.name_key):
            raise SameComplaint(number=twin.number)
        purchase.save()
        store = purchase.store
        merchant = store.merchant if store else merchant_named(purchase.merchant_name)
        return new_case(
            complainant,
            by=by if actor else by or complainant,
            actor=actor,
            at=at,
            rings=rings,
            limit=limit,
            received_at=foreign.received_at if foreign else None,
            source=source,
            outside=purchase,
            merchant=merchant,
            foreign_system=foreign.system if foreign else "",
            foreign_number=foreign.number if foreign else "",
            text=text,
            wanted=wanted,
            figures={},
        )


def _purchase(told: Told) -> OutsidePurchase:
    store = Store.objects.select_related("merchant").filter(pk=told.store_id).first() if told.store_id else None
    name = store.merchant.name if store else " ".join(told.merchant_name.split())
    if not name or len(name) > NAME_LENGTH or len(told.address) > ADDRESS_LENGTH:
        raise MerchantMissing()
    sector = Sector.objects.filter(code=told.sector_code).first() if told.sector_code else None
    if told.sector_code and sector is None:
        raise SectorUnknown()
    paid_fen, left_fen = told.paid_fen, told.left_fen
    for sum_fen in (paid_fen, left_fen):
        if sum_fen is not None:
            check_fen(sum_fen)
    if paid_fen is not None and left_fen is not None:
        left_fen = min(paid_fen, left_fen)
    lng, lat = (Decimal(f"{degrees:.6f}") for degrees in told.point) if told.point else (None, None)
    return OutsidePurchase(
        merchant_name=name,
        name_key=key_of(name),
        address=told.address.strip(),
        lng=lng,
        lat=lat,
        store=store,
        sector=sector,
        paid_fen=paid_fen,
        left_fen=left_fen,
        paid_on=told.paid_on,
    )


def turn_away(*, number: str, reasons: str, officer: User, at: datetime) -> Case:
    """Sort out, before anybody leads it, what is no matter of prepaid consumption: the case closes with the reasons and the
    consumer is told who else may help. A case about a card here always is one.

    Raises:
        NotFound: outside the officer's queue. HasALead, WrongSubject, ReasonRequired, AlreadyDecided.
    """
    if not 1 <= len(reasons.strip()) <= TEXT_LENGTH:
        raise ReasonRequired()
    with transaction():
        case = locked_for(officer, number)
        if case.outside is None:
            raise WrongSubject()
        if case.state == CaseState.IN_HAND:
            raise HasALead()
        if case.state != CaseState.DISPATCHED:
            raise AlreadyDecided()
        case.lead_officer, case.accepted_at, case.closed_at = officer, at, at
        case.outcome = Outcome.objects.create(
            case=case, result=Result.OUT_OF_SCOPE, reasons=reasons.strip(), decided_by=officer, decided_at=at
        )
        moves.move(case, CaseState.CLOSED, EventKind.TURNED_AWAY, at=at, actor=officer.actor, by=officer)
        messages.turned_away(case, at=at)
        return case


def check_outside_decision(
    *,
    number: str,
    officer: User,
    result: Result,
    amount_fen: int | None,
    basis: str,
    pay_by: date | None,
    reasons: str,
    at: datetime,
) -> Case:
    """Whether ``decide_outside`` would accept this now; writes nothing. The case. Raises as it does."""
    case = case_for(officer=officer, number=number)
    check_lead(case, officer)
    _check(case, result=result, amount_fen=amount_fen, basis=basis, pay_by=pay_by, reasons=reasons, at=at)
    return case


def decide_outside(
    *,
    number: str,
    officer: User,
    result: Result,
    amount_fen: int | None,
    basis: str,
    pay_by: date | None,
    reasons: str,
    at: datetime,
) -> Case:
    """Upheld: on ``basis`` the merchant owes ``amount_fen`` and pays it by ``pay_by``; the case stays open until that is paid.
    Not upheld: the case closes. Nothing of it is in custody, so nothing is paid out of it.

    Raises:
        ReasonRequired, BasisRequired, InvalidAmount, PayByMissing. BasisRefused, AboveBasis. WrongSubject: a case about a card.
        NotFound, NotTheLead, AlreadyDecided: see ``handling.led_by``.
    """
    with transaction():
        case = led_by(officer, number)
        _check(case, result=result, amount_fen=amount_fen, basis=basis, pay_by=pay_by, reasons=reasons, at=at)
        facts = {"case": case, "reasons": reasons.strip(), "decided_by": officer, "decided_at": at}
        if result == Result.UPHELD and amount_fen is not None and pay_by is not None:
            owed = Repayment.objects.create(amount_fen=amount_fen, due_on=pay_by)
            case.outcome = Outcome.objects.create(
                result=Result.UPHELD, amount_fen=amount_fen, basis=basis, repayment=owed, **facts
            )
            case.money_due_on = pay_by
            data = {"amount_fen": amount_fen, "basis": basis, "pay_by": pay_by}
            moves.move(case, CaseState.EXECUTING, EventKind.OWED, at=at, actor=officer.actor, by=officer, data=data)
            messages.owed(case, at=at)
        else:
            case.outcome = Outcome.objects.create(result=Result.NOT_UPHELD, **facts)
            case.closed_at = at
            moves.move(case, CaseState.CLOSED, EventKind.NOT_UPHELD, at=at, actor=officer.actor, by=officer)
            messages.not_upheld(case, at=at)
        return case


def _check(
    case: Case, *, result: Result, amount_fen: int | None, basis: str, pay_by: date | None, reasons: str, at: datetime
) -> None:
    if case.outside is None:
        raise WrongSubject()
    if not 1 <= len(reasons.strip()) <= TEXT_LENGTH:
        raise ReasonRequired()
    if result == Result.UPHELD:
        if basis not in RefundBasis.values:
            raise BasisRequired()
        grounds_outside(case, today=beijing_date(at))[RefundBasis(basis)].check(check_fen(amount_fen))
        if pay_by is None or not 0 <= (pay_by - beijing_date(at)).days <= LONGEST_TO_PAY:
            raise PayByMissing()


def confirm_repaid(*, number: str, complainant: User, at: datetime) -> Case:
    """The consumer has the money: the case is over.

    Raises:
        NotFound: not this person's complaint. AlreadyRepaid: nothing is owed in it (any more).
    """
    with transaction():
        case = moves.lock(id_among(complaints_of(user=complainant), number))
        return _repaid(case, evidence="", by=complainant, at=at)


def record_repaid(*, number: str, evidence: str, officer: User, at: datetime) -> Case:
    """The officer in charge has seen the proof of payment, which ``evidence`` names.

    Raises:
        NotFound, NotTheLead. ReasonRequired: no evidence named. AlreadyRepaid.
    """
    evidence = evidence.strip()
    if not 1 <= len(evidence) <= EVIDENCE_LENGTH:
        raise ReasonRequired()
    with transaction():
        return _repaid(_led_and_owed(officer, number), evidence=evidence, by=officer, at=at)


def end_unpaid(*, number: str, reasons: str, officer: User, at: datetime) -> Case:
    """The merchant has not paid by its day and the officer can do no more: the case closes, the debt stays, for the courts.

    Raises:
        NotFound, NotTheLead, ReasonRequired, AlreadyRepaid. StillInTime: its day has not passed.
    """
    if not 1 <= len(reasons.strip()) <= EVIDENCE_LENGTH:
        raise ReasonRequired()
    with transaction():
        case = _led_and_owed(officer, number)
        repayment = _owed(case)
        if repayment.due_on >= beijing_date(at):
            raise StillInTime(day=repayment.due_on.isoformat())
        repayment.given_up_at = at
        repayment.save()
        case.closed_at = at
        data = {"amount_fen": repayment.amount_fen, "reasons": reasons.strip()}
        moves.move(case, CaseState.CLOSED, EventKind.ENDED_UNPAID, at=at, actor=officer.actor, by=officer, data=data)
        messages.ended_unpaid(case, at=at)
        return case


def mark_unrepaid(*, case_id: int, at: datetime, actor: str) -> Case:
    """Say once that the merchant's day to pay has passed. Repeatable."""
    with transaction():
        case = moves.lock(case_id)
        repayment = case.outcome.repayment if case.state == CaseState.EXECUTING else None
        if repayment is None or not repayment.is_open or repayment.unpaid_marked_at is not None:
            return case
        if repayment.due_on >= beijing_date(at):
            return case
        repayment.unpaid_marked_at = at
        repayment.save()
        moves.note(case, EventKind.UNREPAID, at=at, actor=actor, data={"due_on": repayment.due_on})
        messages.unrepaid(case, at=at)
        return case


def _led_and_owed(officer: User, number: str) -> Case:
    case = locked_for(officer, number)
    if case.lead_officer_id != officer.pk:
        raise NotTheLead()
    return case


def _owed(case: Case) -> Repayment:
    """What is still to be paid. Raises ``AlreadyRepaid``."""
    repayment = case.outcome.repayment if hasattr(case, "outcome") else None
    if case.state != CaseState.EXECUTING or repayment is None or not repayment.is_open:
        raise AlreadyRepaid()
    return repayment


def _repaid(case: Case, *, evidence: str, by: User, at: datetime) -> Case:
    repayment = _owed(case)
    repayment.paid_at, repayment.evidence = at, evidence
    repayment.save()
    case.closed_at = at
    data = {"amount_fen": repayment.amount_fen, "evidence": evidence}
    moves.move(case, CaseState.CLOSED, EventKind.REPAID, at=at, actor=by.actor, by=by, data=data)
    messages.repaid(case, at=at)
    return case

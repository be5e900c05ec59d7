"""Mediation: the officer writes the record of one that was held, and each side confirms it. A regulator mediates: only what both
sides have confirmed is an agreement, and money leaves custody on nothing less."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from complaints.cases.errors import (
    AboveOwed,
    AgreementStands,
    AlreadyDecided,
    MediationAhead,
    NothingAgreed,
    NotSignedYet,
    NotToConfirm,
    PayDayMissing,
    RecordChanged,
    RecordTextMissing,
    WrongSubject,
)
from complaints.cases.models import Case, Confirmation, Mediation
from complaints.cases.operations import mediation_messages as messages
from complaints.cases.operations import moves
from complaints.cases.operations.documents import issue_agreement
from complaints.cases.operations.handling import led_by
from complaints.cases.queries.mediations import fingerprint_of, latest_of, mediations_of
from complaints.cases.queries.scope import cases_about, complaints_of, id_among
from complaints.cases.states import MEDIATION_TRANSITIONS, EventKind, Manner, MediationState, Side
from escrow.clock import beijing_date
from escrow.money import check_fen, yuan
from escrow.states import check_transition
from escrow.transactions import transaction
from prepaid.cards.queries import whole_sum_fen
from prepaid.merchants.models import StaffMember
from prepaid.people.models import User

#: The longest that each text may be, in characters.
LENGTHS = {"place": 200, "consumer_by": 100, "merchant_by": 100, "consumer_said": 2000, "merchant_said": 2000}
OTHER_TERMS = 1000


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the officer writes down. Agreed: sums in fen; failed: ``failed_because`` and no sums."""

    held_at: datetime
    place: str
    manner: Manner
    consumer_by: str
    merchant_by: str
    consumer_said: str
    merchant_said: str
    custody_fen: int = 0
    direct_fen: int = 0
    pay_by: date | None = None
    terms: str = ""
    failed_because: str = ""


def record_mediation(*, number: str, officer: User, record: Record, at: datetime) -> Mediation:
    """Write the record of a mediation that was held; while an agreement waits to be confirmed, write it anew: whoever confirmed the
    earlier text confirms again. The same text twice changes nothing.

    Raises:
        NotFound, NotTheLead, AlreadyDecided: see ``handling.led_by``. WrongSubject: the case is about a charge.
        MediationAhead, RecordTextMissing, NothingAgreed, AboveOwed, PayDayMissing, InvalidAmount.
        AgreementStands: both sides have confirmed one.
    """
    with transaction():
        case = led_by(officer, number)
        facts = _checked(case, record, at=at)
        last = next(iter(mediations_of(case)), None)
        if last is not None and last.is_confirmed:
            raise AgreementStands()
        mediation = last if last is not None and last.is_open else Mediation(case=case)
        for name, value in facts.items():
            setattr(mediation, name, value)
        to = MediationState.FAILED if record.failed_because.strip() else MediationState.OPEN
        if mediation.pk and to != mediation.state:
            check_transition(MEDIATION_TRANSITIONS, mediation.state, to)
        mediation.state = to
        sha256 = fingerprint_of(mediation)
        if last is not None and last.sha256 == sha256:
            return last
        mediation.sha256, mediation.held_by, mediation.written_at = sha256, officer, at
        mediation.save()
        moves.note(
            case,
            EventKind.MEDIATED,
            at=at,
            actor=officer.actor,
            by=officer,
            data={"state": to.value, "fen": mediation.agreed_fen, "sha256": sha256},
        )
        messages.mediated(case, failed=to == MediationState.FAILED, at=at)
        return mediation


def confirm_as_consumer(*, number: str, complainant: User, sha256: str, at: datetime) -> Mediation:
    """The consumer stands by the record of that fingerprint; see ``_confirm``. Raises ``NotFound`` for another's case too."""
    with transaction():
        case = moves.lock(id_among(complaints_of(user=complainant), number))
        return _confirm(case, Side.CONSUMER, sha256=sha256, by=complainant, at=at)


def confirm_as_merchant(*, number: str, staff: StaffMember, sha256: str, at: datetime) -> Mediation:
    """The merchant's manager does; the caller has checked the role. Raises ``NotFound`` for another merchant's case too."""
    with transaction():
        case = moves.lock(id_among(cases_about(merchant_id=staff.merchant_id), number))
        return _confirm(case, Side.MERCHANT, sha256=sha256, by=staff.user, at=at)


def record_signature(
    *, number: str, officer: User, side: Side, signed_on: date, sha256: str, at: datetime
) -> Mediation:
    """The officer in charge has the record on paper, signed by a side.

    Raises:
        NotSignedYet: before the mediation, or after today. NotFound, NotTheLead, AlreadyDecided. As ``_confirm``.
    """
    with transaction():
        case = led_by(officer, number)
        held = beijing_date(latest_of(case).held_at)
        if not held <= signed_on <= beijing_date(at):
            raise NotSignedYet()
        return _confirm(case, side, sha256=sha256, recorded_by=officer, signed_on=signed_on, at=at)


def _confirm(case: Case, side: Side, *, sha256: str, at: datetime, **how: Any) -> Mediation:
    """One side stands by the record; with the second the agreement is concluded and its document issued. Repeatable.

    Raises:
        NotFound: no mediation was held. RecordChanged: it has been rewritten since. AlreadyDecided: the case is over.
        NotToConfirm: there is no agreement in it.
    """
    mediation = latest_of(case)
    if mediation.sha256 != sha256:
        raise RecordChanged()
    if side in mediation.standing:
        return mediation
    if not case.is_undecided:
        raise AlreadyDecided()
    if not mediation.is_open:
        raise NotToConfirm()
    Confirmation.objects.create(mediation=mediation, side=side, sha256=sha256, at=at, **how)
    person = how.get("by") or how["recorded_by"]
    moves.note(
        case,
        EventKind.CONFIRMED,
        at=at,
        actor=person.actor,
        by=person,
        data={"side": side.value, "sha256": sha256, "on_paper": str(how.get("signed_on") or "")},
    )
    mediation = latest_of(case)
    if set(mediation.standing) == set(Side):
        _conclude(case, mediation, at=at, actor=person.actor)
    return mediation


def _conclude(case: Case, mediation: Mediation, *, at: datetime, actor: str) -> None:
    check_transition(MEDIATION_TRANSITIONS, mediation.state, MediationState.CONFIRMED)
    mediation.state, mediation.concluded_at = MediationState.CONFIRMED, at
    mediation.save()
    moves.note(case, EventKind.AGREED, at=at, actor=actor, data={"fen": mediation.agreed_fen})
    issue_agreement(case, mediation, at=at, actor=actor)
    messages.agreed(case, at=at)


def _checked(case: Case, record: Record, *, at: datetime) -> dict[str, Any]:
    """The record's fields as they are stored."""
    request = case.refund_request
    if request is None:
        raise WrongSubject()
    received = case.received_at.replace(second=0, microsecond=0)  # people write minutes
    if not received <= record.held_at <= at:
        raise MediationAhead()
    facts = asdict(record)
    for name, value in facts.items():
        if isinstance(value, str):
            facts[name] = value.strip()
    if any(not 1 <= len(facts[name]) <= most for name, most in LENGTHS.items()):
        raise RecordTextMissing()
    if len(facts["terms"]) > OTHER_TERMS or len(facts["failed_because"]) > OTHER_TERMS:
        raise RecordTextMissing()
    if facts["failed_because"]:
        return facts | {"custody_fen": None, "direct_fen": None, "pay_by": None, "terms": ""}
    if not record.custody_fen and not record.direct_fen:
        raise NothingAgreed()
    whole_fen = whole_sum_fen(request, today=beijing_date(at))
    total_fen = sum(check_fen(fen) for fen in (record.custody_fen, record.direct_fen) if fen)
    if total_fen > whole_fen:
        raise AboveOwed(most=yuan(whole_fen))
    if not record.direct_fen:
        return facts | {"pay_by": None}
    if record.pay_by is None or record.pay_by < beijing_date(record.held_at):
        raise PayDayMissing()
    return facts

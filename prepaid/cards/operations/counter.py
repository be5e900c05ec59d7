"""At the counter: charge a card."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import AgreementFrozen, AgreementNotHeld, InvalidUnits, KeyReused, LessonCharged
from escrow.money import check_fen, yuan
from escrow.queries import Holding
from escrow.states import OPEN_USES, AgreementState, Plan, Silence, UseState
from escrow.transactions import CONSTRAINT_ERRORS, after_commit, transaction
from prepaid.cards import attempts, codes, queries
from prepaid.cards.errors import (
    AmountNeeded,
    AmountTooLarge,
    CardExpired,
    CardLost,
    CardOfAnotherMerchant,
    CardPaused,
    CardSettled,
    CardUnpaid,
    CardUsedUp,
    CheckInIsFree,
    CodeUsed,
    KeyMissing,
    LessonDay,
    LessonNeeded,
    ListPriceTooLarge,
    NoRestAtTill,
    NotACourse,
    NothingToCharge,
    OneLesson,
    SessionsNeeded,
    SessionsNotCharged,
    StoreClosed,
    StoredOneVisit,
    StoredTooLong,
    StoredTooMany,
    StoreNeeded,
    StoreNotInContract,
    TooManySessions,
    WrongCode,
)
from prepaid.cards.models import Card, CardRule, Lesson, Redemption
from prepaid.cards.operations import letters
from prepaid.cards.operations.loss import check_replaced
from prepaid.cards.operations.top_ups import lot_for
from prepaid.cards.queries import CardFace
from prepaid.merchants.models import StaffMember, Store
from prepaid.merchants.queries import place_of, sector_rule, store_of, stores_of

CONSTRAINT_ERRORS["redemption_code_once"] = CodeUsed
CONSTRAINT_ERRORS["redemption_key_once"] = KeyReused

_NOT_HELD: dict[str, type[AgreementNotHeld]] = {
    AgreementState.OPEN: CardUnpaid,
    AgreementState.CANCELLED: CardUnpaid,
    AgreementState.EXPIRED: CardUnpaid,
    AgreementState.FROZEN: AgreementFrozen,
    AgreementState.CLOSED: CardSettled,
}


def charge_card(
    *,
    staff: StaffMember,
    code: str,
    units: int | None = None,
    amount_fen: int | None = None,
    lesson_class: str = "",
    lesson_on: date | None = None,
    store_id: int | None = None,
    note: str = "",
    rest_at_till: bool = False,
    scanned_ago: timedelta | None = None,
    key: str,
    at: datetime,
    at_real: datetime,
    actor: str,
) -> Redemption:
    """Charge the card whose code was shown: ``units`` sessions, or ``amount_fen`` as displayed in the store, which a discount
    card pays at its rate; of a course one lesson, named by ``lesson_class`` and ``lesson_on`` (today); a period card checks in.

    A scan proves that the card is present, not how much was agreed: one session, or up to one visit at the sold price,
    is final at once; more waits for the holder's tap: for ``CardRule.confirm_hours``, then it returns to the card; or where
    the sector's rule says that silence confirms, for so many working days after the notice was delivered. A lesson always
    waits: the scan at the door says nothing of the lesson that follows. ``rest_at_till``: where a stored value card holds less
    than ``amount_fen``, what it holds is charged, and that the rest was paid at the till is recorded. ``at_real`` is the real time,
    which the code follows. ``scanned_ago``: the counter had no network then and stored the charge: it is one visit at most and always
    waits, because the holder saw no charge while standing there.
    The same ``key`` and body give the same redemption again, stored or not: a stored charge may have arrived the first time.

    Raises:
        StoredTooLong, StoredTooMany, StoredOneVisit of a stored charge.
        KeyReused, CodeUnreadable, WrongCode, CodeExpired, CodeUsed, TooManyAttempts, CardReplaced, CardOfAnotherMerchant, CardLost,
        StoreNeeded, StoreNotInContract, StoreClosed, CardUnpaid, AgreementFrozen, CardSettled, CardExpired, CardPaused, CardUsedUp,
        TooManySessions, AmountTooLarge, LotsTooSmall, AmountNeeded, SessionsNeeded, SessionsNotCharged, CheckInIsFree, InvalidAmount,
        InvalidUnits; ListPriceTooLarge, NothingToCharge of a discount card; LessonNeeded, OneLesson, LessonDay, LessonCharged of a
        course, NotACourse; NoRestAtTill.
    """
    key = _full_key(staff, key)
    number, digits = codes.parse(code)
    lesson_class = " ".join(lesson_class.split())
    named = [lesson_class, lesson_on.isoformat() if lesson_on else None] if lesson_class or lesson_on else []
    till = ["till"] if rest_at_till else []
    body = _body_sha256([number, digits, units, amount_fen, store_id, note, *named, *till])
    if replayed := _replayed(key, body):
        return replayed
    if units is not None and (isinstance(units, bool) or units < 1):
        raise InvalidUnits()
    if amount_fen is not None:
        check_fen(amount_fen)
    step = shown_step(staff, number, digits, at_real, scanned_ago)
    if scanned_ago is not None:
        _check_stored_age(scanned_ago, at)
    asked = Asked(
        units=units,
        amount_fen=amount_fen,
        lesson_class=lesson_class,
        lesson_on=lesson_on,
        store_id=store_id,
        rest_at_till=rest_at_till,
        scanned_at=at - scanned_ago if scanned_ago else None,
    )
    with transaction():
        if scanned_ago is not None:
            _take_stored_turn(staff, store_id, at)
        card = Card.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()
        if card is None:  # replaced since its code was checked
            raise WrongCode()
        if replayed := _replayed(key, body):
            return replayed
        found = find_claim(card, staff, asked, step=step, at=at)
        return record_charge(found, staff=staff, note=note, step=step, key=key, body=body, at=at, actor=actor)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed at the counter, whatever proves that the card is there."""

    units: int | None = None
    amount_fen: int | None = None
    lesson_class: str = ""
    lesson_on: date | None = None
    store_id: int | None = None
    rest_at_till: bool = False
    scanned_at: datetime | None = None


@dataclass(frozen=True)
class Found:
    """The payment of the card that is drawn from, where, what is taken, and when it was scanned if that was before."""

    card: Card
    holding: Holding
    store: Store
    claim: "_Claim"
    scanned_at: datetime | None


def find_claim(card: Card, staff: StaffMember, asked: Asked, *, step: int | None = None, at: datetime) -> Found:
    """What would be charged, with the card's row locked. ``step``: of the shown code, which must be unused. Raises as
    ``charge_card``."""
    if card.issuer_id != staff.merchant_id:
        raise CardOfAnotherMerchant()
    if card.version.after_use:  # paid when it was given, and charged with the payment
        raise CardUsedUp()
    if card.lost_at is not None:
        raise CardLost()
    lots = queries.lots_of(card=card)
    if step is not None:
        check_unused(card, lots, step)
    store = store_of_staff(staff, asked.store_id)
    check_store(card, store)
    wanted = _wanted(card, asked.units, asked.amount_fen)
    face = lot_for(lots, wanted=wanted, today=clock.beijing_date(at))
    check_usable(face)
    lesson = _lesson(face.card, asked.lesson_class, asked.lesson_on, at, asked.scanned_at)
    check_lesson_once(lots, lesson)
    claim = _measure(face.card, face.holding, asked.units, asked.amount_fen, lesson, asked.rest_at_till)
    if asked.scanned_at is not None:
        claim = _stored(claim, face.card)
    return Found(face.card, face.holding, store, claim, asked.scanned_at)


def visit_given(card: Card, store: Store) -> Found:
    """A visit that was given there before it was paid, whatever the store does by now; with the card's row locked."""
    return Found(card, queries.holding_of(card=card), store, _Claim(units=1, final=True), None)


def record_charge(
    found: Found,
    *,
    staff: StaffMember,
    note: str,
    step: int | None,
    key: str,
    body: str,
    agreed: bool = False,
    at: datetime,
    actor: str,
) -> Redemption:
    """Draw what was found and say so. ``agreed``: the holder has said yes to the figure already. A lesson waits even so."""
    card, claim = found.card, found.claim
    final = claim.final or (agreed and claim.lesson is None)
    use = None
    if claim.units:
        use = escrow.charge(
            beneficiary_id=found.holding.beneficiary_id,
            agreement_id=card.agreement_id,
            units=claim.units,
            final=final,
            key=f"counter:{key}",
            reference=f"card:{card.number}",
            place=place_of(found.store),
            lesson=claim.lesson.id if claim.lesson else None,
            **({} if final else silence_of(card, at)),
            at=at,
            actor=actor,
        )
    redemption = Redemption.objects.create(
        card=card,
        use=use,
        store=found.store,
        cashier=staff,
        units=claim.units,
        list_fen=claim.list_fen,
        paid_otherwise_fen=claim.paid_otherwise_fen,
        lesson_on=claim.lesson.on if claim.lesson else None,
        lesson_class=claim.lesson.name if claim.lesson else "",
        note=note,
        scanned_at=found.scanned_at,
        code_step=step,
        key=key,
        body_sha256=body,
        at=at,
    )
    audit.record(
        actor=actor,
        action="cards.charge",
        target=f"card:{card.pk}",
        after={"redemption": redemption.pk, "units": claim.units, "final": final, "store": found.store.pk},
        at=at,
    )
    announce(redemption, at=at, actor=actor)
    return redemption


def count_refusal(*, staff: StaffMember, store_id: int | None, at: datetime) -> None:
    """For the day's shift report, where the store is known. The refusal itself changes nothing in the database."""
    stores = queries.counter_stores(staff=staff)
    at_store = store_id or (stores[0].pk if len(stores) == 1 else None)
    if at_store is not None:
        attempts.refused(staff.pk, at_store, clock.beijing_date(at))


def announce(redemption: Redemption, *, at: datetime, actor: str) -> None:
    """Tell the holder of a charge just made."""
    if redemption.silence_confirms:
        _tell_of_silence(redemption, at=at, actor=actor)
    else:
        after_commit(lambda: letters.charge_recorded(redemption, at=at))


def silence_of(card: Card, at: datetime) -> dict[str, Any]:
    """What no answer to a charge of this card will mean, by the rules of the day."""
    today = clock.beijing_date(at)
    if days := sector_rule(card.issuer.sector_id, today).auto_confirm_working_days:
        return {"silence": Silence.CONFIRMS, "silence_days": days}
    return {"confirm_until": at + timedelta(hours=CardRule.objects.current(today).confirm_hours)}


def _tell_of_silence(redemption: Redemption, *, at: datetime, actor: str) -> None:
    """In the charge's own transaction: a notice that was lost would begin no term. One that reaches nobody begins none."""
    message = letters.charge_recorded(redemption, at=at)
    if message and message.delivered_at and redemption.use_id:
        redemption.use = escrow.notice_delivered(use_id=redemption.use_id, at=message.delivered_at, actor=actor)


def _full_key(staff: StaffMember, key: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9\-]{8,64}", key):
        raise KeyMissing()
    return f"{staff.pk}:{key}"


def _body_sha256(body: list[str | int | None]) -> str:
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def _replayed(key: str, body: str) -> Redemption | None:
    redemption = Redemption.objects.filter(key=key).select_related("use", "card").first()
    if redemption and redemption.body_sha256 != body:
        raise KeyReused()
    return redemption


def shown_step(
    staff: StaffMember, number: str, digits: str, at_real: datetime, scanned_ago: timedelta | None = None
) -> int:
    """The window of the shown code. An unknown card is a wrong code: the answer never tells which cards exist."""
    attempts.check(staff.pk)
    secret = Card.objects.filter(number=number).values_list("code_secret", flat=True).first()
    try:
        if secret is None:
            check_replaced(number=number, digits=digits, at_real=at_real)
            raise WrongCode()
        if scanned_ago is not None:
            return codes.stored_step(secret, digits, at_real - scanned_ago)
        return codes.accepted_step(secret, digits, at_real)
    except WrongCode:
        attempts.failed(staff.pk)
        raise


def check_unused(card: Card, lots: list[Card], step: int) -> None:
    """A code is good for one deed. Raises ``CodeUsed``."""
    charged = Redemption.objects.filter(card__in=lots, code_step=step)
    if charged.exists() or card.learners.filter(code_step=step).exists():
        raise CodeUsed()


def store_of_staff(staff: StaffMember, store_id: int | None) -> Store:
    """A cashier's own store; owners and managers name one, unless the merchant has only one."""
    if staff.store is not None:
        return staff.store
    if store_id is not None:
        return store_of(staff.merchant_id, store_id)
    stores = list(stores_of(staff.merchant_id)[:2])
    if len(stores) != 1:
        raise StoreNeeded()
    return stores[0]


def check_store(card: Card, store: Store) -> None:
    """The card is used there, today. Raises ``StoreNotInContract``, ``StoreClosed``."""
    if store.pk not in {premises.store_id for premises in card.version.terms.stores}:
        raise StoreNotInContract()
    if not store.is_open:
        raise StoreClosed()


def check_usable(face: CardFace) -> None:
    """Something can be charged to it today. Raises ``CardUnpaid``, ``AgreementFrozen``, ``CardSettled``, ``CardExpired``,
    ``CardPaused``."""
    if error := _NOT_HELD.get(face.holding.state):
        raise error()
    if face.has_expired:
        raise CardExpired(day=face.last_day)
    if face.is_paused:
        raise CardPaused()


@dataclass(frozen=True)
class _Claim:
    """What the charge would take: ``units`` (0: a check-in), and whether the scan alone makes them final."""

    units: int
    final: bool
    list_fen: int | None = None
    paid_otherwise_fen: int = 0
    lesson: Lesson | None = None


def _wanted(card: Card, units: int | None, amount_fen: int | None) -> int:
    """About how much it will come to, to find the payment it is drawn from; ``_measure`` refuses what is no figure of the card."""
    if card.version.plan == Plan.DISCOUNT:
        return card.version.discounted(amount_fen or 0)
    return (amount_fen if card.version.plan == Plan.STORED_VALUE else units) or 1


def _check_stored_age(scanned_ago: timedelta, at: datetime) -> None:
    hours = CardRule.objects.current(clock.beijing_date(at)).stored_hours
    if scanned_ago >= timedelta(hours=hours):
        raise StoredTooLong(hours=hours)


def _take_stored_turn(staff: StaffMember, store_id: int | None, at: datetime) -> None:
    """At most so many a day and store, one after the other."""
    today = clock.beijing_date(at)
    store, most = store_of_staff(staff, store_id), CardRule.objects.current(today).stored_a_day
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"cards.stored:{store.pk}"])
    since = datetime.combine(today, time.min, clock.BEIJING)
    if Redemption.objects.filter(store=store, scanned_at__isnull=False, at__gte=since).count() >= most:
        raise StoredTooMany(most=most)


def _stored(claim: _Claim, card: Card) -> _Claim:
    """Of one visit at most, and never final by the scan."""
    by_sum = card.version.plan in {Plan.STORED_VALUE, Plan.DISCOUNT}
    most = (card.version.visit_price_fen or 0) if by_sum else 1
    if claim.units > most:
        raise StoredOneVisit(most=f"¥{yuan(most)}" if by_sum else most)
    return replace(claim, final=False)


def _lesson(card: Card, name: str, on: date | None, at: datetime, scanned_at: datetime | None) -> Lesson | None:
    if card.version.plan != Plan.COURSE:
        if name or on:
            raise NotACourse()
        return None
    if not name:
        raise LessonNeeded()
    lesson = Lesson(name, on or clock.beijing_date(scanned_at or at))
    check_lesson_day(card, lesson, at)
    return lesson


def check_lesson_once(lots: list[Card], lesson: Lesson | None) -> None:
    """The kernel charges a lesson to an agreement once; a card that was topped up has several. Raises ``LessonCharged``."""
    stands = [*OPEN_USES, UseState.FINAL]
    if lesson and Redemption.objects.filter(card__in=lots, use__lesson=lesson.id, use__state__in=stands).exists():
        raise LessonCharged()


def check_lesson_day(card: Card, lesson: Lesson, at: datetime) -> None:
    """A lesson is charged on its day or later, of days since the card was paid. Raises ``LessonDay``."""
    today, paid_at = clock.beijing_date(at), card.agreement.funded_at
    since = clock.beijing_date(paid_at) if paid_at else today
    if not since <= lesson.on <= today:
        raise LessonDay(since=since.isoformat())


def _measure(
    card: Card,
    holding: Holding,
    units: int | None,
    amount_fen: int | None,
    lesson: Lesson | None,
    rest_at_till: bool,
) -> _Claim:
    """What is charged, by the card's plan; every plan refuses figures that are not its own."""
    if rest_at_till and holding.plan != Plan.STORED_VALUE:
        raise NoRestAtTill()
    match Plan(holding.plan):
        case Plan.PERIOD:
            if amount_fen is not None:
                raise CheckInIsFree()
            if units is not None:
                raise SessionsNotCharged()
            return _Claim(0, True)
        case Plan.SESSIONS:
            if amount_fen is not None:
                raise SessionsNeeded()
            check_left(holding)
            units = units or 1
            if units > holding.units_left:
                raise TooManySessions(left=holding.units_left)
            return _Claim(units, units == 1)
        case Plan.COURSE:
            if amount_fen is not None or units not in {None, 1}:
                raise OneLesson()
            check_left(holding)
            return _Claim(1, False, lesson=lesson)
        case Plan.STORED_VALUE | Plan.DISCOUNT:
            if amount_fen is None:
                raise AmountNeeded()
            if units is not None:
                raise SessionsNotCharged()
            check_left(holding)
            return _amount(card, holding, amount_fen, rest_at_till)


def check_left(holding: Holding) -> None:
    """Raises ``CardUsedUp``."""
    if holding.units_left == 0:
        raise CardUsedUp()


def _amount(card: Card, holding: Holding, amount_fen: int, rest_at_till: bool) -> _Claim:
    """The displayed price, or what a discount card gives for it."""
    version, left = card.version, holding.units_left
    most_at_once = version.visit_price_fen or 0
    if version.plan != Plan.DISCOUNT:
        if amount_fen > left and not rest_at_till:
            raise AmountTooLarge(left=yuan(left))
        drawn = min(amount_fen, left)
        return _Claim(drawn, drawn <= most_at_once, paid_otherwise_fen=amount_fen - drawn)
    charged = version.discounted(amount_fen)
    if charged == 0:
        raise NothingToCharge()
    if charged > left:
        raise ListPriceTooLarge(left=yuan(left), most=yuan(version.list_fen_for(left)))
    return _Claim(charged, charged <= most_at_once, list_fen=amount_fen)

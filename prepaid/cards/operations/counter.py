"""At the counter: charge a card."""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import AgreementFrozen, AgreementNotHeld, InvalidUnits, KeyReused
from escrow.money import check_fen, yuan
from escrow.queries import Holding
from escrow.states import AgreementState, Plan, Silence
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
    NotACourse,
    NothingToCharge,
    OneLesson,
    SessionsNeeded,
    SessionsNotCharged,
    StoreClosed,
    StoreNeeded,
    StoreNotInContract,
    TooManySessions,
    WrongCode,
)
from prepaid.cards.models import Card, CardRule, Redemption
from prepaid.cards.operations import letters
from prepaid.cards.operations.loss import check_replaced
from prepaid.cards.operations.top_ups import lot_for
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
    waits: the scan at the door says nothing of the lesson that follows. ``at_real`` is the real time, which the code follows.
    The same ``key`` and body give the same redemption again.

    Raises:
        KeyReused, CodeUnreadable, WrongCode, CodeExpired, CodeUsed, TooManyAttempts, CardReplaced, CardOfAnotherMerchant, CardLost,
        StoreNeeded, StoreNotInContract, StoreClosed, CardUnpaid, AgreementFrozen, CardSettled, CardExpired, CardPaused, CardUsedUp,
        TooManySessions, AmountTooLarge, LotsTooSmall, AmountNeeded, SessionsNeeded, SessionsNotCharged, CheckInIsFree, InvalidAmount,
        InvalidUnits; ListPriceTooLarge, NothingToCharge of a discount card; LessonNeeded, OneLesson, LessonDay, LessonCharged of a
        course, NotACourse.
    """
    key = _full_key(staff, key)
    number, digits = codes.parse(code)
    lesson_class = " ".join(lesson_class.split())
    named = [lesson_class, lesson_on.isoformat() if lesson_on else None] if lesson_class or lesson_on else []
    body = _body_sha256([number, digits, units, amount_fen, store_id, note, *named])
    if replayed := _replayed(key, body):
        return replayed
    if units is not None and (isinstance(units, bool) or units < 1):
        raise InvalidUnits()
    if amount_fen is not None:
        check_fen(amount_fen)
    step = _shown_step(staff, number, digits, at_real)
    with transaction():
        card = Card.objects.select_for_update(of=("self",), no_key=True).filter(number=number).first()
        if card is None:  # replaced since its code was checked
            raise WrongCode()
        if replayed := _replayed(key, body):
            return replayed
        if card.issuer_id != staff.merchant_id:
            raise CardOfAnotherMerchant()
        if card.lost_at is not None:
            raise CardLost()
        lots = queries.lots_of(card=card)
        if Redemption.objects.filter(card__in=lots, code_step=step).exists():
            raise CodeUsed()
        store = _store_of(staff, store_id)
        _check_store(card, store)
        face = lot_for(lots, wanted=_wanted(card, units, amount_fen), today=clock.beijing_date(at))
        card, holding = face.card, face.holding
        if error := _NOT_HELD.get(holding.state):
            raise error()
        if face.has_expired:
            raise CardExpired(day=face.last_day)
        if face.is_paused:
            raise CardPaused()
        claim = _measure(card, holding, units, amount_fen, _lesson(card, lesson_class, lesson_on, at))
        use = None
        if claim.units:
            use = escrow.charge(
                beneficiary_id=holding.beneficiary_id,
                agreement_id=card.agreement_id,
                units=claim.units,
                final=claim.final,
                key=f"counter:{key}",
                reference=f"card:{card.number}",
                place=place_of(store),
                lesson=claim.lesson.id if claim.lesson else None,
                **({} if claim.final else _silence(card, at)),
                at=at,
                actor=actor,
            )
        redemption = Redemption.objects.create(
            card=card,
            use=use,
            store=store,
            cashier=staff,
            units=claim.units,
            list_fen=claim.list_fen,
            lesson_on=claim.lesson.on if claim.lesson else None,
            lesson_class=claim.lesson.name if claim.lesson else "",
            note=note,
            code_step=step,
            key=key,
            body_sha256=body,
            at=at,
        )
        audit.record(
            actor=actor,
            action="cards.charge",
            target=f"card:{card.pk}",
            after={"redemption": redemption.pk, "units": claim.units, "final": claim.final, "store": store.pk},
            at=at,
        )
        if redemption.silence_confirms:
            _tell_of_silence(redemption, at=at, actor=actor)
        else:
            after_commit(lambda: letters.charge_recorded(redemption, at=at))
    return redemption


def _silence(card: Card, at: datetime) -> dict[str, Any]:
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


def _shown_step(staff: StaffMember, number: str, digits: str, at_real: datetime) -> int:
    """The window of the shown code. An unknown card is a wrong code: the answer never tells which cards exist."""
    attempts.check(staff.pk)
    secret = Card.objects.filter(number=number).values_list("code_secret", flat=True).first()
    try:
        if secret is None:
            check_replaced(number=number, digits=digits, at_real=at_real)
            raise WrongCode()
        return codes.accepted_step(secret, digits, at_real)
    except WrongCode:
        attempts.failed(staff.pk)
        raise


def _store_of(staff: StaffMember, store_id: int | None) -> Store:
    """A cashier's own store; owners and managers name one, unless the merchant has only one."""
    if staff.store is not None:
        return staff.store
    if store_id is not None:
        return store_of(staff.merchant_id, store_id)
    stores = list(stores_of(staff.merchant_id)[:2])
    if len(stores) != 1:
        raise StoreNeeded()
    return stores[0]


def _check_store(card: Card, store: Store) -> None:
    if store.pk not in {premises.store_id for premises in card.version.terms.stores}:
        raise StoreNotInContract()
    if not store.is_open:
        raise StoreClosed()


@dataclass(frozen=True)
class _Lesson:
    """One lesson of a class on a day."""

    name: str
    on: date

    @property
    def id(self) -> str:
        """The same for the same class and day, however it was typed; what it means is not escrow's business."""
        name = unicodedata.normalize("NFKC", self.name).casefold()
        return f"{self.on.isoformat()}:{hashlib.sha256(name.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class _Claim:
    """What the charge would take: ``units`` (0: a check-in), and whether the scan alone makes them final."""

    units: int
    final: bool
    list_fen: int | None = None
    lesson: _Lesson | None = None


def _wanted(card: Card, units: int | None, amount_fen: int | None) -> int:
    """About how much it will come to, to find the payment it is drawn from; ``_measure`` refuses what is no figure of the card."""
    if card.version.plan == Plan.DISCOUNT:
        return card.version.discounted(amount_fen or 0)
    return (amount_fen if card.version.plan == Plan.STORED_VALUE else units) or 1


def _lesson(card: Card, name: str, on: date | None, at: datetime) -> _Lesson | None:
    if card.version.plan != Plan.COURSE:
        if name or on:
            raise NotACourse()
        return None
    if not name:
        raise LessonNeeded()
    today, paid_at = clock.beijing_date(at), card.agreement.funded_at
    since = clock.beijing_date(paid_at) if paid_at else today
    lesson = _Lesson(name, on or today)
    if not since <= lesson.on <= today:
        raise LessonDay(since=since.isoformat())
    return lesson


def _measure(card: Card, holding: Holding, units: int | None, amount_fen: int | None, lesson: _Lesson | None) -> _Claim:
    """What is charged, by the card's plan; every plan refuses figures that are not its own."""
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
            _check_left(holding)
            units = units or 1
            if units > holding.units_left:
                raise TooManySessions(left=holding.units_left)
            return _Claim(units, units == 1)
        case Plan.COURSE:
            if amount_fen is not None or units not in {None, 1}:
                raise OneLesson()
            _check_left(holding)
            return _Claim(1, False, lesson=lesson)
        case Plan.STORED_VALUE | Plan.DISCOUNT:
            if amount_fen is None:
                raise AmountNeeded()
            if units is not None:
                raise SessionsNotCharged()
            _check_left(holding)
            return _amount(card, holding, amount_fen)


def _check_left(holding: Holding) -> None:
    if holding.units_left == 0:
        raise CardUsedUp()


def _amount(card: Card, holding: Holding, amount_fen: int) -> _Claim:
    """The displayed price, or what a discount card gives for it."""
    version, left = card.version, holding.units_left
    most_at_once = version.visit_price_fen or 0
    if version.plan != Plan.DISCOUNT:
        if amount_fen > left:
            raise AmountTooLarge(left=yuan(left))
        return _Claim(amount_fen, amount_fen <= most_at_once)
    charged = version.discounted(amount_fen)
    if charged == 0:
        raise NothingToCharge()
    if charged > left:
        raise ListPriceTooLarge(left=yuan(left), most=yuan(version.list_fen_for(left)))
    return _Claim(charged, charged <= most_at_once, list_fen=amount_fen)

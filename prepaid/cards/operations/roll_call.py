"""Calling a class's roll: who was there is charged a lesson, in one deed for the whole class; who was absent never is.

Nobody shows a code for each lesson, so a lesson can be charged only to cards that were once shown at the class and put on its
roll, and it always waits for the holder's answer, like every lesson (docs/cards.md, "Roll-call").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django.db.models import QuerySet

from escrow import audit, clock
from escrow import operations as escrow
from escrow.errors import DomainError, NotFound
from escrow.models import Use
from escrow.states import OPEN_USES, Plan, UseState
from escrow.transactions import CONSTRAINT_ERRORS, after_commit, transaction
from prepaid.cards import codes, queries
from prepaid.cards.errors import (
    AlreadyOnRoll,
    CardLost,
    CardOfAnotherMerchant,
    ClassNameNeeded,
    CodeUsed,
    OnlyCourses,
    RollInFuture,
    WrongCode,
)
from prepaid.cards.models import Attendance, Card, Learner, Lesson, Redemption, TaughtClass, class_key
from prepaid.cards.operations import counter, letters
from prepaid.cards.operations.answers import undo_redemption
from prepaid.cards.states import CHARGED_MARKS, Mark
from prepaid.merchants.models import StaffMember
from prepaid.merchants.queries import place_of

CONSTRAINT_ERRORS["learner_once_per_class"] = AlreadyOnRoll
CONSTRAINT_ERRORS["learner_code_once"] = CodeUsed
NAME_LENGTH = 40
#: What a charge may have become and still be taken back.
_STANDS = (*OPEN_USES, UseState.FINAL)


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What a form says of one learner; ``seen``: the revision it showed, 0 where nothing was marked yet."""

    learner_id: int
    mark: Mark
    seen: int = 0


@dataclass(frozen=True, kw_only=True)
class Line:
    """What became of it: ``attendance`` as it is recorded now, ``error`` why nothing was changed. Neither new nor refused: it was
    recorded before, perhaps by somebody else and otherwise than this form says."""

    learner_id: int
    attendance: Attendance | None = None
    error: DomainError | None = None
    is_new: bool = False


def open_class(*, staff: StaffMember, name: str, store_id: int | None = None, at: datetime, actor: str) -> TaughtClass:
    """A class at the cashier's store, or at the one that owners and managers name. The same name is the same class.

    Raises:
        ClassNameNeeded, StoreNeeded, NotFound.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise ClassNameNeeded()
    store = counter.store_of_staff(staff, store_id)
    with transaction():
        taught, is_new = TaughtClass.objects.get_or_create(
            store=store, name_key=class_key(name), defaults={"name": name, "opened_at": at}
        )
        if is_new:
            audit.record(
                actor=actor, action="cards.open_class", target=f"store:{store.pk}", after={"class": taught.pk}, at=at
            )
    return taught


def add_learner(
    *,
    staff: StaffMember,
    class_id: int,
    code: str,
    name: str = "",
    only_on: date | None = None,
    at: datetime,
    at_real: datetime,
    actor: str,
) -> Learner:
    """Put the card whose code was shown on the class's roll, or (``only_on``) make it a guest of that day. Nothing is charged;
    the holder is told, and may leave (``leave_class``).

    Raises:
        NotFound: another store's class. CodeUnreadable, WrongCode, CodeExpired, CodeUsed, TooManyAttempts: as ``charge_card``.
        CardOfAnotherMerchant, CardLost, OnlyCourses, StoreNotInContract, StoreClosed, CardUnpaid, AgreementFrozen, CardSettled,
        CardExpired, CardPaused; AlreadyOnRoll.
    """
    taught = queries.class_of(staff=staff, class_id=class_id)
    number, digits = codes.parse(code)
    step = counter.shown_step(staff, number, digits, at_real)
    with transaction():
        found = _locked(number=number)
        if not found:  # replaced since its code was checked
            raise WrongCode()
        card = found[0]
        if card.issuer_id != staff.merchant_id:
            raise CardOfAnotherMerchant()
        if card.lost_at is not None:
            raise CardLost()
        counter.check_unused(card, queries.lots_of(card=card), step)
        if card.version.plan != Plan.COURSE:
            raise OnlyCourses()
        counter.check_store(card, taught.store)
        counter.check_usable(queries.usable_faces(cards=[card], today=clock.beijing_date(at))[card.pk])
        before = Learner.objects.filter(taught_class=taught, card=card, left_at=None).first()
        if before is not None:
            if before.only_on is None or before.only_on == only_on:
                raise AlreadyOnRoll()
            _leave(before, at)  # was a guest of another day
        learner = Learner.objects.create(
            taught_class=taught,
            card=card,
            name=" ".join(name.split())[:20],
            only_on=only_on,
            code_step=step,
            added_at=at,
            added_by=staff,
        )
        audit.record(
            actor=actor,
            action="cards.add_learner",
            target=f"card:{card.pk}",
            after={"learner": learner.pk, "class": taught.pk, "only_on": only_on.isoformat() if only_on else None},
            at=at,
        )
        after_commit(lambda: letters.put_on_roll(learner, at=at))
    return learner


def remove_learner(*, staff: StaffMember, learner_id: int, at: datetime, actor: str) -> Learner:
    """The store takes a card off the roll. What was marked stays. Raises ``NotFound``."""
    learner = Learner.objects.filter(pk=learner_id).select_related("taught_class__store").first()
    if learner is None:
        raise NotFound()
    queries.class_of(staff=staff, class_id=learner.taught_class_id)
    return _taken_off(learner, at, actor)


def leave_class(*, holder_id: int, learner_id: int, at: datetime, actor: str) -> Learner:
    """The holder takes a card off the roll: from now on its lessons take a shown code again. Raises ``NotFound``."""
    learner = Learner.objects.filter(pk=learner_id, card__holder_id=holder_id).select_related("taught_class").first()
    if learner is None:
        raise NotFound()
    return _taken_off(learner, at, actor)


def _taken_off(learner: Learner, at: datetime, actor: str) -> Learner:
    with transaction():
        if _leave(learner, at):
            audit.record(
                actor=actor,
                action="cards.remove_learner",
                target=f"card:{learner.card_id}",
                before={"learner": learner.pk, "class": learner.taught_class_id},
                at=at,
            )
    return learner


def _leave(learner: Learner, at: datetime) -> bool:
    return bool(Learner.objects.filter(pk=learner.pk, left_at=None).update(left_at=at))


def call_roll(
    *, staff: StaffMember, class_id: int, on: date, marks: Sequence[Marked], at: datetime, actor: str
) -> list[Line]:
    """Record who was there on that day, and charge a lesson for each who was: one record per card, class and day, whoever calls
    the roll and however often. A mark that the form has seen is corrected: where a lesson was charged for it, that charge is
    taken back as at the counter, or the correction is refused.

    Each line is done or refused by itself; the charges of all are one deed.

    Raises:
        NotFound: another store's class. RollInFuture, StoreClosed.
    """
    taught = queries.class_of(staff=staff, class_id=class_id)
    if on > clock.beijing_date(at):
        raise RollInFuture()
    by_learner = {one.learner_id: one for one in marks}
    roll = {learner.pk: learner for learner in queries.learners_on(taught, on) if learner.pk in by_learner}
    charged = set(_attendances(taught.pk, on).exclude(redemption=None).values_list("card_id", flat=True))
    lines: dict[int, Line] = {}
    for learner in roll.values():  # before the charges: a final charge is undone alone with the merchant's earnings
        one = by_learner[learner.pk]
        if learner.card_id in charged and one.mark not in CHARGED_MARKS:
            lines[learner.pk] = _corrected(staff, learner, on, one, at, actor)
    rest = [(learner, by_learner[pk]) for pk, learner in roll.items() if pk not in lines]
    lines |= _recorded(staff, taught, on, rest, at, actor) if rest else {}
    return [lines[one.learner_id] for one in marks if one.learner_id in lines]


def _corrected(staff: StaffMember, learner: Learner, on: date, one: Marked, at: datetime, actor: str) -> Line:
    """Not there after all: the charge made for it is taken back while the counter could, then the mark is changed."""
    try:
        with transaction():
            _locked(pk=learner.card_id)
            attendance = _attendances(learner.taught_class_id, on).get(card_id=learner.card_id)
            if attendance.revision != one.seen or attendance.mark == one.mark:
                return Line(learner_id=learner.pk, attendance=attendance)
            charge = attendance.redemption
            if charge is not None and charge.state in _STANDS:
                undo_redemption(staff=staff, redemption_id=charge.pk, at=at, actor=actor)
            _mark(attendance, one.mark, None, staff, at)
            _audit_roll(learner.taught_class_id, on, {learner.card_id: one.mark}, at, actor)
    except DomainError as error:
        recorded = _attendances(learner.taught_class_id, on).filter(card_id=learner.card_id).first()
        return Line(learner_id=learner.pk, attendance=recorded, error=error)
    return Line(learner_id=learner.pk, attendance=attendance, is_new=True)


def _recorded(
    staff: StaffMember,
    taught: TaughtClass,
    on: date,
    rest: Sequence[tuple[Learner, Marked]],
    at: datetime,
    actor: str,
) -> dict[int, Line]:
    """What is marked anew, with the charges of all of them in one deed."""
    lines: dict[int, Line] = {}
    new: dict[int, tuple[Learner, Marked]] = {}
    with transaction():
        cards = {card.pk: card for card in _locked(pk__in=[learner.card_id for learner, _one in rest])}
        found = {row.card_id: row for row in _attendances(taught.pk, on).filter(card_id__in=cards)}
        names = [learner.pk for learner, _one in rest]
        standing = set(Learner.objects.filter(pk__in=names, left_at=None).values_list("pk", flat=True))
        for learner, one in rest:
            if (
                learner.pk not in standing and learner.card_id not in found
            ):  # taken off, or the card taken over, just now
                continue
            before = found.get(learner.card_id)
            if before is not None and (before.revision != one.seen or before.mark == one.mark):
                lines[learner.pk] = Line(learner_id=learner.pk, attendance=before)
            else:
                new[learner.card_id] = (learner, one)
        to_charge = [
            cards[pk]
            for pk, (_learner, one) in new.items()
            if one.mark in CHARGED_MARKS and not (pk in found and found[pk].is_charged)
        ]
        revisions = {pk: row.revision + 1 for pk, row in found.items()}
        charges = _charge(staff, taught, on, to_charge, revisions, at, actor)
        for pk, (learner, one) in new.items():
            charge = charges.get(pk)
            if isinstance(charge, DomainError):
                lines[learner.pk] = Line(learner_id=learner.pk, attendance=found.get(pk), error=charge)
                continue
            row = found.get(pk) or Attendance(taught_class=taught, learner=learner, card=cards[pk], on=on, revision=0)
            kept = row.redemption if one.mark in CHARGED_MARKS else None
            _mark(row, one.mark, charge or kept, staff, at)
            lines[learner.pk] = Line(learner_id=learner.pk, attendance=row, is_new=True)
        done = {pk: one.mark for pk, (learner, one) in new.items() if lines[learner.pk].is_new}
        if done:
            _audit_roll(taught.pk, on, done, at, actor)
    return lines


def _charge(
    staff: StaffMember,
    taught: TaughtClass,
    on: date,
    cards: Sequence[Card],
    revisions: dict[int, int],
    at: datetime,
    actor: str,
) -> dict[int, Redemption | DomainError]:
    """A lesson reserved on each of the cards, or why not, by card id. A lesson that was charged at the store's counter with a
    shown code is that lesson."""
    lesson, today = taught.lesson(on), clock.beijing_date(at)
    result: dict[int, Redemption | DomainError] = dict(queries.lessons_charged(taught, on, cards))
    open_cards = [card for card in cards if card.pk not in result]
    faces = queries.usable_faces(cards=open_cards, today=today)
    chargeable: list[Card] = []
    for card in open_cards:
        try:
            if card.lost_at is not None:
                raise CardLost()
            counter.check_store(card, taught.store)
            counter.check_usable(faces[card.pk])
            counter.check_lesson_day(card, lesson, at)
            counter.check_left(faces[card.pk].holding)
        except DomainError as error:
            result[card.pk] = error
        else:
            chargeable.append(card)
    if not chargeable:
        return result
    lots = {card.pk: faces[card.pk].card for card in chargeable}  # the payment that each lesson is drawn from
    silence = counter.silence_of(chargeable[0], at)  # all are one merchant's
    keys = {card.pk: f"roll:{taught.pk}:{on.isoformat()}:{card.pk}:{revisions.get(card.pk, 1)}" for card in chargeable}
    commands = [
        escrow.Charge(
            beneficiary_id=lots[card.pk].agreement.beneficiary_id,
            agreement_id=lots[card.pk].agreement_id,
            units=1,
            final=False,
            key=keys[card.pk],
            reference=f"card:{lots[card.pk].number}",
            place=place_of(taught.store),
            lesson=lesson.id,
            **silence,
        )
        for card in chargeable
    ]
    charged: dict[int, Redemption] = {}
    for card, use in zip(chargeable, escrow.charge_many(commands, at=at, actor=actor), strict=True):
        if isinstance(use, DomainError):
            result[card.pk] = use
        else:
            charged[card.pk] = _redemption(lots[card.pk], use, taught, lesson, keys[card.pk], staff, at)
    Redemption.objects.bulk_create(charged.values())
    for pk, redemption in charged.items():
        result[pk] = redemption
        audit.record(
            actor=actor,
            action="cards.charge",
            target=f"card:{redemption.card_id}",
            after={
                "redemption": redemption.pk,
                "units": 1,
                "final": False,
                "store": taught.store_id,
                "class": taught.pk,
            },
            at=at,
        )
        counter.announce(redemption, at=at, actor=actor)
    return result


def _redemption(
    card: Card, use: Use, taught: TaughtClass, lesson: Lesson, key: str, staff: StaffMember, at: datetime
) -> Redemption:
    return Redemption(
        card=card,
        use=use,
        store=taught.store,
        cashier=staff,
        units=1,
        lesson_on=lesson.on,
        lesson_class=taught.name,
        by_roll_call=True,
        key=key,
        body_sha256=sha256(key.encode()).hexdigest(),
        at=at,
    )


def _mark(row: Attendance, mark: Mark, redemption: Redemption | None, staff: StaffMember, at: datetime) -> None:
    row.mark, row.redemption, row.revision = mark, redemption, row.revision + 1
    row.cashier, row.at = staff, at
    row.save()


def _attendances(class_id: int, on: date) -> QuerySet[Attendance]:
    return Attendance.objects.filter(taught_class_id=class_id, on=on).select_related("redemption__use", "cashier__user")


def _locked(**which: object) -> list[Card]:
    """These cards, locked in one order: who calls the same roll waits, then sees what was recorded."""
    cards = Card.objects.select_for_update(no_key=True).filter(**which).order_by("pk").values_list("pk", flat=True)
    # Read once they are locked: a join of before would lose a card that was taken over meanwhile.
    found = Card.objects.select_related("agreement", "issuer", "version__product", "holder")
    return list(found.filter(pk__in=list(cards)).order_by("pk"))


def _audit_roll(class_id: int, on: date, marks: dict[int, Mark], at: datetime, actor: str) -> None:
    """One row for the deed, with each card's mark."""
    audit.record(
        actor=actor,
        action="cards.call_roll",
        target=f"class:{class_id}",
        after={"on": on.isoformat(), "marks": {str(pk): str(mark) for pk, mark in marks.items()}},
        at=at,
    )

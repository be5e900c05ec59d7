"""What the roll of a class shows: to the store that calls it, and to the holder of a card on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from escrow.errors import NotFound
from escrow.states import OPEN_USES, UseState
from prepaid.cards.models import Attendance, Card, Learner, Redemption, TaughtClass
from prepaid.cards.queries.top_ups import usable_faces
from prepaid.cards.queries.wallet import CardFace
from prepaid.merchants.models import StaffMember


def classes_of(*, staff: StaffMember, today: date) -> QuerySet[TaughtClass]:
    """The classes at the cashier's store, or at all of the merchant's for owners and managers; each with ``on_roll``, how many
    cards are on its roll, and ``marked``, how many are marked today."""
    on_roll = Q(learners__left_at=None) & (Q(learners__only_on=None) | Q(learners__only_on=today))
    return (
        _classes(staff)
        .annotate(
            on_roll=Count("learners", filter=on_roll, distinct=True),
            marked=Count("attendances", filter=Q(attendances__on=today), distinct=True),
        )
        .order_by("store_id", "name", "pk")
    )


def class_of(*, staff: StaffMember, class_id: int) -> TaughtClass:
    """Raises ``NotFound``, also for a class of another merchant, or of another store than the cashier's."""
    taught = _classes(staff).filter(pk=class_id).first()
    if taught is None:
        raise NotFound()
    return taught


def _classes(staff: StaffMember) -> QuerySet[TaughtClass]:
    classes = TaughtClass.objects.filter(store__merchant_id=staff.merchant_id).select_related("store")
    return classes.filter(store_id=staff.store_id) if staff.store_id is not None else classes


def learners_on(taught: TaughtClass, on: date) -> list[Learner]:
    """Who is on the roll on that day, guests of the day too, and who was marked then and has left since; each card once."""
    standing = Q(left_at=None) & (Q(only_on=None) | Q(only_on=on))
    marked = Exists(Attendance.objects.filter(learner=OuterRef("pk"), on=on))
    rows = Learner.objects.filter(taught_class=taught).filter(standing | Q(marked))
    rows = rows.select_related("card__agreement", "card__holder", "card__version__product", "card__issuer")
    by_card: dict[int, Learner] = {}
    for learner in rows.order_by("pk"):
        if learner.card_id not in by_card or learner.left_at is None:
            by_card[learner.card_id] = learner
    return list(by_card.values())


def lessons_charged(taught: TaughtClass, on: date, cards: Iterable[Card]) -> dict[int, Redemption]:
    """Of these cards, by id, the lesson of that day that was charged at the store with a shown code and stands."""
    those = [card.pk for card in cards]
    rows = Redemption.objects.filter(
        Q(card__in=those) | Q(card__tops_up__in=those),
        store_id=taught.store_id,
        by_roll_call=False,
        use__lesson=taught.lesson(on).id,
        use__state__in=[*OPEN_USES, UseState.FINAL],
    )
    return {row.card.tops_up_id or row.card_id: row for row in rows.select_related("use", "card__version__product")}


@dataclass(frozen=True, kw_only=True)
class RollRow:
    """One learner of the roll on a day. ``charged``: the lesson was charged at the counter and is not marked yet."""

    learner: Learner
    face: CardFace
    attendance: Attendance | None
    charged: Redemption | None

    @property
    def seen(self) -> int:
        """The revision that a form shows."""
        return self.attendance.revision if self.attendance else 0


def roll(taught: TaughtClass, on: date, *, today: date) -> list[RollRow]:
    """The roll of that day, by the learners' names."""
    learners = sorted(learners_on(taught, on), key=lambda learner: (str(learner), learner.pk))
    cards = [learner.card for learner in learners]
    rows = Attendance.objects.filter(taught_class=taught, on=on)
    rows = rows.select_related("redemption__use", "redemption__card__version__product", "cashier__user")
    marked = {row.card_id: row for row in rows}
    charged = lessons_charged(taught, on, [card for card in cards if card.pk not in marked])
    faces = usable_faces(cards=cards, today=today)
    return [
        RollRow(learner=learner, face=faces[card.pk], attendance=marked.get(card.pk), charged=charged.get(card.pk))
        for learner, card in zip(learners, cards, strict=True)
    ]


def rolls_of(*, card: Card, today: date) -> list[Learner]:
    """The rolls that the card is on, for its holder."""
    rows = Learner.objects.filter(Q(only_on=None) | Q(only_on__gte=today), card=card, left_at=None)
    return list(rows.select_related("taught_class__store"))

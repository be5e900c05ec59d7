"""Questions about cards sold before a merchant joined: whose they are, what of them is not backed, and by when it will be."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Case, Exists, OuterRef, QuerySet, When

from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.once import once
from escrow.states import COUNTED_PLANS, Plan
from prepaid.merchants.models import Closing, ExistingCard, Merchant
from prepaid.merchants.models.existing import ExistingCardQuerySet
from prepaid.merchants.states import ExistingState
from prepaid.notices import phones
from prepaid.people.models import User, masked_name

#: What is not used of each card of ``WHERE``, by merchant, beside the plan in force (``ExistingCard.worth_on``).
_UNBACKED = """
    SELECT c.merchant_id, count(*), sum(c.worth)::bigint,
           coalesce(sum(c.worth) FILTER (WHERE c.id <= p.last_card_id), 0)::bigint,
           min(c.imported_at) FILTER (WHERE p.id IS NULL OR c.id > p.last_card_id), p.id, p.total_fen,
           (SELECT plan_within_days FROM merchants_existingcardrule WHERE valid_from <= %(on)s ORDER BY valid_from DESC LIMIT 1),
           (SELECT json_agg(json_build_array(due_on, amount_fen) ORDER BY due_on) FROM merchants_instalment WHERE plan_id = p.id)
    FROM (SELECT id, merchant_id, imported_at, paid_fen - paid_fen * (units_total - units) / units_total AS worth
          FROM (SELECT e.*, CASE kind WHEN 'period' THEN greatest(0, units_left - greatest(0, %(on)s::date - as_of))
                                      ELSE units_left END AS units
                FROM merchants_existingcard e WHERE merchant_id = ANY(%(of)s) AND state <> 'ended') e) c
    LEFT JOIN merchants_fundingplan p ON p.merchant_id = c.merchant_id AND p.replaced_at IS NULL
    WHERE c.worth > 0 GROUP BY c.merchant_id, p.id"""


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One instalment: by the end of its day at most ``ceiling_fen`` of what the plan covers stands without backing."""

    due_on: date
    amount_fen: int
    ceiling_fen: int
    state: str  # done, due or overdue


@dataclass(frozen=True, kw_only=True)
class Unbacked:
    """What a merchant's customers paid before it joined and have not used: nobody but the merchant has it (fen).
    ``covered_fen``: of it what the plan in force is about, which came to ``planned_fen`` when it was made;
    ``unplanned_since``: the day of the earliest card that no plan covers, ``plan_due_on`` the last day to plan for it."""

    cards: int = 0
    sum_fen: int = 0
    covered_fen: int = 0
    unplanned_since: date | None = None
    plan_due_on: date | None = None
    plan_id: int | None = None
    planned_fen: int = 0
    steps: tuple[PlanStep, ...] = ()

    @property
    def missed(self) -> PlanStep | None:
        """The first instalment that is overdue."""
        return next((step for step in self.steps if step.state == "overdue"), None)

    @property
    def next(self) -> PlanStep | None:
        """The next instalment that is to come."""
        return next((step for step in self.steps if step.state == "due"), None)

    @property
    def is_planned(self) -> bool:
        """There is something, and a plan covers all of it."""
        return self.plan_id is not None and self.unplanned_since is None

    def overdue_fen_on(self, day: date) -> int:
        """By how much more than planned stands unbacked at the beginning of that day."""
        ceiling_fen = self.ceiling_on(day - timedelta(days=1))
        return 0 if ceiling_fen is None else max(0, self.covered_fen - ceiling_fen)

    def ceiling_on(self, day: date) -> int | None:
        """What of the covered sum may stand without backing once that day has passed; None without a plan."""
        if self.plan_id is None:
            return None
        return min([step.ceiling_fen for step in self.steps if step.due_on <= day], default=self.planned_fen)


def unbacked_of(merchants: Collection[Merchant], *, on: date) -> dict[int, Unbacked]:
    """By merchant id, of those that have any. One query a page."""
    return once(("unbacked", frozenset(merchant.pk for merchant in merchants), on), lambda: _unbacked_of(merchants, on))


def _unbacked_of(merchants: Collection[Merchant], on: date) -> dict[int, Unbacked]:
    with connection.cursor() as cursor:
        cursor.execute(_UNBACKED, {"on": on, "of": [merchant.pk for merchant in merchants]})
        rows = cursor.fetchall()
    return {
        merchant_id: Unbacked(
            cards=cards,
            sum_fen=sum_fen,
            covered_fen=covered_fen,
            unplanned_since=beijing_date(since) if since else None,
            plan_due_on=beijing_date(since) + timedelta(days=within_days) if since else None,
            plan_id=plan_id,
            planned_fen=planned_fen or 0,
            steps=tuple(_steps(planned_fen, parts, covered_fen, on)) if plan_id else (),
        )
        for merchant_id, cards, sum_fen, covered_fen, since, plan_id, planned_fen, within_days, parts in rows
    }


def unbacked(merchant: Merchant, *, on: date) -> Unbacked:
    """Of one merchant."""
    return unbacked_of([merchant], on=on).get(merchant.pk, Unbacked())


def _steps(planned_fen: int, parts: list[tuple[str, int]], covered_fen: int, on: date) -> Iterable[PlanStep]:
    left = planned_fen
    for day, amount_fen in parts:
        due_on = date.fromisoformat(day)
        left -= amount_fen
        state = "done" if covered_fen <= left else "overdue" if due_on < on else "due"
        yield PlanStep(due_on=due_on, amount_fen=amount_fen, ceiling_fen=left, state=state)


def existing_cards_of(merchant_id: int) -> ExistingCardQuerySet:
    """The merchant's, those that their holders contest first, then those not answered yet."""
    order = Case(
        When(state=ExistingState.CONTESTED, then=0),
        When(state=ExistingState.ASKED, then=1),
        When(state=ExistingState.CONFIRMED, then=2),
        default=3,
    )
    return ExistingCard.objects.filter(merchant_id=merchant_id).order_by(order, "-pk")


def existing_card_of(merchant_id: int, card_id: int) -> ExistingCard:
    """One of that merchant's. Raises NotFound, also for another's."""
    card = existing_cards_of(merchant_id).select_related("merchant").filter(pk=card_id).first()
    if card is None:
        raise NotFound()
    return card


def existing_cards_with(user: User) -> "QuerySet[ExistingCard]":
    """The person's, those to answer first."""
    asked = Case(When(state=ExistingState.ASKED, then=0), default=1)
    cards = ExistingCard.objects.held_by(user).living()
    return cards.select_related("merchant__sector").order_by(asked, "-pk")


def existing_cards_ever_with(user: User) -> "QuerySet[ExistingCard]":
    """The person's, also those that are over, the newest first."""
    return ExistingCard.objects.held_by(user).select_related("merchant")


def existing_card_with(user: User, card_id: int) -> ExistingCard:
    """One of the person's, also when it is over. Raises NotFound, also for another's."""
    rows = ExistingCard.objects.held_by(user).select_related("merchant__sector__lead_department", "merchant__district")
    card = rows.filter(pk=card_id).first()
    if card is None:
        raise NotFound()
    return card


@dataclass(frozen=True, kw_only=True)
class ExistingFace:
    """An earlier card and what is left on it on a day: ``left`` in words, ``units`` and ``worth_fen`` as they count, ``asked`` the
    figure that the holder is to answer."""

    card: ExistingCard
    left: str
    units: int
    worth_fen: int
    asked_units: int

    @property
    def asked(self) -> str:
        return self.card.figure_of(self.asked_units)

    @property
    def holder(self) -> str:
        """As others may see it: the family name and the masked number."""
        name, phone = self.card.name, phones.masked(self.card.phone) if self.card.phone else "–"
        return f"{masked_name(name)} {phone}" if name else phone


def existing_face(card: ExistingCard, *, on: date) -> ExistingFace:
    """The card as it stands on that day."""
    units = card.left_on(on)
    return ExistingFace(
        card=card, left=card.figure_of(units), units=units, worth_fen=card.worth_on(on), asked_units=card.asked_on(on)
    )


def existing_faces(user: User, *, on: date) -> list[ExistingFace]:
    """The person's earlier cards, those to answer first. One query."""
    return [existing_face(card, on=on) for card in existing_cards_with(user)]


@dataclass(frozen=True, kw_only=True)
class ExistingHolding:
    """What one person holds of a merchant's earlier cards, as the sector's caps count it."""

    fen: int = 0
    sessions: int = 0
    days: int = 0


def existing_holding(user: User, merchant: Merchant, *, on: date) -> ExistingHolding:
    """What the caps add to what is bought here. A card that the person says is none of theirs is not counted, whatever the
    merchant has answered."""
    mine = ExistingCard.objects.held_by(user).living().filter(merchant=merchant)
    cards = [card for card in mine if card.claimed_left != 0]
    return ExistingHolding(
        fen=sum(card.worth_on(on) for card in cards),
        sessions=sum(card.left_on(on) for card in cards if card.kind in COUNTED_PLANS),
        days=sum(
            max(0, (card.expires_on - on).days)
            for card in cards
            if card.expires_on is not None and card.left_on(on) and card.kind != Plan.PERIOD
        )
        + sum(card.left_on(on) for card in cards if card.kind == Plan.PERIOD),
    )


def closings_to_tell_existing() -> list[int]:
    """Ids of closings of whole merchants that holders of earlier cards were not all told of."""
    untold = ExistingCard.objects.untold_of(OuterRef("pk")).filter(merchant_id=OuterRef("merchant_id"))
    rows = Closing.objects.announced().filter(Exists(untold), store=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))

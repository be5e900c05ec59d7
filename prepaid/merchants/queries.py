"""Questions about sectors, merchants, their stores and the people who work there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from escrow import queries as escrow
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.models import Agreement, AuditEntry, Claim, EarlyReleaseRule, LegalHold, Payout, ReserveRule, Stoppage
from escrow.money import yuan
from escrow.once import once
from escrow.states import COUNTED_PLANS, Plan, Reason, StoppageKind
from prepaid.merchants import addresses
from prepaid.merchants.errors import AddressAmbiguous, AddressOutsideBeijing, CashierNeedsStore, UnknownSector
from prepaid.merchants.forecast import EarlyFigures
from prepaid.merchants.models import (
    Closing,
    CustodyRule,
    ExistingCard,
    Handover,
    InvitedMerchant,
    Listing,
    ListKind,
    Merchant,
    Sector,
    SectorRule,
    StaffMember,
    StaffRole,
    Store,
)
from prepaid.merchants.models.existing import ExistingCardQuerySet
from prepaid.merchants.states import ExistingState, HandoverState, InvitedState
from prepaid.notices import phones
from prepaid.people.models import Division, DivisionLevel, Post, User, masked_name

#: Percent that stay in custody whatever a rule says.
LEAST_CUSTODY = 10
DAYS_OF_WEEK = 7


def current(on: date) -> Q:
    """Rows of dated reference data that hold on that day."""
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gte=on))


def sectors(*, on: date) -> QuerySet[Sector]:
    """The sectors a merchant may choose."""
    return Sector.objects.filter(current(on)).select_related("lead_department", "enforcer")


def places_and_sectors(*, on: date) -> dict[str, list[tuple[str, str]]]:
    """The codes and names, in the language of the request, of every ``district`` and ``sector``, by code; one question."""
    name = "name_zh" if (get_language() or "zh").startswith("zh") else "name_en"
    rows = districts(on=on).values_list(Value("district"), "code", name)
    rows = rows.union(Sector.objects.filter(current(on)).values_list(Value("sector"), "code", name))
    found: dict[str, list[tuple[str, str]]] = {"district": [], "sector": []}
    for kind, code, called in sorted(rows):
        found[kind].append((code, called))
    return found


def sector_rule(sector_code: str, on: date) -> SectorRule:
    """The numbers of the sector on that day: its latest row that has begun.

    Raises:
        UnknownSector: no such sector, or no row has begun.
    """
    return once(("sector_rule", sector_code, on), lambda: _sector_rule(sector_code, on))


def _sector_rule(sector_code: str, on: date) -> SectorRule:
    rule = (
        SectorRule.objects.filter(sector_id=sector_code, valid_from__lte=on)
        .select_related("sector__lead_department", "sector__enforcer")
        .order_by("-valid_from")
        .first()
    )
    if rule is None:
        raise UnknownSector()
    return rule


@dataclass(frozen=True, kw_only=True)
class LegalCustody:
    """The least that must stay in custody, and by which source."""

    percent: int
    basis: str
    by_rating: bool = False


def legal_custody(merchant: Merchant, on: date) -> LegalCustody:
    """What the rules ask of that merchant on that day. A change of the operator takes the rating away but frees no money: until
    the merchant is rated anew the stricter holds of *unrated* and the rating it had. Raises ``UnknownSector``."""
    legal = custody_least(merchant.sector_id, merchant.rating, on=on)
    if merchant.rating or not legal.by_rating:
        return legal
    last = Handover.objects.filter(merchant=merchant).exclude(rating_before="").first()
    before = custody_least(merchant.sector_id, last.rating_before, on=on) if last else legal
    return max(legal, before, key=lambda one: one.percent)


def custody_least(sector_code: str, rating: str, *, on: date) -> LegalCustody:
    """What the rules ask for on that day, by sector and rating. A tenth stays in any case: an agreement is never without money
    of its own. Raises ``UnknownSector``."""
    rule = CustodyRule.objects.current(sector_code=sector_code, rating=rating, on=on)
    if rule is not None:
        return LegalCustody(percent=rule.percent, basis=rule.basis, by_rating=True)
    general = sector_rule(sector_code, on)
    return LegalCustody(percent=max(LEAST_CUSTODY, general.custody_percent), basis=general.basis)


def early_figures(*, on: date) -> EarlyFigures | None:
    """How early release is earned, in whole weeks: what is waited for rounded up, what is granted rounded down. None: there is
    no rule, and nothing is released early."""
    rule = EarlyReleaseRule.objects.current(on)
    if rule is None:
        return None
    return EarlyFigures(
        cooling_weeks=-(-rule.cooling_off_days // DAYS_OF_WEEK),
        proven_weeks=-(-rule.proven_days // DAYS_OF_WEEK),
        window_weeks=max(1, rule.window_days // DAYS_OF_WEEK),
        cap_weeks=rule.cap_days // DAYS_OF_WEEK,
    )


def districts(*, on: date) -> QuerySet[Division]:
    """The districts of Beijing."""
    return Division.objects.filter(current(on), level=DivisionLevel.DISTRICT)


def subdistricts(*, on: date) -> QuerySet[Division]:
    """Subdistricts and towns, each with its district."""
    return Division.objects.filter(current(on), level=DivisionLevel.SUBDISTRICT).select_related("parent")


def resolve_address(text: str, *, on: date) -> tuple[Division, Division]:
    """District and subdistrict of an address, a guess to be shown for correction.

    Raises:
        AddressOutsideBeijing: no district of Beijing, or no subdistrict, can be told from it.
        AddressAmbiguous: several subdistricts fit; ``details["candidates"]`` names them.
    """
    named: dict[str, list[addresses.Place]] = {level: [] for level in DivisionLevel.values}
    for code, level, name, parent in Division.objects.filter(current(on)).values_list(
        "code", "level", "name_zh", "parent_id"
    ):
        named[level].append(addresses.Place(code, name, parent))
    found = addresses.resolve(
        text,
        districts=named[DivisionLevel.DISTRICT],
        subdistricts=named[DivisionLevel.SUBDISTRICT],
        communities=named[DivisionLevel.COMMUNITY],
    )
    if not found.subdistricts:
        raise AddressOutsideBeijing()
    divisions = list(Division.objects.filter(code__in=found.subdistricts).select_related("parent"))
    if len(divisions) > 1:
        names = ", ".join(f"{division.parent and division.parent.name} {division.name}" for division in divisions)
        raise AddressAmbiguous(candidates=names)
    assert divisions[0].parent is not None  # a constraint: only districts have no parent
    return divisions[0].parent, divisions[0]


def which_exist(**rows: QuerySet[Any]) -> set[str]:
    """Of these questions, by name, those that have any row at all, in one query."""
    asked = Sector.objects.values_list(*(Exists(found) for found in rows.values()))[:1]
    answers = next(iter(asked), ())
    return {name for name, has_rows in zip(rows, answers, strict=False) if has_rows}


def workplaces_of(user: User) -> list[StaffMember]:
    """Everywhere the user works now, first joined first."""
    return list(
        StaffMember.objects.filter(user=user, is_active=True)
        .select_related("merchant__sector", "merchant__district", "merchant__beneficiary", "store")
        .order_by("pk")
    )


def workplace(user: User, merchant_id: int | None = None) -> StaffMember:
    """Where the user works: at that merchant, or at the first of theirs.

    Raises:
        NotFound: they work nowhere, or not there.
    """
    for staff in workplaces_of(user):
        if merchant_id is None or staff.merchant_id == merchant_id:
            return staff
    raise NotFound()


def merchant_of_beneficiary(beneficiary_id: int) -> Merchant:
    """Whose custody account it is. Raises NotFound."""
    merchant = Merchant.objects.filter(beneficiary_id=beneficiary_id).first()
    if merchant is None:
        raise NotFound()
    return merchant


def with_handover(merchants: "QuerySet[Merchant]") -> "QuerySet[Merchant]":
    """Each with the change of who runs it, or where it is paid, that is being checked, else the last one that took effect:
    ``handover_state`` (None: there was none), ``handover_what`` (letters of ``Handover.PARTS``), and the days ``handover_reported``
    and ``handover_decided``. No query of its own."""
    rows = Handover.objects.filter(merchant=OuterRef("pk"), state__in=[HandoverState.OPEN, HandoverState.DONE])
    letters = [
        Case(When(**{column: ""}, then=Value("")), default=Value(letter), output_field=TextField())
        for letter, (column, _words) in Handover.PARTS.items()
    ]
    last = rows.annotate(letters=Concat(*letters, output_field=TextField())).order_by("-pk")
    return merchants.annotate(
        handover_state=Subquery(last.values("state")[:1]),
        handover_what=Subquery(last.values("letters")[:1]),
        handover_reported=Subquery(last.values("reported_at")[:1]),
        handover_decided=Subquery(last.values("decided_at")[:1]),
    )


def with_presence(rows: "QuerySet[Any]", *, merchant: str = "pk") -> "QuerySet[Any]":
    """Each with ``has_closings`` and ``has_earlier``: whether ``standing_closings`` and ``unbacked_of`` have anything to say of its
    merchant (the field ``merchant``). Most pages need not ask. No query of its own."""
    closings = Closing.objects.standing().filter(merchant_id=OuterRef(merchant))
    return rows.annotate(
        has_closings=Exists(closings),
        has_earlier=Exists(ExistingCard.objects.living().filter(merchant_id=OuterRef(merchant))),
    )


def handovers_of(merchant: Merchant) -> QuerySet[Handover]:
    """All of them, the newest first."""
    return Handover.objects.filter(merchant=merchant).select_related("reported_by__user").order_by("-pk")


def in_post(merchant: Merchant, post: Post) -> bool:
    """Whether the merchant belongs to the post: its sector's lead department, in the head office's district or the city."""
    return merchant.sector.lead_department_id == post.department_id and post.district_id in (None, merchant.district_id)


def with_rated_at(merchants: "QuerySet[Merchant]") -> "QuerySet[Merchant]":
    """Each with ``rated_at``: when it got its present rating; None when that was never written down."""
    target = Concat(Value("merchant:"), Cast(OuterRef("pk"), TextField()))
    deeds = AuditEntry.objects.filter(target=target, action="merchants.rate_merchant").order_by("-pk")
    return merchants.annotate(rated_at=Subquery(deeds.values("at")[:1]))


def stores_of(merchant_id: int) -> QuerySet[Store]:
    """The merchant's stores, closed ones last."""
    return (
        Store.objects.filter(merchant_id=merchant_id)
        .select_related("district", "subdistrict")
        .order_by("-is_open", "pk")
    )


def store_of(merchant_id: int, store_id: int) -> Store:
    """One store of that merchant. Raises NotFound, also for another's."""
    store = stores_of(merchant_id).filter(pk=store_id).first()
    if store is None:
        raise NotFound()
    return store


def staff_of(merchant_id: int) -> QuerySet[StaffMember]:
    """Everybody who works there now."""
    return StaffMember.objects.filter(merchant_id=merchant_id, is_active=True).select_related("user", "store")


def counter_store(staff: StaffMember, store_id: int | None = None) -> Store:
    """The store whose counter this person opens: a cashier's own, else the named or only open one.

    Raises:
        CashierNeedsStore, NotFound.
    """
    if staff.store is not None:
        return staff.store
    if store_id is not None:
        return store_of(staff.merchant_id, store_id)
    stores = list(stores_of(staff.merchant_id).filter(is_open=True)[:2])
    if len(stores) != 1:
        raise CashierNeedsStore()
    return stores[0]


def counter_staff(staff: StaffMember, store: Store | None = None) -> QuerySet[StaffMember]:
    """Who may stand at the counter of that store (without one: at any of the merchant's): its cashiers, owners and managers."""
    people = staff_of(staff.merchant_id).select_related(
        "user", "store", "pin", "merchant__sector", "merchant__district", "merchant__beneficiary"
    )
    return people.filter(Q(store=None) | Q(store=store)) if store is not None else people


def bound_to_counter(staff: StaffMember, store: Store) -> StaffMember:
    """The person with no more than a cashier's rights at that store. Never saved."""
    staff.role, staff.store = StaffRole.CASHIER, store
    return staff


def counter_person(at_work: StaffMember, *, staff_id: int, store_id: int) -> StaffMember | None:
    """Who took over the counter, as long as they work there and have their PIN; else None."""
    try:
        store = counter_store(at_work, store_id)
    except NotFound:
        return None
    if store.pk != store_id:  # who is signed in works elsewhere now
        return None
    person = counter_staff(at_work, store).filter(pk=staff_id, pin__isnull=False).first()
    return bound_to_counter(person, store) if person else None


def invited_in(rows: "QuerySet[InvitedMerchant]", post: Post) -> "QuerySet[InvitedMerchant]":
    """Of these, what belongs to the post: its department's sectors, in its district or in the whole city."""
    rows = rows.filter(sector__lead_department_id=post.department_id)
    return rows if post.is_citywide else rows.filter(district_id=post.district_id)


def invited_new(user: User) -> "QuerySet[InvitedMerchant]":
    """Merchants that people miss and nobody has spoken to, within the official's post."""
    rows = InvitedMerchant.objects.filter(state=InvitedState.NEW)
    return invited_in(rows, user.post) if user.is_regulator and user.post else rows.none()


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """What does not serve now: one store, or (None) the whole merchant."""

    stoppage: Stoppage
    store: Store | None

    @property
    def is_dark(self) -> bool:
        """No service at all; the other kinds are to be known, and stop nothing."""
        return self.stoppage.kind == StoppageKind.DARK

    @property
    def stops_all_sales(self) -> bool:
        """It is one of ``sales_stops``, which says it with its rule."""
        return self.store is None and self.stoppage.kind in _NOTHING_SOLD

    def covers(self, store: Store) -> bool:
        return self.store is None or self.store.pk == store.pk


def place_of(store: Store) -> str:
    """How escrow names the store."""
    return str(store.pk)


def stopped_at(merchants: Iterable[Merchant]) -> list[Stopped]:
    """What is stopped now at these merchants, the longest first."""
    rows = escrow.stoppages({merchant.beneficiary_id for merchant in merchants})
    stores = Store.objects.in_bulk([int(row.place) for row in rows if row.place.isdecimal()])
    return [Stopped(stoppage=row, store=stores.get(int(row.place)) if row.place.isdecimal() else None) for row in rows]


@dataclass(frozen=True, kw_only=True)
class SalesStop:
    """Why a merchant may not take prepayments, since when, and by which rule."""

    reason: str
    since: date
    article: str


#: Where the whole merchant does not serve, or nobody knows yet who runs it, nobody may be sold a card. A store alone that is
#: closed stops the cards of which it is the only store (``products.queries.sellable_version``).
_NOTHING_SOLD = (StoppageKind.DARK, StoppageKind.CHANGED_HANDS)


def sales_stops(
    merchants: Collection[Merchant],
    *,
    on: date,
    stopped: "Iterable[Stopped] | None" = None,
    closings: Iterable[Closing] | None = None,
    unbacked: "dict[int, Unbacked] | None" = None,
) -> dict[int, list[SalesStop]]:
    """What keeps these merchants from selling, renewing and topping up cards on that day, by merchant id, the longest first:
    the standing register (BJ 11, CR 22), that it does not serve, or will not, that its earlier cards are not backed as planned.
    Most of it does not exist: one query says what does, one more reads the sum of earlier cards, and one for each kind that there
    is. Who has read ``stopped_at``, ``standing_closings`` and ``unbacked_of`` hands them in."""
    by_beneficiary = {merchant.beneficiary_id: merchant.pk for merchant in merchants}
    stoppages, closed = escrow.stoppages(by_beneficiary), _standing(merchants)
    there = which_exist(
        listed=listings_of(merchants, on=on),
        **({"stopped": stoppages} if stopped is None else {}),
        **({"closed": closed} if closings is None else {}),
    )
    found = listed_stops(merchants if "listed" in there else [], on=on)
    found = {merchant.pk: found.get(merchant.pk, []) for merchant in merchants}
    for row in (one.stoppage for one in stopped) if stopped is not None else stoppages if "stopped" in there else ():
        if row.place == "" and row.kind in _NOTHING_SOLD:
            stop = SalesStop(
                reason=str(StoppageKind(row.kind).label),
                since=row.since,
                article=str(_("the platform's custody rules")),
            )
            found[by_beneficiary[row.beneficiary_id]].append(stop)
    for closing in closings if closings is not None else closed if "closed" in there else ():
        if closing.store_id is None and closing.ended_at is None:
            words = _("found closed, last served on %(day)s") if closing.was_found else _("closes after %(day)s")
            stop = SalesStop(
                reason=words % {"day": closing.last_day.isoformat()},
                since=beijing_date(closing.announced_at),
                article=str(_("Beijing regulations on single-purpose prepaid cards, art. 18")),
            )
            found[closing.merchant_id].append(stop)
    for merchant_id, owed in (unbacked_of(merchants, on=on) if unbacked is None else unbacked).items():
        found[merchant_id] += funding_stops(owed, on=on)
    return {pk: sorted(stops, key=lambda stop: stop.since) for pk, stops in found.items()}


def standing_closings(merchants: Iterable[Merchant]) -> list[Closing]:
    """What these merchants have announced and not withdrawn, or officials found, the next first; what took place stays for its
    customers to read. What still waits for a second official (``Closing.waits_for_second``) stops sales and is told nobody."""
    return list(_standing(merchants))


def _standing(merchants: Iterable[Merchant]) -> QuerySet[Closing]:
    rows = Closing.objects.standing().filter(merchant__in=[merchant.pk for merchant in merchants])
    return rows.select_related("store").order_by("ended_at", "last_day", "pk")


def listings_of(merchants: Collection[Merchant], *, on: date) -> QuerySet[Listing]:
    """Their entries in the standing register that hold on that day."""
    return Listing.objects.current(on).filter(uscc__in=[merchant.uscc for merchant in merchants])


def listed_stops(merchants: Collection[Merchant], *, on: date) -> dict[int, list[SalesStop]]:
    """Of ``sales_stops`` those of the standing register, in one query."""
    found: dict[int, list[SalesStop]] = {merchant.pk: [] for merchant in merchants}
    by_uscc = {merchant.uscc: merchant.pk for merchant in merchants}
    for listing in listings_of(merchants, on=on):
        stop = SalesStop(
            reason=f"{ListKind(listing.kind).label} · {listing.number}",
            since=listing.listed_on,
            article=listing.article,
        )
        found[by_uscc[listing.uscc]].append(stop)
    return found


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


def funding_stops(owed: Unbacked, *, on: date) -> list[SalesStop]:
    """Of ``sales_stops`` those of cards from before the merchant joined: no plan in time, or an instalment overdue."""
    article = str(_("the platform's rules on cards from before joining"))
    stops = []
    if owed.missed is not None:
        words = _("¥%(sum)s of earlier cards were to be backed by %(day)s")
        reason = words % {"sum": yuan(owed.overdue_fen_on(on)), "day": owed.missed.due_on.isoformat()}
        stops.append(SalesStop(reason=reason, since=owed.missed.due_on + timedelta(days=1), article=article))
    due_on = owed.plan_due_on
    if due_on is not None and due_on < on:
        reason = _("no plan to back ¥%(sum)s of earlier cards by %(day)s")
        reason %= {"sum": yuan(owed.sum_fen - owed.covered_fen), "day": due_on.isoformat()}
        stops.append(SalesStop(reason=reason, since=due_on + timedelta(days=1), article=article))
    return stops


def sells_here_since(merchant: Merchant) -> date | None:
    """The day of the first card that was ordered here; None: none yet."""
    first = Agreement.objects.filter(beneficiary_id=merchant.beneficiary_id).order_by("opened_at").first()
    return beijing_date(first.opened_at) if first else None


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
        card=card,
        left=card.figure_of(units),
        units=units,
        worth_fen=card.worth_on(on),
        asked_units=card.asked_on(on),
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


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """What others have a better right to than the merchant, and what of the next payout goes to each, in this order (fen):
    open claims, orders of courts and authorities, the reserve. ``from_reserve_fen`` comes back from it before. ``claims``
    are the oldest of ``claims_count``."""

    claims: list[Claim]
    claims_count: int
    claims_open_fen: int
    orders: list[LegalHold]
    rule: ReserveRule | None
    from_reserve_fen: int
    to_claims_fen: int
    to_orders_fen: int
    to_reserve_fen: int
    payout_fen: int

    @property
    def taken_fen(self) -> int:
        return self.to_claims_fen + self.to_orders_fen + self.to_reserve_fen


def set_aside(beneficiary_id: int, *, due_fen: int, due_on: date, paid: bool, reserve_fen: int, most: int) -> SetAside:
    """What becomes of ``due_fen`` on ``due_on``, as ``escrow.pay_out`` does it; at most so many claims are listed. While
    nothing is ``paid``, because payouts are held or there is no account, claims are served and orders filled."""
    open_claims = Claim.objects.filter(beneficiary_id=beneficiary_id, closed_at=None)
    standing = LegalHold.objects.filter(beneficiary_id=beneficiary_id, lifted_at=None).order_by("id")
    there = which_exist(claims=open_claims, orders=standing)  # most merchants have neither
    all_claims: dict[str, Any] = {"count": 0, "sum": 0}
    if "claims" in there:
        all_claims = open_claims.aggregate(count=Count("id"), sum=Sum(F("amount_fen") - F("paid_fen")))
    orders = list(standing) if "orders" in there else []
    rule = ReserveRule.objects.filter(valid_from__lte=due_on).order_by("-valid_from").first()
    to_claims = min(due_fen, all_claims["sum"] or 0)
    from_reserve = escrow.reserve_over(beneficiary_id, on=due_on) if paid and reserve_fen else 0
    left = due_fen - to_claims + from_reserve
    unfilled = sum(order.sum_fen - order.blocked_fen for order in orders if order.expires_on >= due_on)
    to_orders = min(left, unfilled)
    left = left - to_orders if paid else 0
    to_reserve = 0
    if rule:
        bears = max(0, left - from_reserve - escrow.returned_unpaid(beneficiary_id, by=due_on))
        to_reserve = max(0, min(bears * rule.basis_points // 10_000, rule.up_to_fen - reserve_fen + from_reserve))
    return SetAside(
        claims=list(open_claims.order_by("id")[:most]) if most and all_claims["count"] else [],
        claims_count=all_claims["count"],
        claims_open_fen=all_claims["sum"] or 0,
        orders=orders,
        rule=rule,
        from_reserve_fen=from_reserve,
        to_claims_fen=to_claims,
        to_orders_fen=to_orders,
        to_reserve_fen=to_reserve,
        payout_fen=left - to_reserve,
    )


def with_store(lines: QuerySet[Any], merchant_id: int) -> QuerySet[Any]:
    """Each line with ``store_name``, where its use was; no query of its own."""
    stores = Store.objects.filter(merchant_id=merchant_id).annotate(place=Cast("pk", TextField()))
    here = stores.filter(place=OuterRef("use__place"))
    return lines.select_related("use").annotate(store_name=Subquery(here.values("name")[:1]))


def sums_by_reason(payout: Payout) -> list[tuple[str, int, int]]:
    """What the payout's lines come to, by reason in words: how many lines, and fen; what was taken off is below zero."""
    grouped = payout.lines.values("transfer__reason").annotate(count=Count("id"), sum=Sum("amount_fen"))
    return [
        (str(Reason(row["transfer__reason"]).label), row["count"], row["sum"])
        for row in grouped.order_by("-sum", "transfer__reason")
    ]

"""What is stopped, and what keeps a merchant from selling."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from escrow import queries as escrow
from escrow.clock import beijing_date
from escrow.models import Payment, Stoppage
from escrow.money import yuan
from escrow.states import NOT_SERVING, StoppageKind
from prepaid.merchants.models import Closing, Listing, ListKind, Merchant, Store
from prepaid.merchants.queries.existing import Unbacked, unbacked_of
from prepaid.merchants.queries.merchants import which_exist


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
    """What does not serve now at these merchants, the longest first."""
    rows = escrow.stoppages({merchant.beneficiary_id for merchant in merchants}).filter(kind__in=NOT_SERVING)
    stores = Store.objects.in_bulk([int(row.place) for row in rows if row.place.isdecimal()])
    return [Stopped(stoppage=row, store=stores.get(int(row.place)) if row.place.isdecimal() else None) for row in rows]


@dataclass(frozen=True, kw_only=True)
class SalesStop:
    """Why a merchant may not take prepayments, since when, and by which rule."""

    reason: str
    since: date
    article: str


#: Where the whole merchant does not serve, nobody knows yet who runs it, or the supervision says so, nobody may be sold a card. A
#: store alone that is closed stops the cards of which it is the only store (``products.queries.sellable_version``).
_NOTHING_SOLD = (StoppageKind.DARK, StoppageKind.CHANGED_HANDS, StoppageKind.NO_SALES)


def sales_stops(
    merchants: Collection[Merchant],
    *,
    on: date,
    stopped: "Iterable[Stopped] | None" = None,
    closings: Iterable[Closing] | None = None,
    unbacked: "dict[int, Unbacked] | None" = None,
) -> dict[int, list[SalesStop]]:
    """What keeps these merchants from selling, renewing and topping up cards on that day, by merchant id, the longest first:
    the standing register (BJ 11, CR 22), that it does not serve, or will not, that its earlier cards are not backed as planned, that
    cash it took did not reach custody in time.
    Most of it does not exist: one query says what does, one more reads the sum of earlier cards, and one for each kind that there
    is. Who has read ``stopped_at``, ``standing_closings`` and ``unbacked_of`` hands them in."""
    by_beneficiary = {merchant.beneficiary_id: merchant.pk for merchant in merchants}
    stoppages, closed = escrow.stoppages(by_beneficiary), _standing(merchants)
    late = late_deposits(merchants, on=on)
    there = which_exist(
        listed=listings_of(merchants, on=on),
        late=late,
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
    for deposit in late if "late" in there else ():
        found[by_beneficiary[deposit.beneficiary_id]].append(late_deposit(deposit))
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


def late_deposits(merchants: Iterable[Merchant], *, on: date) -> "QuerySet[Payment]":
    """Cash that these merchants took and that is not in custody in time, or not any more."""
    late = Q(deposit_due_on__lt=on) | Q(taken_back_at__isnull=False)
    return escrow.awaited_deposits([one.beneficiary_id for one in merchants]).filter(late)


def late_deposit(deposit: Payment) -> SalesStop:
    """Of ``sales_stops`` that of one sum of cash."""
    due_on = deposit.deposit_due_on
    assert due_on is not None, "every deposit has its day"
    words, day, since = _("¥%(sum)s taken in cash was to be in custody by %(day)s"), due_on, due_on + timedelta(days=1)
    if deposit.taken_back_at is not None:
        words = _("the bank has undone the deposit of ¥%(sum)s taken in cash, on %(day)s")
        day = since = beijing_date(deposit.taken_back_at)
    reason = words % {"sum": yuan(deposit.amount_fen), "day": day.isoformat()}
    return SalesStop(reason=reason, since=since, article=str(_("the platform's rules on cash sales")))


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

"""Verbs of stores: add, correct, close; and the times in which one, or the whole merchant, does not count as serving."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_noop

from escrow import audit
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.models import Stoppage
from escrow.states import NOT_SERVING, StoppageKind
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.merchants import queries
from prepaid.merchants.errors import (
    HandoverOpen,
    LeaseEnded,
    StoppageBeforeStore,
    StoppageInFuture,
    StoreNameTaken,
    SubdistrictElsewhere,
    UnknownSubdistrict,
)
from prepaid.merchants.models import Handover, Merchant, Store
from prepaid.merchants.operations.people import checked_district, checked_text

CONSTRAINT_ERRORS["store_name_once_per_merchant"] = StoreNameTaken
#: The reason by which a stoppage is known as the merchant's own: what an official began, reopening does not end.
CLOSED_BY_MERCHANT = gettext_noop("closed by the merchant")


def add_store(
    *,
    merchant_id: int,
    name: str,
    address: str,
    district_code: str,
    subdistrict_code: str,
    lease_ends_on: date | None,
    at: datetime,
    actor: str,
) -> Store:
    """A place that may redeem the merchant's cards.

    Raises:
        UnknownDistrict, UnknownSubdistrict, SubdistrictElsewhere, LeaseEnded, StoreNameTaken, MissingText.
    """
    values = _store_values(name, address, district_code, subdistrict_code, lease_ends_on, beijing_date(at))
    with transaction():
        if Store.objects.filter(merchant_id=merchant_id, name=values["name"]).exists():
            raise StoreNameTaken()
        store = Store.objects.create(merchant_id=merchant_id, opened_at=at, **values)
        audit.record(
            actor=actor, action="merchants.add_store", target=f"store:{store.pk}", at=at, after=_store_audit(store)
        )
    return store


def edit_store(
    *,
    merchant_id: int,
    store_id: int,
    name: str,
    address: str,
    district_code: str,
    subdistrict_code: str,
    lease_ends_on: date | None,
    is_open: bool,
    at: datetime,
    actor: str,
) -> Store:
    """Correct, close or reopen a store. Terms already filed keep the address they were filed with. While it is closed, silence
    confirms no charge that was made there.

    Raises:
        As ``add_store``, and NotFound for another merchant's store.
    """
    values = _store_values(name, address, district_code, subdistrict_code, lease_ends_on, beijing_date(at), is_open)
    with transaction():
        store = Store.objects.select_for_update(no_key=True).filter(merchant_id=merchant_id, pk=store_id).first()
        if store is None:
            raise NotFound()
        if Store.objects.filter(merchant_id=merchant_id, name=values["name"]).exclude(pk=store.pk).exists():
            raise StoreNameTaken()
        before = _store_audit(store)
        for field, value in {**values, "is_open": is_open}.items():
            setattr(store, field, value)
        store.save()
        if is_open:
            _reopen(store, at=at, actor=actor)
        else:
            escrow.begin_stoppage(**_closure(store), because=CLOSED_BY_MERCHANT, at=at, actor=actor)
        audit.record(
            actor=actor,
            action="merchants.edit_store",
            target=f"store:{store.pk}",
            at=at,
            before=before,
            after=_store_audit(store),
        )
    return store


def begin_stoppage(
    *,
    merchant_id: int,
    store_id: int | None,
    kind: StoppageKind,
    because: str,
    since: date | None = None,
    at: datetime,
    actor: str,
) -> Stoppage:
    """A store, or the whole merchant, is closed, on watch or has just changed hands, as somebody who watches it has found:
    from today, or from the day ``since`` that is only known now.

    Raises:
        NotFound: no such merchant, or another's store. ReasonRequired.
        StoppageInFuture, StoppageBeforeStore: it cannot have begun on that day.
    """
    merchant = Merchant.objects.filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound()
    store = None if store_id is None else queries.store_of(merchant_id, store_id)
    if since is not None:
        check_begun(merchant, store, since, beijing_date(at))
    return escrow.begin_stoppage(
        beneficiary_id=merchant.beneficiary_id,
        place="" if store is None else queries.place_of(store),
        kind=kind,
        because=because,
        since=since,
        at=at,
        actor=actor,
    )


def end_stoppage(*, merchant_id: int, stoppage_id: int, because: str, at: datetime, actor: str) -> None:
    """It is over; the terms of silence of charges that wait there begin anew. Repeats change nothing.

    Raises:
        NotFound: not this merchant's, or no matter of serving. ReasonRequired. HandoverOpen: two officials check first who runs it now.
    """
    mine = Stoppage.objects.filter(beneficiary__merchant=merchant_id, kind__in=NOT_SERVING)
    stoppage = mine.filter(pk=stoppage_id).first()
    if stoppage is None:
        raise NotFound()
    whole = (stoppage.place, stoppage.kind) == ("", StoppageKind.CHANGED_HANDS)
    if whole and Handover.objects.waiting().filter(merchant_id=merchant_id).exists():
        raise HandoverOpen()
    escrow.end_stoppage(
        beneficiary_id=stoppage.beneficiary_id,
        place=stoppage.place,
        kind=StoppageKind(stoppage.kind),
        because=because,
        at=at,
        actor=actor,
    )


def check_begun(merchant: Merchant, store: Store | None, since: date, today: date) -> None:
    """Whether service can have stopped on that day. Raises ``StoppageInFuture``, ``StoppageBeforeStore``."""
    if since > today:
        raise StoppageInFuture()
    first = beijing_date(merchant.registered_at if store is None else store.opened_at)
    if since < first:
        raise StoppageBeforeStore(first=first.isoformat())


def _closure(store: Store) -> dict[str, Any]:
    return {
        "beneficiary_id": store.merchant.beneficiary_id,
        "place": queries.place_of(store),
        "kind": StoppageKind.DARK,
    }


def _reopen(store: Store, *, at: datetime, actor: str) -> None:
    """End the merchant's own closure of the store, if there is one."""
    closure = _closure(store)
    for stoppage in escrow_queries.stoppages([closure["beneficiary_id"]]):
        mine = stoppage.because == CLOSED_BY_MERCHANT
        if mine and (stoppage.place, stoppage.kind) == (closure["place"], closure["kind"]):
            escrow.end_stoppage(**closure, because="reopened by the merchant", at=at, actor=actor)


def _store_values(
    name: str,
    address: str,
    district_code: str,
    subdistrict_code: str,
    lease_ends_on: date | None,
    on: date,
    is_open: bool = True,
) -> dict[str, object]:
    district = checked_district(district_code, on)
    subdistrict = queries.subdistricts(on=on).filter(code=subdistrict_code).first()
    if subdistrict is None:
        raise UnknownSubdistrict()
    if subdistrict.parent_id != district.pk:
        raise SubdistrictElsewhere(subdistrict=subdistrict.name, district=district.name)
    if is_open and lease_ends_on is not None and lease_ends_on <= on:
        raise LeaseEnded()
    return {
        "name": checked_text(name, "name", 100),
        "address": checked_text(address, "address", 200),
        "district": district,
        "subdistrict": subdistrict,
        "lease_ends_on": lease_ends_on,
    }


def _store_audit(store: Store) -> dict[str, object]:
    return {
        "name": store.name,
        "address": store.address,
        "subdistrict": store.subdistrict_id,
        "lease_ends_on": store.lease_ends_on and store.lease_ends_on.isoformat(),
        "is_open": store.is_open,
    }

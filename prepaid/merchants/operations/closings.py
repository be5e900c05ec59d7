"""Closing or moving: announced ahead, withdrawn, and what it does when its day has come (BJ 18, SPC 13)."""

from datetime import date, datetime, timedelta

from escrow import audit
from escrow import operations as escrow
from escrow.clock import beijing_date
from escrow.errors import NotFound, SecondPersonNeeded
from escrow.states import StoppageKind
from escrow.transactions import CONSTRAINT_ERRORS, ring, transaction
from prepaid.merchants import queries
from prepaid.merchants.errors import (
    AlreadyClosing,
    ClosingOver,
    LastDayPast,
    MoveNeedsStore,
    NotYourRole,
    StoreClosed,
)
from prepaid.merchants.models import Closing, ClosingKind, Merchant, SectorRule, StaffMember, StaffRole, Store
from prepaid.merchants.operations.people import checked_text
from prepaid.merchants.operations.stores import CLOSED_BY_MERCHANT, check_begun
from prepaid.people.models import User

CONSTRAINT_ERRORS["closing_one_at_a_time"] = AlreadyClosing


def announce_closing(
    *,
    by: StaffMember,
    store_id: int | None,
    kind: ClosingKind,
    last_day: date,
    new_address: str = "",
    because: str,
    at: datetime,
    actor: str,
) -> Closing:
    """From now on nothing is sold that could be used there; the public pages show the notice. A notice shorter than the
    sector asks for is taken, and marked: nobody shall vanish in silence because the form refuses the truth. Telling the
    holders is the cards' part (``cards.operations.tell_holders``).

    Raises:
        NotYourRole: the owner alone. NotFound: another's store. StoreClosed, LastDayPast, MoveNeedsStore, MissingText,
        AlreadyClosing.
    """
    closing = check_closing(
        by=by,
        store_id=store_id,
        kind=kind,
        last_day=last_day,
        new_address=new_address,
        because=because,
        at=at,
    )
    with transaction():
        closing.save(force_insert=True)
        _record(closing, "merchants.announce_closing", at=at, actor=actor)
        ring("prepaid.cards.tasks.tell_holders", closing.pk)
    return closing


def check_closing(
    *,
    by: StaffMember,
    store_id: int | None,
    kind: ClosingKind,
    last_day: date,
    new_address: str = "",
    because: str,
    at: datetime,
) -> Closing:
    """The notice as it would be kept, unsaved. Raises as ``announce_closing``."""
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    today = beijing_date(at)
    if last_day < today:
        raise LastDayPast()
    store = None if store_id is None else queries.store_of(by.merchant_id, store_id)
    if store is not None and not store.is_open:
        raise StoreClosed()
    if kind == ClosingKind.MOVE and store is None:
        raise MoveNeedsStore()
    if Closing.objects.standing().filter(merchant_id=by.merchant_id, store=store, ended_at=None).exists():
        raise AlreadyClosing()
    rule = queries.sector_rule(by.merchant.sector_id, today)
    return Closing(
        merchant_id=by.merchant_id,
        store=store,
        kind=kind,
        last_day=last_day,
        new_address=checked_text(new_address, "new_address", 200) if kind == ClosingKind.MOVE else "",
        because=checked_text(because, "because", 200),
        is_short=is_short_notice(last_day, today, rule),
        announced_at=at,
        announced_by=by,
    )


def is_short_notice(last_day: date, today: date, rule: SectorRule) -> bool:
    """Whether the sector asks for a longer one."""
    return last_day < today + timedelta(days=rule.closing_notice_days)


def withdraw_closing(*, by: StaffMember, closing_id: int, at: datetime, actor: str) -> Closing:
    """It does not close after all: sales go on. Refunds that were asked for meanwhile stay granted.

    Raises:
        NotYourRole, NotFound. ClosingOver: withdrawn before, or it has taken place.
    """
    if by.role != StaffRole.OWNER:
        raise NotYourRole()
    with transaction():
        closing = _locked(closing_id, by.merchant_id)
        if not closing.may_withdraw(beijing_date(at)):
            raise ClosingOver()
        closing.withdrawn_at, closing.told_up_to, closing.told_at = at, 0, None  # everybody is told of this too
        closing.save(update_fields=["withdrawn_at", "told_up_to", "told_at"])
        ring("prepaid.cards.tasks.tell_holders", closing.pk)
        _record(closing, "merchants.withdraw_closing", at=at, actor=actor)
    return closing


def find_closed(
    *, merchant_id: int, store_id: int | None, since: date, because: str, by: User, at: datetime, actor: str
) -> Closing:
    """An official found the place closed, without service since that day. Nothing is sold there from now on; the money goes back
    once a second person has confirmed it.

    Raises:
        NotFound: no such merchant, or another's store. MissingText: no evidence. StoppageInFuture, StoppageBeforeStore,
        AlreadyClosing.
    """
    merchant = Merchant.objects.filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound()
    store = None if store_id is None else queries.store_of(merchant_id, store_id)
    check_begun(merchant, store, since, beijing_date(at))
    because = checked_text(because, "because", 200)
    with transaction():
        if Closing.objects.standing().filter(merchant_id=merchant_id, store=store, ended_at=None).exists():
            raise AlreadyClosing()
        closing = Closing.objects.create(
            merchant_id=merchant_id,
            store=store,
            kind=ClosingKind.CLOSE,
            last_day=since - timedelta(days=1),
            because=because,
            is_short=True,
            announced_at=at,
            found_by=by,
        )
        _record(closing, "merchants.find_closed", at=at, actor=actor)
    return closing


def confirm_closed(*, closing_id: int, by: User, at: datetime, actor: str) -> Closing:
    """A second person looked too: the place is dark since that day, every holder is told, and what is left on cards that no
    other store redeems goes back without asking. Again by anybody it changes nothing.

    Raises:
        NotFound. SecondPersonNeeded: the one who found it. ClosingOver: dismissed, or not a finding.
    """
    with transaction():
        closing = _locked(closing_id)
        if closing.found_by_id == by.pk:
            raise SecondPersonNeeded()
        if closing.confirmed_at is not None:
            return closing
        if not closing.waits_for_second:
            raise ClosingOver()
        closing.confirmed_by, closing.confirmed_at = by, at
        closing.save(update_fields=["confirmed_by", "confirmed_at"])
        _record(closing, "merchants.confirm_closed", at=at, actor=actor)
        ring("prepaid.cards.tasks.follow_closing", closing.pk)
    return closing


def dismiss_closed(*, closing_id: int, because: str, at: datetime, actor: str) -> Closing:
    """It serves after all: sales go on. Nobody was told yet.

    Raises:
        NotFound; MissingText. ClosingOver: confirmed or dismissed before.
    """
    because = checked_text(because, "because", 200)
    with transaction():
        closing = _locked(closing_id)
        if not closing.waits_for_second:
            raise ClosingOver()
        closing.withdrawn_at = closing.told_at = at
        closing.save(update_fields=["withdrawn_at", "told_at"])
        _record(closing, "merchants.dismiss_closed", at=at, actor=actor, because=because)
    return closing


def end_service(*, closing_id: int, at: datetime, actor: str) -> Closing:
    """The last day is over: the place is closed and counts as dark from the next day on, so that silence confirms nothing
    there and no day accrues. Before that day, or again, it changes nothing. Raises ``NotFound``."""
    with transaction():
        closing = _locked(closing_id)
        stands = closing.withdrawn_at is None and not closing.waits_for_second
        if not stands or closing.ended_at is not None or beijing_date(at) <= closing.last_day:
            return closing
        places = Store.objects.filter(merchant_id=closing.merchant_id, is_open=True)
        if closing.store_id is not None:
            places = places.filter(pk=closing.store_id)
        escrow.begin_stoppage(
            beneficiary_id=closing.merchant.beneficiary_id,
            place="" if closing.store is None else queries.place_of(closing.store),
            kind=StoppageKind.DARK,
            because=closing.because if closing.was_found else CLOSED_BY_MERCHANT,
            since=closing.last_day + timedelta(days=1),
            at=at,
            actor=actor,
        )
        places.update(is_open=False)
        closing.ended_at = at
        closing.save(update_fields=["ended_at"])
        _record(closing, "merchants.end_service", at=at, actor=actor)
    return closing


def _locked(closing_id: int, merchant_id: int | None = None) -> Closing:
    rows = Closing.objects.select_for_update(no_key=True, of=("self",)).select_related("merchant", "store")
    closing = rows.filter(pk=closing_id).first()
    if closing is None or merchant_id not in (None, closing.merchant_id):
        raise NotFound()
    return closing


def _record(closing: Closing, action: str, *, at: datetime, actor: str, **more: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=f"closing:{closing.pk}",
        at=at,
        after={
            "merchant": closing.merchant_id,
            "store": closing.store_id,
            "kind": closing.kind,
            "last_day": closing.last_day.isoformat(),
            "is_short": closing.is_short,
            **more,
        },
    )

"""What officials do about a merchant: order, confirm, refuse, write down what came of it, end. Each in one transaction."""

from datetime import date, datetime, timedelta

from complaints.warnings.errors import (
    ClosedSinceNeeded,
    DayNeeded,
    MeasureThere,
    MerchantClosed,
    ResultUnknown,
    StoreNeeded,
)
from complaints.warnings.models import Measure
from complaints.warnings.operations import messages
from complaints.warnings.operations.changing import (
    TEXT,
    check_no_friend,
    checked_words,
    end,
    locked_for,
    locked_merchant,
    move,
    next_number,
    record,
    seen_of,
    take_effect,
)
from complaints.warnings.queries.papers import issued_paper
from complaints.warnings.states import (
    DONE_ONCE,
    HOLDING,
    LASTING,
    ON_PAPER,
    RESULTS,
    MeasureKind,
    MeasureResult,
    MeasureState,
)
from escrow.clock import beijing_date
from escrow.errors import NotFound
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.cards.contract_text import fingerprint
from prepaid.merchants import operations as merchants
from prepaid.merchants import queries
from prepaid.merchants.errors import StoppageBeforeStore, StoppageInFuture
from prepaid.merchants.models import Closing, Merchant
from prepaid.people.models import User

CONSTRAINT_ERRORS["measure_lasting_once"] = MeasureThere
CONSTRAINT_ERRORS["measure_proposed_once"] = MeasureThere
#: A day to do something by lies at most so many days ahead.
MOST_DAYS = 90


def place_measure(
    *,
    merchant_id: int,
    kind: MeasureKind,
    because: str,
    store_id: int | None = None,
    due_on: date | None = None,
    by: User,
    at: datetime,
) -> Measure:
    """An official orders a measure. What lasts stops at once what it stops, until somebody ends it; anything else is to be done by
    ``due_on``. An inspection names the store.

    Raises:
        NotFound: not of the official's post. WorksAtMerchant, MerchantClosed, TextNeeded, DayNeeded, StoreNeeded. MeasureThere: one
        that lasts is in force.
    """
    with transaction():
        merchant = locked_merchant(merchant_id)
        if not by.is_regulator or by.post is None or not queries.in_post(merchant, by.post):
            raise NotFound()
        check_no_friend(by, merchant)
        _check_serves(merchant)
        lasting = kind in LASTING
        if lasting and Measure.objects.filter(merchant=merchant, kind=kind, state__in=HOLDING).exists():
            raise MeasureThere()
        pk, number = next_number(at)
        measure = Measure(
            pk=pk,
            number=number,
            merchant=merchant,
            kind=kind,
            state=MeasureState.IN_FORCE if lasting else MeasureState.ORDERED,
            because=checked_words(because, "because"),
            begun_at=at,
            placed_by=by,
            **seen_of(merchant_id),
        )
        _fill(measure, store_id=store_id, due_on=due_on, at=at)
        take_effect(measure, at=at, actor=by.actor)
        measure.save(force_insert=True)
        record(measure, "place_measure", at=at, actor=by.actor)
        messages.begun(measure, at=at)
    return measure


def order_measure(
    *, measure_id: int, because: str, store_id: int | None = None, due_on: date | None = None, by: User, at: datetime
) -> Measure:
    """What a rule proposed is ordered.

    Raises:
        As ``place_measure``; MeasureOver: it waits for nobody.
    """
    with transaction():
        measure = locked_for(by, measure_id)
        move(measure, MeasureState.ORDERED)
        measure.because = checked_words(because, "because")
        measure.placed_by = by
        _fill(measure, store_id=store_id, due_on=due_on, at=at)
        measure.save()
        record(measure, "order_measure", at=at, actor=by.actor)
        messages.begun(measure, at=at)
    return measure


def confirm_measure(*, measure_id: int, because: str, by: User, at: datetime) -> Measure:
    """What a rule began stays until somebody ends it, or the rule finds it calm. Again by anybody, nothing changes.

    Raises:
        NotFound, WorksAtMerchant, TextNeeded. MeasureOver: it is not in force.
    """
    with transaction():
        measure = locked_for(by, measure_id)
        if measure.state == MeasureState.IN_FORCE and measure.decided_by_id is not None:
            return measure
        move(measure, MeasureState.IN_FORCE)
        measure.because = checked_words(because, "because")
        measure.decided_by, measure.decided_at, measure.due_on = by, at, None
        measure.save()
        record(measure, "confirm_measure", at=at, actor=by.actor)
    return measure


def end_measure(*, measure_id: int, because: str, by: User, at: datetime) -> Measure:
    """It is lifted, withdrawn, or not followed: what it stopped goes on.

    Raises:
        NotFound, WorksAtMerchant, TextNeeded. MeasureOver.
    """
    with transaction():
        measure = locked_for(by, measure_id)
        state = MeasureState.DISMISSED if measure.state == MeasureState.PROPOSED else MeasureState.ENDED
        because = checked_words(because, "because")
        end(measure, state, because=because, by=by, at=at, actor=by.actor)
    return measure


def close_with_result(
    *,
    measure_id: int,
    result: MeasureResult,
    findings: str,
    since: date | None = None,
    by: User,
    at: datetime,
) -> Measure:
    """What came of a call, an inspection, a letter or a talk. ``CLOSED``: the store has been shut since that day; nothing is sold there
    from now on, and once a second official has confirmed it every holder gets the rest back without asking.

    Raises:
        NotFound, WorksAtMerchant, MeasureOver, TextNeeded, ResultUnknown. ClosedSinceNeeded.
    """
    with transaction():
        measure = locked_for(by, measure_id)
        move(measure, MeasureState.DONE)
        if result not in RESULTS[MeasureKind(measure.kind)]:
            raise ResultUnknown()
        measure.result, measure.findings = result, checked_words(findings, "findings", TEXT)
        measure.decided_by, measure.decided_at = by, at
        if result == MeasureResult.CLOSED:
            measure.closing = _found_closed(measure, since, by=by, at=at)
        measure.save()
        record(measure, "close_with_result", at=at, actor=by.actor, result=result)
    return measure


def _found_closed(measure: Measure, since: date | None, *, by: User, at: datetime) -> Closing:
    """The closing that follows: of the store, of the whole merchant where it has no other; one that stands already is it."""
    if since is None:
        raise ClosedSinceNeeded()
    assert measure.store is not None, "an inspection names its store"
    others = queries.stores_of(measure.merchant_id).filter(is_open=True).exclude(pk=measure.store.pk)
    store = measure.store if others.exists() else None
    known = Closing.objects.standing().filter(merchant_id=measure.merchant_id, store=store, ended_at=None).first()
    if known is not None:
        return known
    try:
        return merchants.find_closed(
            merchant_id=measure.merchant_id,
            store_id=None if store is None else store.pk,
            since=since,
            because=f"{measure.number}: {measure.findings}"[:200],
            by=by,
            at=at,
            actor=by.actor,
        )
    except (StoppageInFuture, StoppageBeforeStore) as error:
        raise ClosedSinceNeeded() from error


def _check_serves(merchant: Merchant) -> None:
    """A merchant that was found closed as a whole needs no measure more."""
    if Closing.objects.standing().filter(merchant=merchant, store=None).exclude(ended_at=None).exists():
        raise MerchantClosed()


def _fill(measure: Measure, *, store_id: int | None, due_on: date | None, at: datetime) -> None:
    """Where, by when, and the paper of it."""
    if measure.kind not in DONE_ONCE:
        return
    today = beijing_date(at)
    if due_on is None or not today <= due_on <= today + timedelta(days=MOST_DAYS):
        raise DayNeeded(MOST_DAYS)
    measure.due_on = due_on
    if measure.kind == MeasureKind.INSPECTION:
        if store_id is None:
            raise StoreNeeded()
        measure.store = queries.store_of(measure.merchant_id, store_id)
    if measure.kind in ON_PAPER:
        measure.paper = issued_paper(measure, at=at)
        measure.sha256 = fingerprint(measure.paper)

"""What the signs look at, from the tables: sums over windows of days, and what stands on file of each merchant."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q

from complaints.off_custody.models import OffCustodyReport
from complaints.off_custody.states import ReportState
from complaints.warnings.facts import HABIT, LATELY, NOW, SUMMED, Day, Facts, History, Standing, Sums, movement
from complaints.warnings.models import Measure, ShutReport
from complaints.warnings.states import FOUND_BAD, MeasureKind, MeasureResult, MeasureState
from escrow.clock import beijing_date, end_of_day
from prepaid.merchants.models import Handover, Listing, Merchant, Store
from prepaid.merchants.states import HandoverState

#: Which rows of the days belong to each window, by their age in days.
_WINDOWS = {"now": (0, NOW), "lately": (0, LATELY), "habit": (LATELY, LATELY + HABIT)}
#: For how long a change of hands or a confirmed report is looked at.
REMEMBERED = timedelta(days=120)
#: Whose word that it is shut is counted: of the last two weeks [A].
SAID_LATELY = timedelta(days=14)
#: Measures that say how the shop is.
LOOKED_AT = (MeasureKind.CALL, MeasureKind.INSPECTION)


def facts_of_all(*, day: date) -> Iterator[tuple[int, Facts]]:
    """As of the end of ``day``: each merchant that has days, by id, with its facts."""
    sums = {row["merchant_id"]: row for row in _sums(day)}
    sectors = dict(Merchant.objects.filter(pk__in=sums).values_list("pk", "sector_id"))
    together = _sectors(day)
    standing = _standing(sums.keys(), day=day)
    for merchant_id, row in sums.items():
        windows = {window: _of(row, window) for window in _WINDOWS}
        silence = {"silent_days": row["silent_days"], "silent_cards": row["silent_cards"]}
        yield (
            merchant_id,
            Facts(
                now=windows["now"],
                lately=windows["lately"],
                habit=windows["habit"],
                **silence,
                refunds_late=row["refunds_late"],
                standing=standing[merchant_id],
                sector=movement(together[sectors[merchant_id]], windows, **silence),
            ),
        )


def _sums(day: date) -> list[dict[str, Any]]:
    columns = [
        f"count(*) FILTER (WHERE age >= {begin} AND age < {end}) AS {window}_days" if name == "days"
        else f"coalesce(sum({name}) FILTER (WHERE age >= {begin} AND age < {end}), 0)::bigint AS {window}_{name}"
        for window, (begin, end) in _WINDOWS.items()
        for name in ("days", *SUMMED)
    ]  # fmt: skip
    sql = f"""
        SELECT merchant_id, {", ".join(columns)},
               count(*) FILTER (WHERE served = 0) AS silent_days,
               coalesce(sum(cards) FILTER (WHERE served = 0), 0)::bigint AS silent_cards,
               coalesce(max(refunds_late) FILTER (WHERE newest = 1), 0) AS refunds_late
        FROM (SELECT d.*, %(day)s - d.day AS age,
                     count(*) FILTER (WHERE uses > 0) OVER since_then AS served,
                     row_number() OVER (PARTITION BY merchant_id ORDER BY day DESC) AS newest
              FROM warnings_merchantday d
              WHERE day <= %(day)s AND day > %(day)s - {LATELY + HABIT}
              WINDOW since_then AS (PARTITION BY merchant_id ORDER BY day DESC)) days
        GROUP BY merchant_id ORDER BY merchant_id
    """  # noqa: S608 – names of our own columns
    return _rows(sql, day)


def _rows(sql: str, day: date) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": day})
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _of(row: dict[str, Any], window: str) -> Sums:
    return Sums(**{name: row[f"{window}_{name}"] for name in ("days", *SUMMED)})


def _sectors(day: date) -> dict[str, History]:
    """The days of each sector's merchants together, as many as the signs look at; ``known`` counts the merchants."""
    first = day - timedelta(days=LATELY + HABIT - 1)
    sql = f"""
        SELECT m.sector_id, d.day, count(*) AS known, {", ".join(f"sum(d.{name})::bigint AS {name}" for name in SUMMED)}
        FROM warnings_merchantday d JOIN merchants_merchant m ON m.id = d.merchant_id
        WHERE d.day <= %(day)s AND d.day > %(day)s - {LATELY + HABIT}
        GROUP BY m.sector_id, d.day
    """  # noqa: S608 – names of our own columns
    sums = {(row.pop("sector_id"), row.pop("day")): Day(**row) for row in _rows(sql, day)}
    together: dict[str, History] = {sector: History() for sector, _day in sums}
    for n in range(LATELY + HABIT):
        for sector, history in together.items():
            history.add(sums.get((sector, first + timedelta(days=n)), Day(known=0)))
    return together


def _standing(merchant_ids: Any, *, day: date) -> dict[int, Standing]:
    found = {merchant_id: Standing() for merchant_id in merchant_ids}
    mine = {"merchant_id__in": list(found)}
    until = end_of_day(day)
    changed = Handover.objects.filter(**mine, reported_at__lt=until, reported_at__gte=until - REMEMBERED)
    for change in changed.exclude(state__in=[HandoverState.WITHDRAWN, HandoverState.REJECTED]).order_by("reported_at"):
        age = (day - beijing_date(change.reported_at)).days
        if change.new_representative or change.new_controller:
            found[change.merchant_id].hands_changed = age
        if change.new_account_no:
            found[change.merchant_id].account_changed = age
    # The last of the leases: while one store goes on, there is room.
    leases = Store.objects.filter(**mine, is_open=True).values("merchant_id").order_by()
    for lease in leases.annotate(last=Max("lease_ends_on"), open_end=Count("pk", filter=Q(lease_ends_on=None))):
        if lease["last"] and not lease["open_end"] and lease["last"] <= day + timedelta(days=90):
            found[lease["merchant_id"]].lease_left = (lease["last"] - day).days
    for merchant_id, share in _beyond_lease(
        [merchant_id for merchant_id in found if found[merchant_id].lease_left is not None]
    ):
        found[merchant_id].beyond_lease = share
    listed = Listing.objects.current(day).values("uscc")
    for merchant_id in Merchant.objects.filter(pk__in=list(found), uscc__in=listed).values_list("pk", flat=True):
        found[merchant_id].listed = True
    elsewhere = OffCustodyReport.objects.filter(
        **mine, state=ReportState.CONFIRMED, decided_at__lt=until, decided_at__gte=until - REMEMBERED
    )
    for merchant_id in elsewhere.values_list("merchant_id", flat=True).distinct():
        found[merchant_id].asks_elsewhere = True
    said = ShutReport.objects.filter(**mine, counts=True, day__lte=day, day__gt=day - SAID_LATELY).values("merchant_id")
    for row in said.order_by().annotate(people=Count("holder", distinct=True)):
        found[row["merchant_id"]].closed_reporters = row["people"]
    looked = Measure.objects.filter(**mine, state=MeasureState.DONE, kind__in=LOOKED_AT, decided_at__lt=until)
    for one in looked.filter(decided_at__gte=until - REMEMBERED).order_by("decided_at").only("merchant_id", "result"):
        if one.result != MeasureResult.NOT_REACHED:  # the last one who saw it
            found[one.merchant_id].inspected_badly = one.result in FOUND_BAD
    return found


def _beyond_lease(merchant_ids: list[int]) -> list[tuple[int, float]]:
    """Of those merchants, which share of what their cards hold is on cards that run longer than the last of its leases."""
    if not merchant_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.id, sum(h.credits_posted - h.debits_posted) FILTER (
                       WHERE c.expires_on IS NULL OR c.expires_on > lease.ends_on)
                   / nullif(sum(h.credits_posted - h.debits_posted), 0)
            FROM merchants_merchant m
            CROSS JOIN LATERAL (SELECT max(s.lease_ends_on) AS ends_on FROM merchants_store s
                                WHERE s.merchant_id = m.id AND s.is_open) lease
            JOIN escrow_account h ON h.beneficiary_id = m.beneficiary_id AND h.agreement_id IS NOT NULL
                AND h.code = 'held' AND h.asset = 'CNY'
            JOIN cards_card c ON c.agreement_id = h.agreement_id
            WHERE m.id = ANY(%s)
            GROUP BY m.id
            """,
            [merchant_ids],
        )
        return [(merchant_id, float(share or 0)) for merchant_id, share in cursor.fetchall()]

"""The officers' queue with a million orders in it: queries and time of its pages, beside an empty view and beside a thousand orders."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.figures import Figure, say
from benchmarks.visitors import milliseconds, nobody, visitor

#: Few: enough for a district's first page to be full. The quick run's are not, so that its pages grow by their rows, too.
FEW, ORDERS, QUICK_FEW, QUICK = 50_000, 1_000_000, 1_000, 20_000
QUERIES, GROWS = 12, 1.5
#: Seconds from which on a query is shown.
SLOW = 0.05
FIRST = 10_000_000
DEPARTMENTS = ("commerce", "sports", "education", "market_regulation")

#: One order about a purchase elsewhere, copied: 5 % wait, 3 % are handled, 2 % are to be paid, the rest is over; all districts, four
#: departments, 5,000 merchants. Undecided ones end from ten days ago to twenty days ahead, a third of them is late.
COPIES = """
CREATE TEMP TABLE place AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS k FROM people_division WHERE level = 'district';
CREATE TEMP TABLE made AS
SELECT n, %(first)s + n AS id, n %% 100 AS part, p.code AS district, (%(departments)s)[1 + n / 17 %% 4] AS department,
       (%(people)s)[1 + n %% array_length(%(people)s, 1)] AS person, (%(officers)s)[1 + n / 17 %% 4] AS officer,
       CASE WHEN n %% 100 < 8 THEN current_date - 10 + (n / 100 %% 30)::int ELSE current_date - 30 - (n %% 700)::int END AS due
FROM generate_series(%(since)s::bigint, %(until)s::bigint) n JOIN place p ON p.k = n %% (SELECT count(*) FROM place);
INSERT INTO cases_outsidepurchase SELECT (jsonb_populate_record(o, jsonb_build_object(
    'id', made.id, 'merchant_name', '第' || n %% 5000 || '健身馆', 'name_key', '第' || n %% 5000 || '健身馆'))).*
FROM cases_outsidepurchase o JOIN cases_case c ON c.outside_id = o.id AND c.number = %(number)s, made;
INSERT INTO cases_case SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', made.id, 'number', 'B' || n, 'outside_id', made.id, 'complainant_id', person,
    'state', CASE WHEN part < 5 THEN 'dispatched' WHEN part < 8 THEN 'in_hand' WHEN part < 10 THEN 'executing' ELSE 'closed' END,
    'lead_department_id', department, 'lead_district_id', district, 'district_id', district, 'subdistrict_id', NULL,
    'lead_officer_id', CASE WHEN part >= 5 THEN officer END, 'accepted_at', CASE WHEN part >= 5 THEN now() END,
    'closed_at', CASE WHEN part >= 10 THEN now() END, 'due_on', due, 'money_due_on', CASE WHEN part IN (8, 9) THEN due + 20 END,
    'received_at', due - interval '9 days', 'dispatched_at', due - interval '9 days'))).*
FROM cases_case c, made WHERE c.number = %(number)s
"""
TABLES = ["cases_case", "cases_outsidepurchase"]
#: What an officer opens of it; NUMBER is one of their own orders.
ASKED = {
    "as it opens": "",
    "mine": "stage=mine",
    "waiting": "stage=waiting",
    "overdue": "due=overdue",
    "soon": "due=soon",
    "of a sector": "stage=all&sector=beauty",
    "everything": "stage=all",
    "over": "stage=over",
    "page 2": "stage=all&p=2",
    "last page": "stage=all&p=100",
    "by number": "stage=all&q=NUMBER",
    "by merchant": "q=%E7%AC%AC17%E5%81%A5%E8%BA%AB%E9%A6%86",
}


@dataclass(frozen=True)
class Look:
    """One page as somebody sees it; milliseconds, median."""

    who: str
    what: str
    queries: int
    ms: float
    ratio: float


def measure(databases: Any, *, quick: bool) -> list[Figure]:
    """The pages with a thousand orders, then with all of them."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    few_orders, orders, times = (QUICK_FEW, QUICK, 5) if quick else (FEW, ORDERS, 7)
    with databases.clone(f"{databases.base}_queue") as name:
        number, officers = _reference()
        _fill(databases, name, number, officers, since=1, until=few_orders)
        few = {(look.who, look.what): look for look in _looks(officers, times)}
        started = time.perf_counter()
        _fill(databases, name, number, officers, since=few_orders + 1, until=orders)
        say(f"queue: {orders:,} orders written in {time.perf_counter() - started:.0f} s")
        looks = list(_looks(officers, times))
    for look in sorted(looks, key=lambda look: -look.ms):
        say(
            f"{look.queries:3} queries {look.ms:7.1f} ms {look.ratio:5.1f} × empty"
            f" {_grown(look, few):5.2f} × few  {look.who}: {look.what}"
        )
    opens = [look for look in looks if look.what == "as it opens" and look.who != "operator"]
    queue = [look for look in looks if look.what != "first page"]  # which shows all other work, too
    asks, far = (max(queue, key=lambda look, by=by: getattr(look, by)) for by in ("queries", "ratio"))
    worst, grows = (max(group, key=lambda look: _grown(look, few)) for group in (opens, queue))
    return [
        Figure(name=f"queue of {orders:,} orders: most queries of {len(queue)} pages", value=asks.queries, unit="queries",
               limit=("≤", QUERIES), note=f"{asks.who}: {asks.what}"),
        Figure(name=f"an official's queue as it opens ÷ with {few_orders:,} orders", value=_grown(worst, few), unit="×",
               limit=("≤", GROWS), note=f"{worst.who}: {worst.ms:.0f} ms, {worst.ratio:.0f} × an empty view"),
        Figure(name=f"its slowest page ÷ with {few_orders:,} orders", value=_grown(grows, few), unit="×",
               note=f"{grows.who}: {grows.what}, {grows.ms:.0f} ms"),
        Figure(name="its slowest page ÷ an empty view", value=far.ratio, unit="×",
               note=f"{far.who}: {far.what}, {far.ms:.0f} ms"),
    ]  # fmt: skip


def _grown(look: Look, few: dict[tuple[str, str], Look]) -> float:
    """How much longer than with few orders; a page that few do not have: than their first."""
    before = few.get((look.who, look.what)) or few[look.who, "everything"]
    return look.ms / before.ms


def _reference() -> tuple[str, dict[str, Any]]:
    """What orders refer to, one order, and who looks: number, and officials by name."""
    from complaints.cases import operations as cases
    from complaints.cases.reference import load_time_limits
    from escrow import clock
    from prepaid.merchants.reference import load_sectors
    from prepaid.people.reference import load_places
    from tests.complaints import factories as make

    at, actor = clock.now(), "system:bench"
    load_places(at=at, actor=actor)
    load_sectors(at=at, actor=actor)
    load_time_limits()
    told = cases.Told(merchant_name="好身材健身馆", address="北京市朝阳区建国路88号")
    case = cases.open_outside_case(complainant=make.person(), told=told, text="闭店不退卡。", at=at)
    case = cases.route_case(case_id=case.pk, at=at, actor=actor)
    officers = {f"{code}, {make.CHAOYANG}": make.officer(code) for code in DEPARTMENTS}
    return case.number, {**officers, "commerce, city": make.officer("commerce", None), "operator": make.operator()}


def _fill(databases: Any, name: str, number: str, officers: dict[str, Any], *, since: int, until: int) -> None:
    from django.db import connection

    from tests.complaints import factories as make

    people = [make.person().pk for _person in range(100)]
    leads = [officers[f"{code}, {make.CHAOYANG}"].pk for code in DEPARTMENTS]
    values = {
        "first": FIRST, "since": since, "until": until, "number": number, "people": people, "officers": leads,
        "departments": list(DEPARTMENTS),
    }  # fmt: skip
    with databases.use(name, as_owner=True), connection.cursor() as cursor:
        with _bare(cursor):
            for statement in COPIES.split(";\n"):
                cursor.execute(statement, values)
        cursor.execute("DROP TABLE place, made")
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def _bare(cursor: Any) -> Iterator[None]:
    """The tables without triggers, foreign keys and indexes, which are all put back, and checked, at the end: row by row they cost most of
    the time of filling."""
    cursor.execute(
        "SELECT conrelid::regclass, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conrelid = ANY(%s::text[]::regclass[])",
        [TABLES],
    )
    keys = cursor.fetchall()
    cursor.execute(
        "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ANY(%s::text[]::regclass[])"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [TABLES],
    )
    indexes = cursor.fetchall()
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for table, key, _definition in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
    for index, _definition in indexes:
        cursor.execute(f"DROP INDEX {index}")
    yield
    for _index, definition in indexes:
        cursor.execute(definition)
    for table, key, definition in keys:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}")
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _looks(officers: dict[str, Any], times: int) -> Iterator[Look]:
    """Each page for a district's official, a city's and the operator, in turn with an empty view."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    queue, first = reverse("admin:cases_case_changelist"), reverse("admin:index")
    for who in ("commerce, 110105", "commerce, city", "operator"):
        client, empty = visitor(officers[who]), nobody(officers[who])
        for what, address in {
            "first page": first,
            **{what: f"{queue}?{query.replace('NUMBER', 'B340')}" for what, query in ASKED.items()},
        }.items():
            milliseconds(client, address)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            count, slow = len(asked), max(asked, key=lambda one: float(one["time"]), default=None)
            if answer.status_code != 200:  # few orders have no last page
                continue
            if slow and float(slow["time"]) > SLOW:
                say(f"{who}: {what}: {slow['time']} s: {slow['sql'][:200]} … {slow['sql'][-600:]}")
            costs, ratios = [], []
            for _round in range(times):
                nothing = milliseconds(empty, "/")
                costs.append(milliseconds(client, address))
                ratios.append(costs[-1] / nothing)
            yield Look(who, what, count, median(costs), median(ratios))

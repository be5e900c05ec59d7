"""What the platform relies on in its database server, each tried out (``manage.py check_database``).

PostgreSQL-compatible servers differ, and so do settings. Features are tried on temporary objects in savepoints that are
rolled back; nothing is left behind. docs/adr/0003-what-we-ask-of-postgresql.md says where each is used and why.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import Error, connection, transaction

VERSIONS = range(15, 19)
#: Seconds the server's clock may differ from ours: beyond the first it is told, beyond the second it is a lack.
SKEW_TOLD, SKEW_LACKING = 2, 60


@dataclass(frozen=True)
class Fault:
    """One thing the server lacks, or (``grave`` is False) one that should be otherwise."""

    name: str
    sentence: str
    grave: bool = True


@dataclass(frozen=True)
class Feature:
    """``tries`` run one after the other in one savepoint; an error is the lack, and so is a row whose value is false."""

    name: str
    lacking: str
    tries: tuple[str, ...]


#: What the tries below work on.
SCRATCH = (
    "CREATE TEMP TABLE try_row (id bigint PRIMARY KEY, beneficiary bigint, code text, note jsonb, day date, at timestamptz)",
    "INSERT INTO try_row VALUES (1, 7, NULL, '{\"a\": 1}', '2026-11-23', '2026-11-23 00:00+00')",
)
_REFUSE = (
    "CREATE FUNCTION pg_temp.try_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)
_REFUSED = (
    "CREATE FUNCTION pg_temp.try_deed(deed text) RETURNS boolean LANGUAGE plpgsql AS"
    " $$ BEGIN EXECUTE deed; RETURN false; EXCEPTION WHEN integrity_constraint_violation THEN RETURN true; END $$"
)

FEATURES = (
    Feature(
        "row triggers",
        "Row triggers in PL/pgSQL that refuse a change do not work: transfers could be rewritten.",
        (
            _REFUSE,
            _REFUSED,
            "CREATE TRIGGER try_kept BEFORE UPDATE OR DELETE ON try_row FOR EACH ROW EXECUTE FUNCTION pg_temp.try_refuse()",
            "SELECT pg_temp.try_deed('UPDATE try_row SET code = ''x''')",
        ),
    ),
    Feature(
        "truncate triggers",
        "Triggers on TRUNCATE do not work: the ledger could be emptied.",
        (
            _REFUSE,
            _REFUSED,
            "CREATE TRIGGER try_kept BEFORE TRUNCATE ON try_row EXECUTE FUNCTION pg_temp.try_refuse()",
            "SELECT pg_temp.try_deed('TRUNCATE try_row')",
        ),
    ),
    Feature(
        "functions with their owner's rights",
        "SECURITY DEFINER functions do not work: the serving role could not be kept from writing the ledger itself.",
        (
            "CREATE FUNCTION pg_temp.try_owner() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER"
            " SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN 1; END $$",
            "SELECT pg_temp.try_owner() = 1",
        ),
    ),
    Feature(
        "partitions by range",
        "Tables partitioned by range, with triggers and indexes on all partitions, do not work: transfers lie in months.",
        (
            "CREATE TEMP TABLE try_month (id bigint, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
            "CREATE TEMP TABLE try_november PARTITION OF try_month FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')",
            "CREATE TEMP TABLE try_rest PARTITION OF try_month DEFAULT",
            _REFUSE,
            _REFUSED,
            "CREATE TRIGGER try_kept BEFORE UPDATE ON try_month FOR EACH ROW EXECUTE FUNCTION pg_temp.try_refuse()",
            "INSERT INTO try_month VALUES (1, '2026-11-23'), (2, '2026-12-23')",
            "SELECT pg_temp.try_deed('UPDATE try_month SET id = 3') AND (SELECT count(*) = 1 FROM try_november)",
        ),
    ),
    Feature(
        "advisory locks",
        "Advisory locks of a transaction, shared and exclusive, do not work: sealing and folding could miss transfers.",
        (
            "SELECT pg_try_advisory_xact_lock(26, 0) AND pg_try_advisory_xact_lock_shared(26, 0)",
            "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        ),
    ),
    Feature(
        "row locks",
        "FOR NO KEY UPDATE OF … SKIP LOCKED does not work: verbs take these locks on agreements and instructions.",
        ("SELECT id = 1 FROM try_row ORDER BY id FOR NO KEY UPDATE OF try_row SKIP LOCKED",),
    ),
    Feature(
        "unique nulls",
        "UNIQUE NULLS NOT DISTINCT does not work: a beneficiary could have an account twice.",
        (
            _REFUSED,
            "CREATE UNIQUE INDEX ON try_row (beneficiary, code) NULLS NOT DISTINCT",
            "SELECT pg_temp.try_deed('INSERT INTO try_row VALUES (2, 7, NULL)')",
        ),
    ),
    Feature(
        "partial unique indexes",
        "Partial indexes do not work: a channel's payment number could be taken in twice.",
        (
            _REFUSED,
            "CREATE UNIQUE INDEX ON try_row (beneficiary) WHERE code IS NULL",
            "SELECT pg_temp.try_deed('INSERT INTO try_row VALUES (2, 7, NULL)')",
        ),
    ),
    Feature(
        "constraints at commit",
        "Constraints DEFERRABLE INITIALLY DEFERRED do not work: Django checks foreign keys at commit.",
        (
            "CREATE TEMP TABLE try_child (of_row bigint REFERENCES try_row DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO try_child VALUES (2)",
            "INSERT INTO try_row VALUES (2)",
            "SET CONSTRAINTS ALL IMMEDIATE",
        ),
    ),
    Feature(
        "domains",
        "Types with constraints of their own do not hold: states and counters could be anything.",
        (
            "CREATE DOMAIN pg_temp.try_counter AS bigint CONSTRAINT try_not_negative CHECK (VALUE >= 0)",
            "CREATE TEMP TABLE try_counted (n pg_temp.try_counter)",
            "CREATE FUNCTION pg_temp.try_below() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO try_counted VALUES (-1);"
            " RETURN false; EXCEPTION WHEN check_violation THEN RETURN true; END $$",
            "SELECT pg_temp.try_below()",
        ),
    ),
    Feature(
        "named violations",
        "A violated constraint does not tell its name: refusals could not be put into words.",
        (
            "ALTER TABLE try_row ADD CONSTRAINT try_positive CHECK (id > 0)",
            "CREATE FUNCTION pg_temp.try_name() RETURNS text LANGUAGE plpgsql AS $$ DECLARE name text; BEGIN"
            " INSERT INTO try_row VALUES (-1); RETURN ''; EXCEPTION WHEN check_violation THEN"
            " GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME; RETURN name; END $$",
            "SELECT pg_temp.try_name() = 'try_positive'",
        ),
    ),
    Feature(
        "jsonb as rows",
        "jsonb_to_recordset in ROWS FROM … WITH ORDINALITY does not work: the functions read their commands so.",
        (
            "SELECT m.amount = 5 AND m.ord = 1 FROM ROWS FROM (jsonb_to_recordset('[{\"amount\": 5}]')"
            " AS (amount bigint)) WITH ORDINALITY AS m(amount, ord)",
        ),
    ),
    Feature(
        "arrays of composite types",
        "Arrays of composite types do not work: escrow_write takes its movements so.",
        (
            "CREATE TYPE pg_temp.try_movement AS (debit bigint, reason text)",
            "SELECT (m).debit = 5 FROM unnest(ARRAY[jsonb_populate_record(NULL::pg_temp.try_movement, '{\"debit\": 5}')]) m",
        ),
    ),
    Feature(
        "settings of a function",
        "Functions with settings of their own do not work: the ledger's are planned once, by keys.",
        (
            "CREATE FUNCTION pg_temp.try_setting() RETURNS text LANGUAGE sql"
            " SET plan_cache_mode = force_generic_plan AS $$ SELECT current_setting('plan_cache_mode') $$",
            "SELECT pg_temp.try_setting() = 'force_generic_plan'",
        ),
    ),
    Feature(
        "block range indexes",
        "BRIN indexes do not work: transfers are found by their id alone through one.",
        ("CREATE INDEX ON try_row USING brin (id)",),
    ),
    Feature(
        "time zones",
        "The time zone Asia/Shanghai is not known, or wrong: days end at midnight in Beijing.",
        ("SELECT ('2026-11-23 16:00+00'::timestamptz AT TIME ZONE 'Asia/Shanghai')::date = '2026-11-24'",),
    ),
    Feature(
        "writes inside a query",
        "INSERT or UPDATE … RETURNING inside WITH does not work: escrow_write applies a set in one statement.",
        (
            "WITH changed AS (UPDATE try_row SET code = 'x' RETURNING id) SELECT array_agg(id ORDER BY id) = ARRAY[1::bigint]"
            " FROM changed",
        ),
    ),
    Feature(
        "windows",
        "Window functions over named windows do not work: balances after each transfer are running sums.",
        ("SELECT sum(n) OVER w = 1 FROM generate_series(1, 2) n WINDOW w AS (ORDER BY n) LIMIT 1",),
    ),
    Feature(
        "insert or leave",
        "ON CONFLICT DO NOTHING does not work: an idempotency key is taken so.",
        ("INSERT INTO try_row VALUES (1) ON CONFLICT DO NOTHING",),
    ),
    Feature(
        "lateral joins",
        "LATERAL joins with a limit do not work: the newest row of each is found so.",
        (
            "SELECT x.id = 1 FROM generate_series(7, 7) b, LATERAL (SELECT id FROM try_row WHERE beneficiary = b LIMIT 1) x",
        ),
    ),
    Feature(
        "filtered sums",
        "Aggregates with FILTER do not work: prove adds up by reason so.",
        ("SELECT sum(id) FILTER (WHERE id > 0) = 1 FROM try_row",),
    ),
    Feature(
        "canonical lines",
        "row_to_json or to_char do not write what PostgreSQL writes: sealed transfers could not be verified.",
        (
            """SELECT row_to_json(l)::text = '{"a":null,"at":"2026-11-23T00:00:00.000000Z","day":"2026-11-23","t":"\\"一\\t"}'
            FROM (SELECT NULL::bigint AS a, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, day,
                         E'"一\\t' AS t FROM try_row) l""",
        ),
    ),
    Feature(
        "binary columns",
        "bytea with slices, STORAGE EXTERNAL and uuid_send does not work: trees of published totals are stored so.",
        (
            "CREATE TEMP TABLE try_tree (nodes bytea)",
            "ALTER TABLE try_tree ALTER COLUMN nodes SET STORAGE EXTERNAL",
            "INSERT INTO try_tree SELECT uuid_send('00000000-0000-0000-0000-0000000000ff')",
            "SELECT substring(nodes FROM 16 FOR 1) = '\\xff' FROM try_tree",
        ),
    ),
    Feature(
        "arrays as rows",
        "unnest of several arrays WITH ORDINALITY does not work: totals are built for a set of beneficiaries so.",
        ("SELECT a = 1 AND b = 2 AND o = 1 FROM unnest(ARRAY[1], ARRAY[2]) WITH ORDINALITY AS t(a, b, o)",),
    ),
    Feature(
        "cursors",
        "Server-side cursors do not work: a million agreements are read a part at a time.",
        ("DECLARE try_cursor NO SCROLL CURSOR FOR SELECT 1 AS one", "FETCH 1 FROM try_cursor", "CLOSE try_cursor"),
    ),
    Feature(
        "hash of text",
        "hashtextextended does not work: purchases of one holder at one merchant take turns by it.",
        ("SELECT hashtextextended('a', 0) <> hashtextextended('b', 0)",),
    ),
    Feature(
        "statement triggers with their rows",
        "Triggers REFERENCING the rows of a statement do not work: the public search would not follow what is written.",
        (
            "CREATE TEMP TABLE try_seen (rows bigint)",
            "CREATE FUNCTION pg_temp.try_see() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO pg_temp.try_seen SELECT count(*) FROM new_rows; RETURN NULL; END $$",
            "CREATE TRIGGER try_seen AFTER UPDATE ON try_row REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
            " FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.try_see()",
            "UPDATE try_row SET code = 'x'",
            "SELECT rows = 1 FROM try_seen",
        ),
    ),
    Feature(
        "inverted indexes",
        "GIN indexes on arrays do not work: the public search would read every merchant.",
        (
            "CREATE TEMP TABLE try_words (words text[])",
            "CREATE INDEX ON try_words USING gin (words)",
            "INSERT INTO try_words VALUES (ARRAY['a', 'b'])",
            "SELECT count(*) = 1 FROM try_words WHERE words @> ARRAY['b']",
        ),
    ),
    Feature(
        "forms of Unicode",
        "normalize does not work: full-width letters would not be found by the plain ones.",
        ("SELECT lower(normalize('ＧＹＭ', NFKC)) = 'gym'",),
    ),
)


def check() -> list[Fault]:
    """Everything that is wrong, the grave first.

    Raises:
        Error: the server cannot be reached.
    """
    connection.ensure_connection()
    faults = [*_server(), *_settings(), *_features(), *_tables(), *_clock()]
    return sorted(faults, key=lambda fault: not fault.grave)


def _ask(sql: str, *values: Any) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return tuple(cursor.fetchone())


def _shown(name: str) -> str:
    return str(_ask("SELECT coalesce(current_setting(%s, true), '')", name)[0])


def _server() -> Iterator[Fault]:
    number = int(_shown("server_version_num") or 0)
    if number // 10000 not in VERSIONS:
        yield Fault(
            "version",
            f"The server says it is version {_shown('server_version') or 'unknown'}: "
            f"PostgreSQL {VERSIONS[0]} to {VERSIONS[-1]} is needed.",
        )
    if _ask("SELECT pg_is_in_recovery()")[0]:
        yield Fault("primary", "This server is a standby and only reads: connect to the primary.")
    elif _shown("transaction_read_only") == "on":
        yield Fault("read only", "Transactions are read-only here: set default_transaction_read_only to off.")


def _settings() -> Iterator[Fault]:
    wanted = (
        ("server_encoding", "UTF8", "The database is not in UTF-8: make it with ENCODING 'UTF8'.", True),
        ("client_encoding", "UTF8", "The connection does not speak UTF-8.", True),
        ("standard_conforming_strings", "on", "Backslashes are read as escapes: set standard_conforming_strings to on.", True),
        (
            "default_transaction_isolation",
            "read committed",
            "The default isolation is not READ COMMITTED: what waits for a lock would not see what the other wrote.",
            True,
        ),
        ("TimeZone", "UTC", "The time zone given at connection did not arrive: a pooler in front must pass on options.", True),
        ("lock_timeout", "10s", "The lock_timeout given at connection did not arrive: a pooler in front must pass on options.", True),
        ("session_replication_role", "origin", "Triggers are off in this session: session_replication_role is not origin.", True),
        ("fsync", "on", "fsync is off: a power cut may destroy the ledger.", False),
        ("full_page_writes", "on", "full_page_writes is off: a power cut may destroy the ledger.", False),
    )  # fmt: skip
    for name, value, sentence, grave in wanted:
        if _shown(name).lower() != value.lower():
            yield Fault(name, sentence, grave)
    if _shown("synchronous_commit") == "off":
        yield Fault("synchronous_commit", "synchronous_commit is off: a power cut may undo what was answered.", False)


def _features() -> Iterator[Fault]:
    if not _ask("SELECT has_database_privilege(current_database(), 'TEMP')")[0]:
        yield Fault(
            "temporary tables", "This role may not make temporary tables, so nothing could be tried: GRANT TEMP."
        )
        return
    for feature in FEATURES:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for sql in (*SCRATCH, *feature.tries):
                    cursor.execute(sql)
                    if sql.startswith(("SELECT", "WITH")) and cursor.fetchone() in (None, (False,), (None,)):
                        yield Fault(feature.name, feature.lacking)
                        break
                transaction.set_rollback(True)
        except Error as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            yield Fault(feature.name, f"{feature.lacking} ({reason})")


#: Functions that only functions call: they write what they are told.
INNER_DOORS = {"escrow_write", "escrow_standing", "escrow_take", "escrow_take_days", "escrow_close_partition"}
#: Tables nobody but a SQL function writes, and those that are written once.
READ_ONLY = {"escrow_transfer", "escrow_accrual", "escrow_earlyrelease"}
WRITTEN_ONCE = {
    "escrow_transfer",
    "escrow_auditentry",
    "escrow_payoutline",
    "escrow_block",
    "escrow_dailyroot",
    "escrow_dailytotal",
    "escrow_earlyrelease",
    "escrow_assignment",
}


def _tables() -> Iterator[Fault]:
    """Rights: the serving role reads everything, writes what it must, and rewrites nothing that is written once."""
    if _ask("SELECT to_regclass('escrow_transfer')::text")[0] is None:
        yield Fault("tables", "The tables are not there: run manage.py migrate as the owner.")
        return
    role, superuser = _ask("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
    owner = _ask("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'escrow_transfer'::regclass")[0]
    separate = not superuser and not owner
    if superuser:
        yield Fault("role", f"{role} is a superuser: serve with a role that is none, so that rights hold.", False)
    elif owner:
        yield Fault(
            "role", f"{role} owns the tables it serves from: let another role own them (DATABASE_OWNER_URL).", False
        )
    else:
        rewritable = _granted(sorted(WRITTEN_ONCE), "UPDATE, DELETE, TRUNCATE", True)
        if rewritable:
            yield Fault("immutability", f"{role} may rewrite {rewritable}: run manage.py migrate as the owner.")
    names = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    for right, tables in (("SELECT", names), ("INSERT", [name for name in names if name not in READ_ONLY])):
        missing = _granted(tables, right, False)
        if missing:
            yield Fault("rights", f"{role} has no right to {right} on {missing}: grant it, or migrate as the owner.")
    callable_, uncallable = _ask(
        "SELECT string_agg(proname, ', ' ORDER BY proname) FILTER (WHERE inner_door AND may),"
        "       string_agg(proname, ', ' ORDER BY proname) FILTER (WHERE NOT inner_door AND NOT may)"
        " FROM (SELECT proname, proname = ANY (%s) AS inner_door, has_function_privilege(oid, 'EXECUTE') AS may"
        "       FROM pg_proc WHERE proname LIKE 'escrow\\_%%' AND prorettype <> 'trigger'::regtype) f",
        sorted(INNER_DOORS),
    )
    if uncallable:
        yield Fault("rights", f"{role} may not call {uncallable}: grant EXECUTE, or migrate as the owner.")
    if callable_ and separate:
        yield Fault("immutability", f"{role} may call {callable_}, which check nothing: migrate as the owner.")


def _granted(tables: list[str], rights: str, granted: bool) -> str:
    """Which of the tables this role has (or has not) any of the rights on, in words."""
    found = _ask(
        "SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(%s::text[]) AS name"
        " WHERE to_regclass(name) IS NOT NULL AND has_table_privilege(to_regclass(name), %s) = %s",
        tables,
        rights,
        granted,
    )[0]
    return str(found or "")


def _clock() -> Iterator[Fault]:
    before = time.time()
    (there,) = _ask("SELECT extract(epoch FROM clock_timestamp())::float8")
    skew = there - (before + time.time()) / 2
    if abs(skew) > SKEW_TOLD:
        ahead = "ahead of" if skew > 0 else "behind"
        here = datetime.now(UTC).strftime("%H:%M:%S")
        yield Fault(
            "clock",
            f"The server's clock is {abs(skew):.0f} s {ahead} this machine's ({here} UTC): let both follow a time server.",
            abs(skew) > SKEW_LACKING,
        )

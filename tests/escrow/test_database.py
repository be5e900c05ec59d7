"""``check_database``: a whole server passes, and what one lacks is named."""

import io
import json

import pytest
from django.core.management import call_command
from django.db import connection

from embedded.secrets import ROOT
from escrow import database


def run() -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("check_database", stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def lacking() -> dict[str, str]:
    return {fault.name: fault.sentence for fault in database.check() if fault.grave}


@pytest.mark.django_db
def test_the_server_of_the_tests_has_all_that_is_needed():
    code, said = run()
    assert (code, "LACKS" in said) == (0, False), said
    assert "the server has all that is needed" in said
    out = io.StringIO()
    call_command("check_database", "--json", stdout=out)
    assert json.loads(out.getvalue())["ok"] is True


@pytest.mark.django_db
def test_nothing_is_left_behind():
    looks = "SELECT count(*), (SELECT count(*) FROM pg_proc) FROM pg_class"
    with connection.cursor() as cursor:
        cursor.execute(looks)
        before = cursor.fetchone()
        database.check()
        cursor.execute(looks)
        assert cursor.fetchone() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("default_transaction_isolation = 'repeatable read'", "default_transaction_isolation"),
        ("timezone = 'Asia/Shanghai'", "TimeZone"),
        ("lock_timeout = 0", "lock_timeout"),
        ("client_encoding = 'GBK'", "client_encoding"),
        ("standard_conforming_strings = off", "standard_conforming_strings"),
    ],
)
def test_a_setting_that_breaks_a_guarantee_is_named(setting, name):
    with connection.cursor() as cursor:
        cursor.execute(f"SET {setting}")
    try:
        assert name in lacking()
        assert run()[0] == 1
    finally:
        connection.close()  # what was set goes with it


@pytest.mark.django_db
def test_what_is_only_unwise_is_noted():
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    code, said = run()
    assert code == 0
    assert "note   synchronous_commit: synchronous_commit is off" in said


def test_a_feature_that_works_otherwise_is_named(committed_db, databases):
    """As servers differ that are only compatible: here other functions of these names are found first."""
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA other")
        cursor.execute(
            "CREATE FUNCTION other.hashtextextended(text, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'"
        )
        cursor.execute("CREATE FUNCTION other.to_char(timestamp, text) RETURNS text LANGUAGE sql AS 'SELECT $1::text'")
        cursor.execute("SET search_path = other, pg_catalog, public")
        assert set(lacking()) == {"hash of text", "canonical lines"}
        cursor.execute("DROP FUNCTION other.to_char(timestamp, text)")
        assert set(lacking()) == {"hash of text"}
        assert run()[1].startswith("LACKS  hash of text: hashtextextended does not work")


def test_a_role_without_rights_is_told_which(committed_db, databases):
    """Rights of the serving role taken away; where the tests serve as superuser, a role that never had any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        role, superuser = cursor.fetchone()
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        if superuser:
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'prepaid_app'")
            if not cursor.fetchone()[0]:
                pytest.skip("one role only, and it is a superuser")
            role = "prepaid_app"
        cursor.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'escrow_post' AND prosecdef")
        (function,) = cursor.fetchone()
        cursor.execute(f"REVOKE SELECT ON escrow_payment FROM {role}")
        cursor.execute(f"REVOKE INSERT ON escrow_block FROM {role}")
        cursor.execute(f"GRANT UPDATE ON escrow_transfer TO {role}")
        cursor.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM {role}")
    with connection.cursor() as cursor:
        if superuser:
            cursor.execute(f"SET ROLE {role}")
    try:
        faults = [fault for fault in database.check() if fault.grave]
    finally:
        connection.close()
    sentences = " ".join(fault.sentence for fault in faults)
    assert {fault.name for fault in faults} >= {"rights", "immutability"}
    assert "has no right to SELECT on" in sentences
    assert "escrow_payment" in sentences
    assert "has no right to INSERT on" in sentences
    assert "escrow_block" in sentences
    assert "may not call" in sentences
    assert "escrow_post" in sentences
    assert "may rewrite escrow_transfer" in sentences


def test_without_temporary_tables_it_says_so(committed_db, databases):
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute(f'REVOKE TEMP ON DATABASE "{committed_db}" FROM PUBLIC')
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'prepaid_app'")
            if not cursor.fetchone()[0]:
                pytest.skip("one role only, and it is a superuser")
            cursor.execute("SET ROLE prepaid_app")
    try:
        assert "GRANT TEMP" in lacking()["temporary tables"]
    finally:
        connection.close()


def test_before_the_tables_are_made_it_says_what_to_do(committed_db, databases):
    with databases.use(committed_db, as_owner=True), connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        cursor.execute("SET search_path = elsewhere")
        assert "manage.py migrate" in lacking()["tables"]


def test_the_decision_record_lists_what_is_tried():
    record = (ROOT / "docs" / "adr" / "0003-what-we-ask-of-postgresql.md").read_text()
    assert [feature.name for feature in database.FEATURES if feature.name not in record] == []

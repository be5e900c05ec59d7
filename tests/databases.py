"""Databases for tests: one migrated template, cloned for each process of the run and for every test that commits.

Truncating between tests is not possible (transfers are immutable, and the serving role may not) and would take the
reference data away, so a test that commits works in a clone of its own, dropped afterwards.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from embedded.postgres import default_privileges
from escrow.clock import beijing_date
from escrow.operations import load_working_days
from prepaid.settings import database

ROOT = Path(__file__).resolve().parent.parent
#: Advisory locks of the server's: one process makes or drops the template; while somebody clones it, it stays.
BUILDING, CLONING = 7_301, 7_302
OURS = ["escrow", "prepaid", "complaints", "demo"]


class Databases:
    """Makes and drops databases as the owner; points Django's default connection at them."""

    def __init__(self) -> None:
        owner = database(settings.DATABASE_OWNER_URL)
        self._keys = ["USER", "PASSWORD", "HOST", "PORT"]
        self._owner = {key: owner[key] for key in self._keys}
        self._server = {key: connection.settings_dict[key] for key in self._keys}
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # each of the suite's processes has its own
        self.base = "_".join(filter(None, ["test", connection.settings_dict["NAME"], worker]))
        self.template = f"test_{connection.settings_dict['NAME']}_template"
        self._year = beijing_date(timezone.now()).year
        self._admin = psycopg2.connect(
            host=owner["HOST"],
            port=owner["PORT"] or None,
            user=owner["USER"],
            password=owner["PASSWORD"],
            dbname=owner["NAME"],
        )
        self._admin.autocommit = True
        if not self._ask("SELECT pg_try_advisory_lock(hashtext(%s))", self.base)[0]:
            pytest.exit(f"Another test run uses {self.base}: wait for it, or set DATABASE_URL to another database.", 3)

    def build_template(self, *, reuse: bool) -> None:
        """Migrate the template as the owner and load the calendar, which most tests need: once for all processes that test
        beside each other, and with ``reuse`` only when migrations or their data changed. Whoever comes second waits."""
        with self._alone():
            described = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
            same = (self._ask(described, self.template) or [None])[0] == self._digest()
            unused = self._ask(f"SELECT pg_try_advisory_lock({CLONING})")[0]
            if not same and not unused:
                pytest.exit(f"Another test run uses a {self.template} of other migrations: wait for it.", 3)
            if not same or (unused and not reuse):
                self._build()
                self._run(f"COMMENT ON DATABASE \"{self.template}\" IS '{self._digest()}'")
            self._run(f"SELECT pg_advisory_lock_shared({CLONING})")
            if unused:
                self._run(f"SELECT pg_advisory_unlock({CLONING})")

    def _build(self) -> None:
        self.drop(self.template)
        self.create(self.template)
        with self.use(self.template, as_owner=True):
            if self._owner["USER"] != self._server["USER"]:
                with connection.cursor() as cursor:
                    cursor.execute(default_privileges(owner=self._owner["USER"], app=self._server["USER"]))
            call_command("migrate", interactive=False, verbosity=0)
            load_working_days(first_year=self._year - 1, last_year=self._year + 2, confirmed_until=self._year)

    def leave_template(self, *, keep: bool) -> None:
        """No more clones; the last to leave drops it."""
        with self._alone():
            self._run(f"SELECT pg_advisory_unlock_shared({CLONING})")
            if not keep and self._ask(f"SELECT pg_try_advisory_lock({CLONING})")[0]:
                self.drop(self.template)
                self._run(f"SELECT pg_advisory_unlock({CLONING})")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._run(f"SELECT pg_advisory_lock({BUILDING})")
        try:
            yield
        finally:
            self._run(f"SELECT pg_advisory_unlock({BUILDING})")

    @contextmanager
    def clone(self, name: str) -> Iterator[str]:
        """A fresh copy of the template under ``name``, used by Django's default connection, dropped afterwards."""
        self.drop(name)
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        try:
            with self.use(name):
                yield name
        finally:
            self.drop(name)

    @contextmanager
    def use(self, name: str, *, as_owner: bool = False) -> Iterator[None]:
        """Point the default connection of every thread at database ``name``."""
        connections.close_all()
        before = {key: connection.settings_dict[key] for key in ["NAME", *self._keys]}
        connection.settings_dict.update(self._owner if as_owner else self._server, NAME=name)
        try:
            yield
        finally:
            connections.close_all()
            connection.settings_dict.update(before)

    def create(self, name: str) -> None:
        """An empty database."""
        self._run(f'CREATE DATABASE "{name}"')

    def drop(self, name: str) -> None:
        """Drop database ``name`` if there is one. Sessions that are just ending get five seconds, then all are ended."""
        try:
            self._run(f'DROP DATABASE IF EXISTS "{name}"')
        except psycopg2.errors.ObjectInUse:
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, sql: str) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(sql)

    def _ask(self, sql: str, *values: Any) -> Any:
        with self._admin.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone()

    def _digest(self) -> str:
        digest = hashlib.sha256(str(self._year).encode())
        for package in OURS:
            for path in sorted((ROOT / package).rglob("*")):
                inside = path.relative_to(ROOT).parts
                if path.is_file() and path.suffix != ".pyc" and {"migrations", "data", "sql"} & set(inside):
                    digest.update("/".join(inside).encode() + path.read_bytes())
        return digest.hexdigest()

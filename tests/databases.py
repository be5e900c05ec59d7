"""Databases for tests: one migrated template, cloned for the run and for every test that commits.

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

from embedded.postgres import default_privileges
from prepaid.settings import database

ROOT = Path(__file__).resolve().parent.parent
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
        self.template = f"{self.base}_template"
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
        """Migrate the template as the owner; with ``reuse`` only when migrations or their data changed."""
        digest = self._digest()
        described = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        if reuse and (self._ask(described, self.template) or [None])[0] == digest:
            return
        self.drop(self.template)
        self.create(self.template)
        with self.use(self.template, as_owner=True):
            if self._owner["USER"] != self._server["USER"]:
                with connection.cursor() as cursor:
                    cursor.execute(default_privileges(owner=self._owner["USER"], app=self._server["USER"]))
            call_command("migrate", interactive=False, verbosity=0)
        self._run(f"COMMENT ON DATABASE \"{self.template}\" IS '{digest}'")

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
        digest = hashlib.sha256()
        for package in OURS:
            for path in sorted((ROOT / package).rglob("*")):
                inside = path.relative_to(ROOT).parts
                if path.is_file() and path.suffix != ".pyc" and {"migrations", "data", "sql"} & set(inside):
                    digest.update("/".join(inside).encode() + path.read_bytes())
        return digest.hexdigest()

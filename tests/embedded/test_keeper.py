"""Lent servers: shared while wanted, gone when nobody wants them, whoever is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from embedded import postgres
from embedded.processes import marked
from embedded.secrets import ROOT

BORROWER = """
import os, sys
from embedded.services import database_for_this_process
with database_for_this_process():
    print(os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"], os.environ["REDIS_URL"], flush=True)
    sys.stdin.read()
"""


class Borrower:
    """A process that borrows the servers until it is told to leave."""

    def __init__(self, var: Path) -> None:
        environment = {**os.environ, "PREPAID_VAR": str(var), "PREPAID_DURABLE": "1"}
        for name in ["DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"]:
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-c", BORROWER],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def urls(self) -> list[str]:
        return self.process.stdout.readline().split()

    def leave(self) -> None:
        self.process.communicate("", timeout=30)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def keepers(var: Path) -> list[int]:
    """The keepers of ``var``: their servers get a clean environment, and end with them."""
    return list(marked(f"PREPAID_VAR={var}".encode()))


def ask(url: str, sql: str) -> object:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def answers(url: str) -> bool:
    try:
        ask(url, "SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True


def eventually(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    path = tmp_path_factory.mktemp("var")
    yield path
    postgres.forget(path)


def test_processes_share_one_server_and_the_last_one_stops_it(var):
    first, second, third = Borrower(var), Borrower(var), Borrower(var)
    url = first.urls()[0]
    assert {second.urls()[0], third.urls()[0]} == {url}
    first.leave()
    second.leave()
    assert answers(url)
    third.leave()
    assert not answers(url)
    assert not keepers(var)


def test_a_killed_borrower_leaves_no_server_behind(var):
    borrower = Borrower(var)
    url = borrower.urls()[0]
    borrower.kill()
    eventually(lambda: not answers(url) and not keepers(var))
    again = Borrower(var)
    assert answers(again.urls()[0])
    again.leave()


def test_a_killed_server_comes_back_at_the_same_address_with_its_data(var):
    borrower = Borrower(var)
    app, owner, _ = borrower.urls()
    ask(owner, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS n")
    pid = int((postgres_home(var) / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not answers(app))
    eventually(lambda: answers(app))
    assert ask(app, "SELECT n FROM kept") == 42
    borrower.leave()


def test_a_killed_keeper_takes_its_server_along_and_the_next_borrower_starts_afresh(var):
    borrower = Borrower(var)
    url = borrower.urls()[0]
    for pid in keepers(var):
        if pid != borrower.process.pid:
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: not answers(url))
    another = Borrower(var)
    assert answers(another.urls()[0])
    another.leave()
    borrower.leave()
    eventually(lambda: not keepers(var))


def test_the_serving_role_changes_rows_but_no_shapes(var):
    borrower = Borrower(var)
    app, owner, _ = borrower.urls()
    ask(owner, "CREATE TABLE shaped (id bigint GENERATED ALWAYS AS IDENTITY, n int)")
    ask(app, "INSERT INTO shaped (n) VALUES (1)")
    for sql in ["DROP TABLE shaped", "TRUNCATE shaped", "CREATE TABLE mine (n int)", "CREATE DATABASE mine"]:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(app, sql)
    borrower.leave()


def test_the_server_asks_for_a_password(var):
    borrower = Borrower(var)
    app, _, _ = borrower.urls()
    host = app.partition("@")[2]
    for role in ["prepaid_app", "prepaid_owner", "postgres"]:
        assert not answers(f"postgres://{role}:wrong@{host}")
    borrower.leave()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_one_clear_sentence(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    borrower = Borrower(tmp_path)
    _, errors = borrower.process.communicate("", timeout=30)
    assert borrower.process.returncode == 2
    assert errors.strip().startswith(f"{tmp_path} belongs to nobody and this is root")
    assert errors.count("\n") == 1


def postgres_home(var: Path) -> Path:
    note = var / "postgres" / postgres.NOTE
    return Path(note.read_text()) if note.exists() else var / "postgres"


def test_cleaning_waits_for_the_last_borrower_and_leaves_nothing(tmp_path):
    clean = [sys.executable, "-m", "embedded", "clean"]
    environment = {**os.environ, "PREPAID_VAR": str(tmp_path / "var")}
    borrower = Borrower(tmp_path / "var")
    borrower.urls()
    home = postgres_home(tmp_path / "var")
    refused = subprocess.run(clean, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "is in use" in refused.stderr
    borrower.leave()
    subprocess.run(clean, cwd=ROOT, env=environment, check=True)
    assert not home.exists()
    assert not (tmp_path / "var").exists()


def test_a_deleted_checkout_leaves_nothing_that_stops_the_next_one_at_its_path(tmp_path):
    var = tmp_path / "var"
    first = Borrower(var)
    first.urls()
    first.leave()
    home = postgres_home(var)
    shutil.rmtree(var)  # without make clean: a cluster kept outside var/ stays, its passwords do not
    second = Borrower(var)
    try:
        assert answers(second.urls()[0])
    finally:
        second.leave()
        postgres.forget(var)
        for aside in home.parent.glob(f"{home.name}.*"):
            shutil.rmtree(aside)

"""Checking commands that could not run, as processes: one sentence, and never the exit code of what they find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.secrets import ROOT

CHECKS = [["prove"], ["check_database"], ["check_contracts"], ["reconcile", "README.md"], ["verify-proof", "README.md"]]
NOWHERE = {"DATABASE_URL": "postgres://prepaid_app:x@127.0.0.1:1/prepaid", "REDIS_URL": "redis://127.0.0.1:1/0"}
FULL = """
import collections, shutil
shutil.disk_usage = lambda path: collections.namedtuple("usage", "total used free")(1, 1, 0)
"""


def manage(*command: str, var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    lent = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
    environment = {name: value for name, value in os.environ.items() if name not in lent}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment | {"PREPAID_VAR": str(var), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What it said, if that was one line and exit code 2."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


@pytest.fixture
def file(tmp_path):
    """A file where a folder should be: in nobody's power to write into, root's neither."""
    path = tmp_path / "file"
    path.write_text("")
    return path


@pytest.mark.parametrize("command", CHECKS, ids=lambda command: command[0])
def test_no_server_can_be_lent(command, file):
    assert "a file stands in the way" in sentence(manage(*command, var=file))


@pytest.mark.parametrize("command", CHECKS, ids=lambda command: command[0])
def test_no_secret_can_be_made(command, tmp_path, file):
    """Servers are there, and settings cannot keep what they need."""
    file.rename(tmp_path / "secrets")
    assert "a file stands in the way" in sentence(manage(*command, var=tmp_path, **NOWHERE))


@pytest.mark.parametrize("command", CHECKS[:3], ids=lambda command: command[0])
def test_the_database_does_not_answer(command, tmp_path):
    assert "could not run: connection to server" in sentence(manage(*command, var=tmp_path, **NOWHERE))


def test_a_read_only_folder():
    said = sentence(manage("prove", var=Path("/sys/prepaid")))
    assert said == "/sys/prepaid cannot be written: run from a folder of your own, or set PREPAID_VAR to one."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder(tmp_path):
    os.chown(tmp_path, 65534, 65534)
    assert "belongs to nobody and this is root" in sentence(manage("prove", var=tmp_path))


def test_a_full_disk(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(FULL)
    said = sentence(manage("prove", var=tmp_path / "var", PYTHONPATH=str(tmp_path)))
    assert said.startswith("The disk is full: 0 MB are free for")


def test_a_named_server_that_is_not_there(tmp_path):
    said = sentence(manage("prove", var=tmp_path, PREPAID_POSTGRES="/nowhere"))
    assert said == "PREPAID_POSTGRES names /nowhere, and there is no postgres in it."


@pytest.mark.parametrize("where", [{"POSTGRESQL": "/nowhere"}, {"PLACES": "/nowhere"}], ids=["named", "looked for"])
def test_no_server_is_installed_to_test_on(where):
    environment = {"PATH": os.defpath, **where}
    done = subprocess.run(["tests/postgresql.sh"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_what_nobody_foresaw_is_no_finding(tmp_path):
    done = manage("prove", var=tmp_path, DATABASE_URL="postgres://a:b@host:port/name", REDIS_URL="redis://x")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("ValueError: Port could not be cast")


def test_other_commands_say_it_as_clearly(file):
    assert "a file stands in the way" in sentence(manage("migrate", var=file))

"""The supervisor: who dies comes back, later each time; nobody outlives it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from embedded.processes import end_marked, marked
from embedded.secrets import ROOT
from embedded.supervisor import FIRST_PAUSE, Child
from tests.embedded.test_keeper import eventually

SUPERVISOR = """
import os, sys
from embedded.problems import folder
from embedded.processes import Signals
from embedded.supervisor import Child, Supervisor
signals = Signals()
environment = {**os.environ, "MARK": os.environ["PREPAID_VAR"]}
commands = {"steady": ["sleep", "600"], "family": ["sh", "-c", "sleep 601 & sleep 602 & wait"], "broken": ["false"]}
children = [Child(name, command, environment) for name, command in commands.items()]
supervisor = Supervisor(folder("run") / "processes.json", signals)
supervisor.start(*children)
supervisor.watch(until=lambda: False)
supervisor.stop()
"""


@pytest.fixture
def supervised(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR],
        cwd=ROOT,
        env={**os.environ, "PREPAID_VAR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    eventually((tmp_path / "run" / "processes.json").exists)
    yield process, tmp_path
    process.kill()
    process.communicate()
    end_marked(f"MARK={tmp_path}".encode(), patience=5)


def children(var) -> dict[str, int]:
    return json.loads((var / "run" / "processes.json").read_text())["children"]


def test_a_killed_child_comes_back_and_its_family_does_not_stay(supervised):
    _, var = supervised
    mark = f"MARK={var}".encode()
    before = children(var)
    eventually(lambda: len(list(marked(mark))) >= 4)
    os.kill(before["family"], signal.SIGKILL)
    eventually(lambda: children(var).get("family", before["family"]) != before["family"])
    eventually(lambda: sum(os.getpgid(pid) == before["family"] for pid in marked(mark)) == 0)
    assert children(var)["steady"] == before["steady"]


def test_asked_to_stop_it_stops_everything(supervised):
    process, var = supervised
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not list(marked(f"MARK={var}".encode()))
    assert not (var / "run" / "processes.json").exists()


def test_killed_itself_it_leaves_nobody_behind_for_long(supervised):
    process, var = supervised
    process.kill()
    process.wait()
    end_marked(f"MARK={var}".encode(), patience=5)
    assert not list(marked(f"MARK={var}".encode()))


def test_the_pause_grows_with_every_death_and_is_forgotten_after_a_healthy_life(tmp_path, monkeypatch):
    monkeypatch.setenv("PREPAID_VAR", str(tmp_path))
    child = Child("broken", ["false"], dict(os.environ))
    pauses = []
    for _ in range(4):
        child.start()
        child.process.wait()
        assert child.bury() == 1
        pauses.append(child.pause)
    assert pauses == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE * 8]
    child.start()
    child.process.wait()
    child.started = time.monotonic() - 60
    child.bury()
    assert child.pause == FIRST_PAUSE

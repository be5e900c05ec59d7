"""The system as a whole: it comes up, says where it is, heals, and refuses a second start with a sentence."""

import json
import subprocess
import sys

import pytest

from embedded.secrets import ROOT


def test_it_serves_and_is_ready(city):
    assert json.loads(city.get("/readyz")) == {"ok": True, "checks": {"database": True, "broker": True}}
    assert city.url in city.output()


@pytest.mark.parametrize("name", ["web", "worker", "beat", "sweeper", "bank"])
def test_a_killed_process_comes_back(city, name):
    killed = city.kill(name)
    city.wait_healthy(instead_of={name: killed})


def test_a_command_in_a_fresh_shell_uses_the_running_servers(city):
    done = city.manage("showmigrations", "escrow")
    assert done.returncode == 0, done.stderr
    assert "[ ]" not in done.stdout


def start_again(city, **changes) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "embedded", "up"],
        cwd=ROOT,
        env={**city.environment, **changes},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_a_second_start_is_refused_with_one_sentence(city):
    assert start_again(city).startswith("It already runs here")


def test_a_port_in_use_is_one_sentence(city, tmp_path):
    said = start_again(city, PREPAID_VAR=str(tmp_path))
    assert said == (f"Port {city.web_port} is in use: stop what listens there, or set PREPAID_PORT to a free port.")

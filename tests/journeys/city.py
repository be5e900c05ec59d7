"""The whole real system for a test: ``python -m embedded up`` with data and ports of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from embedded.ports import free_port
from embedded.processes import end_marked
from embedded.secrets import ROOT
from embedded.system import MARK, answers

START_SECONDS = 240


class City:
    """A running system: its addresses, its commands, and ways to hurt it."""

    def __init__(self, var: Path, extra: Mapping[str, str] | None = None) -> None:
        self.var = var
        self.web_port, self.bank_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.bank_url = f"http://127.0.0.1:{self.bank_port}"
        lent = {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PUBLIC_URL", "SANDBOX_BANK_URL", "STATIC_ROOT"}
        self.environment = {name: value for name, value in os.environ.items() if name not in lent} | {
            "PREPAID_VAR": str(var),
            "PREPAID_PORT": str(self.web_port),
            "PREPAID_BANK_PORT": str(self.bank_port),
            "PREPAID_DURABLE": "1",
            "PREPAID_LIFE": "0",  # tests make what they look at
            "PREPAID_KEPT_SECONDS": "0",  # and see at once what they changed
            "DJANGO_SETTINGS_MODULE": "prepaid.settings",
            **(extra or {}),
        }

    def start(self) -> None:
        """Start the system and wait until it serves."""
        self.var.mkdir(parents=True, exist_ok=True)
        self._log = (self.var / "up.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "embedded", "up"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._until(lambda: "Ctrl-C" in self.output(), START_SECONDS)

    def output(self) -> str:
        """What ``make run`` has printed so far."""
        return (self.var / "up.log").read_text()

    def said(self, lines: int = 60) -> str:
        """The end of every process's log, for a failure's message."""
        said = []
        for log in [self.var / "up.log", *sorted((self.var / "log").glob("*.log"))]:
            said += [f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-lines:]]
        return "\n".join(said)

    def stop(self) -> None:
        """Stop it as Ctrl-C does; it must stop cleanly."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(90)
        self._log.close()
        assert code == 0, self.output()

    def destroy(self) -> None:
        """End whatever is left and delete its data."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        end_marked(f"{MARK}={self.var}".encode(), patience=10)
        deadline = time.monotonic() + 30
        clean = [sys.executable, "-m", "embedded", "clean"]
        while subprocess.run(clean, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL).returncode:
            assert time.monotonic() < deadline, f"{self.var} stays in use"
            time.sleep(0.5)
        shutil.rmtree(self.var, ignore_errors=True)

    def pid(self, name: str) -> int | None:
        """The process id of ``web``, ``worker``, ``beat`` or ``bank``; None while it is down."""
        path = self.var / "run" / "processes.json"
        return json.loads(path.read_text())["children"].get(name) if path.exists() else None

    def kill(self, name: str) -> int:
        """``kill -9`` the child; the id it had."""
        pid = self.pid(name)
        assert pid, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_healthy(self, seconds: float = 60, *, instead_of: Mapping[str, int] | None = None) -> None:
        """Wait until web and bank answer and nobody has the ids in ``instead_of`` (name: killed id) any more."""
        killed = instead_of or {}
        self._until(
            lambda: (
                all(self.pid(name) not in {None, pid} for name, pid in killed.items())
                and answers(f"{self.url}/readyz")
                and answers(f"{self.bank_url}/healthz")
            ),
            seconds,
        )

    def manage(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a ``manage.py`` command beside the running system, as from a fresh shell."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def proves(self, *, seconds: float = 60) -> None:
        """Every fen is accounted for; what the bank has told just now is booked in a moment."""
        until = time.monotonic() + seconds
        while (said := self.manage("prove")).returncode and time.monotonic() < until:
            time.sleep(2)
        faults = [line for line in said.stdout.splitlines() if not line.startswith("ok ")]
        assert said.returncode == 0, faults

    def get(self, path: str) -> str:
        """The text of a page."""
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return answer.read().decode()

    def _until(self, condition, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self._process.poll() is None, f"it ended with code {self._process.returncode}:\n{self.output()}"
            assert time.monotonic() < deadline, f"not within {seconds} s:\n{self.output()}"
            time.sleep(0.1)

"""Web server, Celery worker, beat and Valkey of a test's own, on a database of its own: to be killed, stopped and frozen, and nobody
else's.

Not the ``city``: this starts in seconds, and what is broken here hurts no other test.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import httpx
from celery import Celery
from django.conf import settings
from django.db import connection
from django.test import Client

from embedded.ports import free_port
from embedded.processes import dies_with_parent
from embedded.secrets import ROOT
from embedded.valkey import Valkey
from prepaid.people.models import User
from tests.sandbox_bank.bank import Bank, until

#: So often beat rings for the sweeps, in seconds.
SWEEP = 1
BACKEND = "prepaid.people.backends.RoleBackend"


class Faulty:
    """A small system: its addresses, its doorbell, and ways to hurt it."""

    def __init__(self, var: Path, bank: Bank) -> None:
        self.var, self.valkey_port, self.web_port = var, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.broker = Valkey().environment(self.valkey_port)["REDIS_URL"]
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.journeys.faulty_settings",
            "DATABASE_URL": _address(),
            "REDIS_URL": self.broker,
            "PUBLIC_URL": self.url,
            "PREPAID_SWEEP_SECONDS": str(SWEEP),
            "PREPAID_DEMO": "1",
            "SANDBOX_BANK_URL": bank.url,
            "SANDBOX_PLATFORM_PRIVATE_KEY": bank.platform_private,
            "SANDBOX_BANK_PUBLIC_KEY": bank.public,
        }
        self.bell = Celery("bell", broker=self.broker)
        self.bell.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, IO[bytes]] = {}

    def start(self) -> None:
        """Everything, and wait until it serves."""
        self.start_valkey()
        self.start_web()
        self.start_worker(wait=False)
        self.start_beat()
        self._start("sweeper", "django", "sweep", "--watch")
        until(self.answers, seconds=60)
        self.wait_for_worker()

    def stop(self) -> None:
        """End whatever runs."""
        for name in list(self.running):
            self.kill(name)
        for log in self._logs.values():
            log.close()

    def start_valkey(self) -> None:
        """The broker, empty."""
        valkey = Valkey()
        self.running["valkey"] = valkey.start(
            self.valkey_port,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        until(lambda: valkey.is_ready(self.running["valkey"], self.valkey_port))

    def start_web(self) -> None:
        """The pages; it does not wait until they are served."""
        gunicorn = ["gunicorn", "prepaid.wsgi", "--bind", f"127.0.0.1:{self.web_port}", "--no-control-socket"]
        self._start("web", *gunicorn, "--worker-class", "gthread", "--threads", "8")

    def start_worker(self, *, wait: bool = True) -> None:
        """As ``make run`` has it."""
        flags = ["-c", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        self._start("worker", "celery", "-A", "prepaid", "worker", *flags)
        if wait:
            self.wait_for_worker()

    def start_beat(self) -> None:
        """What rings for the sweeps."""
        flags = ["--loglevel", "WARNING", "--schedule", str(self.var / "beat"), "--pidfile="]
        self._start("beat", "celery", "-A", "prepaid", "beat", *flags)

    def supervise(self) -> None:
        """As ``make run`` and compose do: what has ended by itself is started again. Celery's worker does, when the broker goes while
        it gives its tasks back."""
        for name, start in (("worker", partial(self.start_worker, wait=False)), ("beat", self.start_beat)):
            if name in self.running and self.running[name].poll() is not None:
                start()

    def wait_for_worker(self) -> None:
        """Until it takes tasks."""
        until(lambda: " ready." in self.said("worker"), seconds=60)

    def kill(self, name: str) -> None:
        """``kill -9`` of the process and of all it has forked."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def said(self, name: str) -> str:
        """What it has written since it was started last."""
        return (self.var / f"{name}.log").read_text(errors="replace")

    def as_person(self, user: User) -> httpx.Client:
        """The pages, signed in as ``user``; forms need no token from a page read before."""
        inside = Client()
        inside.force_login(user, backend=BACKEND)
        token = "t" * 32
        cookies = {settings.SESSION_COOKIE_NAME: inside.cookies[settings.SESSION_COOKIE_NAME].value, "csrftoken": token}
        return self._client(cookies=cookies, headers={"X-CSRFToken": token})

    def as_system(self, token: str) -> httpx.Client:
        """The API, with a key."""
        return self._client(headers={"Authorization": f"Bearer {token}"})

    def ring(self, task: str, *arguments: object, times: int = 1) -> None:
        """The same task, with the same id, so many times."""
        number = os.urandom(16).hex()
        for _time in range(times):
            self.bell.send_task(task, arguments, task_id=number)

    def _client(self, **facts: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, **facts)

    def _start(self, name: str, *command: str) -> None:
        if name in self._logs:
            self._logs.pop(name).close()
        self._logs[name] = log = (self.var / f"{name}.log").open("wb")
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )

    def answers(self) -> bool:
        """Whether the pages are served."""
        assert self.running["web"].poll() is None, self.said("web")
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False


def quiet(changes: Callable[[], object], *, seconds: float, within: float) -> None:
    """Wait until what ``changes`` says has been the same for so long."""
    end, last, since = time.monotonic() + within, changes(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.2)
        if (now := changes()) != last:
            last, since = now, time.monotonic()
        assert time.monotonic() < end, f"not quiet within {within} s: {last}"


def _address() -> str:
    """Of the database that this process uses."""
    server = connection.settings_dict
    return f"postgres://{server['USER']}:{quote(server['PASSWORD'], safe='')}@{server['HOST']}:{server['PORT']}/{server['NAME']}"

"""Lends a server to as many processes as want it and stops it with the last of them.

Every borrower holds ``users`` (shared) for as long as it lives. One keeper process per server is the server's parent:
it restarts a server that dies and stops it as soon as nobody holds ``users``, even if the last borrower was killed.
If the keeper itself is killed, the kernel stops the server. ``start`` is held while somebody looks or starts,
``keeper`` by the keeper for its whole life.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from embedded.locks import Lock
from embedded.ports import free_port, is_free
from embedded.postgres import Postgres
from embedded.problems import Problem, explained, folder
from embedded.processes import Signals, dies_with_parent, end, last_words, log_file
from embedded.secrets import ROOT, var
from embedded.valkey import Valkey

START_SECONDS = 120
STOP_SECONDS = 60
READY = "ready"


class Server(Protocol):
    """What the keeper asks of a server it keeps."""

    name: str
    variable: str
    stop_signal: signal.Signals

    def environment(self, port: int) -> dict[str, str]: ...
    def prepare(self) -> None: ...
    def start(self, port: int, **how: object) -> "subprocess.Popen[bytes]": ...
    def is_ready(self, process: "subprocess.Popen[bytes]", port: int) -> bool: ...


SERVERS: dict[str, Server] = {server.name: server for server in (Postgres(), Valkey())}


class Loan:
    """One borrower's hold on a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._run = folder("run", server.name)
        self._users = Lock(self._run / "users")

    def take(self) -> dict[str, str]:
        """Hold the server, starting its keeper if there is none; the variables that lead to it."""
        with Lock(self._run / "start"):
            self._users.shared()  # waits for a keeper that is just stopping
            self._ensure()
        return self.server.environment(port_of(self._run))

    def renew(self) -> None:
        """Start a keeper if ours was killed."""
        with Lock(self._run / "start"):
            self._ensure()

    def _ensure(self) -> None:
        keeper = Lock(self._run / "keeper")
        lives = not keeper.try_alone()
        keeper.close()
        if not lives:
            _start_keeper(self.server)

    def give_back(self) -> None:
        """Let go; the last borrower waits until the server has stopped."""
        with Lock(self._run / "start"):
            keeper = Lock(self._run / "keeper")
            if self._users.try_alone() and not keeper.try_alone():
                _signal(keeper.signature(), signal.SIGTERM)
                keeper.alone()
            keeper.close()
            self._users.close()


@contextmanager
def borrowed(server: Server) -> Iterator[Loan]:
    """The server runs inside the block, and ``os.environ`` leads to it."""
    loan = Loan(server)
    os.environ.update(loan.take())
    try:
        yield loan
    finally:
        loan.give_back()


def keep(server: Server) -> None:
    """The keeper's life. Says on stdout ``ready`` when the server answers, or one sentence why it does not."""
    run = folder("run", server.name)
    lock = Lock(run / "keeper")
    if not lock.try_alone():
        print(READY, flush=True)
        return
    lock.sign()
    stopping = Signals()
    try:
        server.prepare()
        process = _start(server, run, stopping)
    except Problem as problem:
        print(problem, flush=True)
        return
    except OSError as error:
        print(explained(error) or error, flush=True)
        return
    print(READY, flush=True)
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    users = Lock(run / "users")
    pause = 0.5
    while not stopping.within(pause) and not users.try_alone():
        if process.poll() is not None:
            try:
                process = _start(server, run, stopping)
                pause = 0.5
            except (Problem, OSError):
                pause = min(pause * 2, 30)  # its log says why; a full disk may be freed
    end(process, server.stop_signal, patience=STOP_SECONDS)
    # ``users`` and ``keeper`` are freed by our end, so a borrower that waits starts afresh.


def port_of(run: Path) -> int:
    """The port the server of folder ``run`` was last started on, 0 if never."""
    path = run / "port"
    return int(json.loads(path.read_text())) if path.exists() else 0


def _start(server: Server, run: Path, stopping: Signals) -> "subprocess.Popen[bytes]":
    """Start the server and wait until it is ready. It keeps its port, which borrowers know, while that is free."""
    for pause in [0.1, 0.2, 0.5, 1, 2, 5, 10]:
        port = port_of(run)
        if not port or not is_free(port):
            port = free_port()
        with log_file(server.name) as log:
            process = server.start(
                port,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(server.stop_signal),
            )
        draft = run / "port.draft"
        draft.write_text(json.dumps(port))
        draft.replace(run / "port")
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and not stopping.within(0.02):
            if server.is_ready(process, port):
                return process
            if time.monotonic() > deadline:
                end(process, server.stop_signal, patience=5)
                raise Problem(f"{server.name} did not answer within {START_SECONDS} s: {last_words(server.name)}")
        if stopping.within(pause):  # else it died: its predecessor may still be shutting down
            end(process, server.stop_signal, patience=STOP_SECONDS)
            raise Problem(f"{server.name} was told to stop while it started.")
    raise Problem(f"{server.name} does not start: {last_words(server.name)}")


def _start_keeper(server: Server) -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "embedded", "keep", server.name],
        cwd=ROOT,
        env={**os.environ, "PREPAID_VAR": str(var())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for the borrower, who then gives back
    )
    assert keeper.stdout
    with keeper.stdout as answers:
        answer = answers.readline().decode().strip()
        if answer != READY:
            rest = answers.read().decode().strip()
            raise Problem(f"{answer} {rest}".strip() or f"{server.name}'s keeper died at once.")


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)

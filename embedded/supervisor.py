"""Keeps a few processes running: each in a group of its own, started again with back-off when it dies."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embedded.processes import Signals, dies_with_parent, end, log_file

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
HEALTHY_SECONDS = 20.0  # who lived this long starts with the first pause again
STOP_SECONDS = 15.0


@dataclass
class Child:
    """A process to keep running. Its output goes to ``var/log/<name>.log``."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0  # monotonic
    pause: float = 0.0  # before the start after its last death
    next_pause: float = FIRST_PAUSE
    due: float = 0.0  # monotonic time of the next start while it is down

    def start(self) -> None:
        """Start it in a group of its own; it is told to stop when we die."""
        with log_file(self.name) as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        self.started = time.monotonic()

    def bury(self) -> int | None:
        """If it died: kill what is left of its group, choose when it starts again, and return its exit code."""
        if self.process is None or self.process.poll() is None:
            return None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        code: int = self.process.returncode
        self.process = None
        now = time.monotonic()
        self.pause = FIRST_PAUSE if now - self.started > HEALTHY_SECONDS else self.next_pause
        self.next_pause = min(self.pause * 2, LONGEST_PAUSE)
        self.due = now + self.pause
        return code


class Supervisor:
    """Runs children until it is asked to stop, then stops them in reverse order of their starting.

    ``register`` is a file that always names the living: ``{"supervisor": pid, "children": {name: pid}}``.
    """

    def __init__(self, register: Path, signals: Signals) -> None:
        self.children: list[Child] = []
        self._register = register
        self._signals = signals

    def start(self, *children: Child) -> None:
        """Start ``children`` and keep them running from now on."""
        for child in children:
            child.start()
            self.children.append(child)
        self._write()

    def watch(self, *, until: Callable[[], bool], beat: Callable[[], None] = lambda: None) -> bool:
        """Keep them running; False when asked to stop, True as soon as ``until`` says so. ``beat`` runs each second."""
        last = 0.0
        while not self._signals.within(0.1):
            if until():
                return True
            self._restart()
            if time.monotonic() - last > 1:
                last = time.monotonic()
                beat()
        return False

    def stop(self) -> None:
        """Stop all, last started first; who is late is killed, and so is whatever is left of its group."""
        for child in reversed(self.children):
            if child.process:
                end(child.process, patience=STOP_SECONDS, group=True)
                child.process = None
        self._register.unlink(missing_ok=True)

    def _restart(self) -> None:
        for child in self.children:
            code = child.bury()
            if code is not None:
                how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
                print(f"{child.name} {how}; starting it again in {child.pause:g} s (log: {child.name}.log)", flush=True)
            if child.process is None and time.monotonic() >= child.due:
                child.start()
                self._write()

    def _write(self) -> None:
        alive = {child.name: child.process.pid for child in self.children if child.process}
        draft = self._register.with_suffix(".draft")
        draft.write_text(json.dumps({"supervisor": os.getpid(), "children": alive}))
        draft.replace(self._register)

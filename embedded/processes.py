"""Starting and ending processes so that none outlives whoever started it."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from embedded.problems import folder

PR_SET_PDEATHSIG = 1
LOG_BYTES = 5_000_000


def dies_with_parent(number: int) -> Callable[[], None]:
    """For ``preexec_fn``: the kernel sends signal ``number`` when our process dies, even by ``kill -9`` (Linux)."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask


class Signals:
    """Being asked to stop (SIGTERM, SIGINT, SIGHUP), as something one can wait for."""

    def __init__(self) -> None:
        self._read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(write)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, frame: None)

    def within(self, seconds: float) -> bool:
        """Wait at most ``seconds``; whether we have been asked by then."""
        return bool(select.select([self._read], [], [], seconds)[0])


def log_file(name: str) -> IO[bytes]:
    """``var/log/<name>.log`` opened for appending; a log that grew large becomes ``<name>.log.1`` first."""
    path = folder("log") / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_name(f"{name}.log.1"))
    return path.open("ab")


def last_words(name: str, lines: int = 3) -> str:
    """The end of ``var/log/<name>.log``, for a message about why it stopped."""
    path = folder("log") / f"{name}.log"
    text = path.read_text(errors="replace") if path.exists() else ""
    return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())


def end(
    process: subprocess.Popen[bytes], number: int = signal.SIGTERM, *, patience: float, group: bool = False
) -> None:
    """Ask ``process`` (or its whole group) to stop, wait ``patience`` seconds, then kill what is left."""
    if process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    if group:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def marked(marker: bytes) -> Iterator[int]:
    """Ids of processes with ``marker`` (``NAME=value``) in their environment, this one excepted (Linux)."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        pid = int(environment.parent.name)
        try:
            if pid != os.getpid() and marker in environment.read_bytes().split(b"\0"):
                yield pid
        except OSError:
            continue  # gone meanwhile, or another user's


def end_marked(marker: bytes, *, patience: float) -> list[int]:
    """Stop, then kill, what an earlier run left behind; their ids."""
    found = list(marked(marker))
    for number in [signal.SIGTERM, signal.SIGKILL]:
        for pid in marked(marker):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + patience
        while any(marked(marker)) and time.monotonic() < deadline:
            time.sleep(0.05)
    return found

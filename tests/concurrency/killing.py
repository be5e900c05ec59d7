"""kill -9 for a run of any kind: what is there is whole, and the next run ends as if nobody had interrupted it."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from tests.soak import SOAK

KILLS = 200 if SOAK else 10
PATIENCE = 30  # seconds for the runs after a kill, and for one run
FORK = multiprocessing.get_context("fork")


class Victim:
    """A run in a process of its own. Whole runs teach how long it takes and how many statements it makes, so that kills
    fall all over it: half of them at any time, half of them just before or after a statement."""

    def __init__(self, run: Callable[[], object]) -> None:
        self._run = run
        self._draw = random.Random(os.urandom(8))
        self._takes = 0.0
        self._edges = 0  # two to a statement: before it, and after it
        self.fate = "never killed"

    def whole(self) -> None:
        """To its end, which it reaches without an error."""
        edges, started = FORK.Value("i", 0), time.perf_counter()
        process = self._start(edges, fatal=0)
        process.join(PATIENCE)
        process.kill()
        process.join()
        assert process.exitcode == 0, f"after {self.fate}: a whole run ended with {process.exitcode}"
        self._takes = max(self._takes, time.perf_counter() - started)
        self._edges = max(self._edges, edges.value)

    def killed(self) -> None:
        """Killed somewhere, unless it ends before."""
        edges = FORK.Value("i", 0)
        if self._draw.random() < 0.5:
            seconds = self._draw.uniform(0, self._takes)
            self.fate = f"killed after {seconds:.4f} s of {self._takes:.4f}"
            process = self._start(edges, fatal=0)
        else:
            seconds, fatal = PATIENCE, self._draw.randint(1, self._edges)
            side = "before" if fatal % 2 else "after"
            self.fate = f"killed {side} statement {(fatal + 1) // 2} of {self._edges // 2}"
            process = self._start(edges, fatal=fatal)
        process.join(seconds)
        process.kill()
        process.join()

    def _start(self, edges: Any, *, fatal: int) -> Any:
        connections.close_all()
        process = FORK.Process(target=_counting, args=(self._run, edges, fatal))
        process.start()
        return process


def _counting(run: Callable[[], object], edges: Any, fatal: int) -> None:
    """The run, which kills itself at edge ``fatal`` (0: never) of its statements."""

    def edge() -> None:
        edges.value += 1
        if edges.value == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(execute: Any, *arguments: Any) -> Any:
        edge()
        result = execute(*arguments)
        edge()
        return result

    with connection.execute_wrapper(statement):
        run()


def survives(
    run: Callable[[], object],
    *,
    prepare: Callable[[int], object],
    unfinished: Callable[[], object],
    found: Callable[[], list[str]],
) -> None:
    """Again and again: ``prepare`` new work, kill the run that does it, see that nothing is ``found`` in what is there, and
    run until nothing is ``unfinished``. The first run is left alone, to learn from."""
    victim = Victim(run)
    interrupted = 0
    for turn in range(KILLS + 1):
        prepare(turn)
        if turn:
            victim.killed()
            interrupted += bool(unfinished())
            faults = found()
            assert not faults, f"{victim.fate}: {faults}, what is there is not whole"
        until = time.monotonic() + PATIENCE
        while unfinished():
            victim.whole()
            assert time.monotonic() < until, f"{victim.fate}: the next runs do not end the work"
    assert not found()
    assert interrupted, "every run had ended before it was killed"

"""Processes that do the same deed over and over for as long as they are told, and say how often per second."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

READY = "ready"


def serve(deed: Callable[[], int]) -> None:
    """The life of a member: for every line on stdin, that many seconds of ``deed``, which says how much it did."""
    deed()  # connect, plan
    print(READY, flush=True)
    for line in sys.stdin:
        done, started = 0, time.perf_counter()
        until = started + float(line)
        while time.perf_counter() < until:
            done += deed()
        print(done / (time.perf_counter() - started), flush=True)


class Crew:
    """What ``crew`` yields."""

    def __init__(self, members: list["subprocess.Popen[str]"]) -> None:
        self._members = members

    def work(self, seconds: float) -> float:
        """All of them at once; how much was done per second, together."""
        for member in self._members:
            assert member.stdin
            print(seconds, file=member.stdin, flush=True)
        return sum(float(_said(member)) for member in self._members)


@contextmanager
def crew(*command: str, size: int, **environment: str) -> Iterator[Crew]:
    """``size`` processes of ``command``, each with its number and ``size`` after it, which call ``serve``."""
    members = [
        subprocess.Popen(
            [*command, str(number), str(size)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        for number in range(size)
    ]
    try:
        for member in members:
            assert _said(member) == READY
        yield Crew(members)
    finally:
        for member in members:
            member.communicate()  # its stdin ends, and so does it


def _said(member: "subprocess.Popen[str]") -> str:
    assert member.stdout
    said = member.stdout.readline().strip()
    if not said:
        raise RuntimeError(f"{member.args!r} ended with {member.wait()}")
    return said

"""``python -m benchmarks [--json] [--quick] [--strict] [SUBJECT…]``: what the ledger costs, as ratios taken in one run.

Subjects: uses, size, refunds, sum_tree, pages, queue, routing, hotline, warnings, closure (all of them unless some are named).
docs/benchmarks.md says what is measured against what. ``--quick``: shorter rounds and a tenth of the rows; ``--strict``: exit 1
when a target is missed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, load, say, table

#: Holders of the chain that closes, when they are named.
HOLDERS = 0
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Start a server, measure what was asked for, print it, stop the server."""
    global HOLDERS
    wanted = arguments()
    HOLDERS = wanted.holders
    os.environ.setdefault("PREPAID_VAR", str(ROOT / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prepaid.settings")
    from benchmarks.server import served
    from embedded.problems import Problem

    started, before = time.perf_counter(), load()
    try:
        with served():
            figures, server = measure(wanted.subjects or list(SUBJECTS), quick=wanted.quick)
    except Problem as problem:
        sys.exit(str(problem))
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "server": server,
        "load_before": round(before, 1),
        "load_after": round(load(), 1),
        "quick": wanted.quick,
        "seconds": round(time.perf_counter() - started),
    }
    if wanted.json:
        print(json.dumps({"machine": machine, "figures": [figure.as_json() for figure in figures]}, indent=1))
    else:
        print(table(figures))
        print("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()))
    if wanted.strict and any(figure.verdict == "MISSED" for figure in figures):
        sys.exit(1)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", choices=[*SUBJECTS, []], help=", ".join(SUBJECTS))
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--quick", action="store_true", help="shorter rounds, a tenth of the rows")
    parser.add_argument("--holders", type=int, default=0, help="of the chain that closes (10,000; a tenth when quick)")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a target is missed")
    return parser.parse_args()


def measure(subjects: list[str], *, quick: bool) -> tuple[list[Figure], str]:
    """The figures of the subjects, and what server they were taken on."""
    import django

    django.setup()
    from django.db import connection

    from tests.databases import Databases

    databases = Databases()
    databases.build_template(reuse=True)
    figures = []
    for subject in subjects:
        say(f"{subject}, load {load():.1f}")
        found = SUBJECTS[subject](databases, quick)
        say(table(found))  # what was measured is not lost with a later subject
        figures += found
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(name || ' ' || current_setting(name), ', ') FROM unnest(%s) AS name",
            [["server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size"]],
        )
        [server] = cursor.fetchone()
    return figures, server


def uses(databases: Any, quick: bool) -> list[Figure]:
    """One use and sets of uses."""
    from benchmarks import uses as subject

    return subject.measure(databases, rounds=5, seconds=3 if quick else 5)


def size(databases: Any, quick: bool) -> list[Figure]:
    """One use in a long history."""
    from benchmarks import size as subject

    return subject.measure(databases, quick=quick, seconds=1 if quick else 3)


def refunds(databases: Any, quick: bool) -> list[Figure]:
    """A whole merchant refunded."""
    from benchmarks import refunds as subject

    return subject.measure(databases, rounds=1 if quick else 3)


def sum_tree(databases: Any, quick: bool) -> list[Figure]:
    """The daily sum tree, in a process of its own whose memory is its own."""
    size = ["100000", "100"] if quick else []
    command = [sys.executable, "-m", "benchmarks.sum_tree", "--json", *size]
    # It makes its own template, which this process holds: a database of another name beside ours.
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env=_beside())
    return [
        Figure(
            name=found["name"],
            value=found["value"],
            unit=found["unit"],
            limit=("≤", found["limit"]) if found["limit"] else None,
        )
        for found in json.loads(done.stdout)
    ]


def pages(databases: Any, quick: bool) -> list[Figure]:
    """Every page of the demo city, and with a hundred thousand cards in it."""
    from benchmarks import pages as subject

    return subject.measure(databases, quick=quick)


def queue(databases: Any, quick: bool) -> list[Figure]:
    """The officers' queue with a million orders in it."""
    from benchmarks import queue as subject

    return subject.measure(databases, quick=quick)


def routing(databases: Any, quick: bool) -> list[Figure]:
    """Districts of addresses; asks no database."""
    from benchmarks import routing as subject

    return subject.measure(quick=quick)


def hotline(databases: Any, quick: bool) -> list[Figure]:
    """Work orders imported beside people's complaints, by a real worker."""
    from benchmarks import hotline as subject

    return subject.measure(databases, quick=quick)


def warnings(databases: Any, quick: bool) -> list[Figure]:
    """A night of early warning."""
    from benchmarks import warnings as subject

    return subject.measure(databases, quick=quick)


def closure(databases: Any, quick: bool) -> list[Figure]:
    """A chain that is found closed, by a real worker and the sandbox bank."""
    from benchmarks import closure as subject

    return subject.measure(databases, holders=HOLDERS or subject.HOLDERS // (10 if quick else 1))


def _beside() -> dict[str, str]:
    """The environment of a process that makes databases of its own on our server."""
    served = os.environ["DATABASE_URL"].rpartition("/")[0]
    return {**os.environ, "DATABASE_URL": f"{served}/bench_sum_tree"}


SUBJECTS: dict[str, Callable[[Any, bool], list[Figure]]] = {
    "uses": uses,
    "size": size,
    "refunds": refunds,
    "sum_tree": sum_tree,
    "pages": pages,
    "queue": queue,
    "routing": routing,
    "hotline": hotline,
    "warnings": warnings,
    "closure": closure,
}


if __name__ == "__main__":
    main()

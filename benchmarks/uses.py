"""One use and sets of a thousand: floor, the verbs, the same SQL by pgbench and django-hordak, in turn, round after round."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cards import CARDS, fill, run_file
from benchmarks.crew import crew
from benchmarks.figures import Figure, load, say
from benchmarks.server import pgbench

HERE = Path(__file__).parent
CLIENTS = 8
#: Sets come from scheduled runs, a few at a time; each process has its own part of the cards, as runs by merchant have.
SETTERS = 2

#: Per subject what pgbench runs.
SCRIPTS = {
    "floor": (CLIENTS, rf"\set card random(1, {CARDS})" "\nSELECT floor_transfer_one(:card, 1);\n"),
    "use by pgbench": (CLIENTS, rf"\set card random(1, {CARDS})" "\nSELECT bench_use(:card);\n"),
    "sets by pgbench": (SETTERS, "\\set n random(1, 20)\nSELECT bench_set_of_uses(:client_id, :n);\n"),
}
PER_CALL = {"sets by pgbench": 1000}


def measure(databases: Any, *, rounds: int, seconds: float) -> list[Figure]:
    """The figures of uses, each the median of its rounds' ratios."""
    with ExitStack() as stack:
        name = stack.enter_context(databases.clone(f"{databases.base}_bench"))
        with databases.use(name, as_owner=True):
            fill()
            run_file("floor.sql")
            run_file("same.sql")
        subjects = {
            deed: stack.enter_context(crew(sys.executable, "-m", "benchmarks.member", deed, name, size=size))
            for deed, size in {"bare": CLIENTS, "spread": CLIENTS, "merchant": CLIENTS, "sets": SETTERS}.items()
        }
        python, why_not = _peer(databases, stack)
        if python:
            script = str(HERE / "peer.py")
            peer = f"{databases.base}_peer"
            subjects["hordak"] = stack.enter_context(crew(python, script, "work", peer, size=CLIENTS))
        speeds: dict[str, list[float]] = {subject: [] for subject in [*SCRIPTS, *subjects]}
        loads = []
        for number in range(1, rounds + 1):
            loads.append(load())
            for subject, (clients, text) in SCRIPTS.items():
                done = pgbench(text, database=name, clients=clients, seconds=seconds)
                speeds[subject].append(done * PER_CALL.get(subject, 1))
            for subject, members in subjects.items():
                speeds[subject].append(members.work(seconds))
            said = ", ".join(f"{subject} {values[-1]:,.0f}" for subject, values in speeds.items())
            say(f"round {number} of {rounds}, load {loads[-1]:.1f}: {said}")
    return _figures(speeds, why_not)


def _figures(speeds: dict[str, list[float]], why_not: str) -> list[Figure]:
    def ratio(subject: str, base: str) -> float:
        return median(mine / its for mine, its in zip(speeds[subject], speeds[base], strict=True))

    floor = f"{median(speeds['floor']):,.0f}/s"
    spread = f"{median(speeds['spread']):,.0f}/s"
    sets = median(speeds["sets"])
    hordak = (
        Figure(name="a use ÷ django-hordak's transfer_to", value=None, unit="×", limit=("≥", 2), note=why_not)
        if "hordak" not in speeds
        else Figure(
            name="a use ÷ django-hordak's transfer_to",
            value=ratio("spread", "hordak"),
            unit="×",
            limit=("≥", 2),
            note=f"transfer_to {median(speeds['hordak']):,.0f}/s",
        )
    )
    return [
        Figure(name="floor: one SQL function by pgbench", value=median(speeds["floor"]), unit="per s"),
        Figure(
            name="a use, spread ÷ floor",
            value=ratio("spread", "floor"),
            unit="× floor",
            limit=("≥", 0.5),
            note=f"{spread}, floor {floor}",
        ),
        hordak,
        Figure(
            name="the floor's statement by Django ÷ floor",
            value=ratio("bare", "floor"),
            unit="× floor",
            note=f"{median(speeds['bare']):,.0f}/s: no use asked for by Python can be faster; ours is {ratio('spread', 'bare'):.2f} of it",
        ),
        Figure(
            name="the same SQL by pgbench ÷ floor",
            value=ratio("use by pgbench", "floor"),
            unit="× floor",
            note=f"{median(speeds['use by pgbench']):,.0f}/s: what Python leaves of it is {ratio('spread', 'use by pgbench'):.2f}",
        ),
        Figure(
            name="all on one merchant ÷ spread",
            value=ratio("merchant", "spread"),
            unit="×",
            limit=("≥", 0.8),
            note=f"{median(speeds['merchant']):,.0f}/s, spread {spread}",
        ),
        Figure(name="uses in sets of 1,000", value=sets, unit="per s", limit=("≥", 8000), note=f"floor {floor}"),
        Figure(
            name="sets ÷ the same SQL by pgbench",
            value=ratio("sets", "sets by pgbench"),
            unit="×",
            limit=("≥", 0.75),
            note=f"by pgbench {median(speeds['sets by pgbench']):,.0f}/s",
        ),
    ]


def _peer(databases: Any, stack: ExitStack) -> tuple[str, str]:
    """The Python that has django-hordak, its database made; or why there is none."""
    python, why_not = _peer_environment()
    if not python:
        return "", why_not
    name = f"{databases.base}_peer"
    databases.drop(name)
    databases.create(name)
    stack.callback(databases.drop, name)
    done = subprocess.run([python, str(HERE / "peer.py"), "prepare", name], capture_output=True, text=True)
    if done.returncode:
        return "", f"hordak's tables could not be made: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
    return python, ""


def _peer_environment() -> tuple[str, str]:
    """Install requirements/bench.txt once, below var/."""
    home = Path(os.environ["PREPAID_VAR"]) / "venv"
    python, stamp = home / "bin" / "python", home / "installed"
    locked = HERE.parent / "requirements" / "bench.txt"
    if stamp.exists() and stamp.read_text() == locked.read_text():
        return str(python), ""
    say("Installing django-hordak into an environment of its own …")
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--require-hashes",
            "--requirement",
            str(locked),
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return "", f"could not be installed: {(done.stderr.strip().splitlines() or ['?'])[-1]}"
    stamp.write_text(locked.read_text())
    return str(python), ""

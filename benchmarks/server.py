"""A PostgreSQL of the benchmark's own, as durable as a real one, and pgbench."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import NamedTemporaryFile
from urllib.parse import unquote, urlsplit

from embedded.keeper import SERVERS, borrowed
from embedded.ports import free_port
from embedded.postgres import WHEEL, Postgres
from embedded.problems import Problem
from embedded.processes import dies_with_parent, end, last_words, log_file
from embedded.secrets import var

#: Beyond those of `make run`: room for what is measured, and no checkpoint in the middle of a round. fsync stays on.
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}


class Server(Postgres):
    """The embedded server with a production machine's memory."""

    def command(self, port: int) -> list[str]:
        return [*super().command(port), *(part for pair in SETTINGS.items() for part in ("-c", "=".join(pair)))]


@contextmanager
def served() -> Iterator[None]:
    """DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL lead to servers inside the block; those that are set are used."""
    with ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            stack.enter_context(_own_postgres())
        if not os.environ.get("REDIS_URL"):
            stack.enter_context(borrowed(SERVERS["valkey"]))
        yield


@contextmanager
def _own_postgres() -> Iterator[None]:
    os.environ.pop("PREPAID_DURABLE", None)
    server, port = Server(), free_port()
    server.prepare()
    with log_file("bench-postgres") as log:
        process = server.start(
            port, stdout=log, stderr=log, start_new_session=True, preexec_fn=dies_with_parent(server.stop_signal)
        )
    try:
        while not server.is_ready(process, port):
            if process.poll() is not None:
                raise Problem(f"The benchmark's PostgreSQL does not start: {last_words('bench-postgres')}")
            time.sleep(0.05)
        os.environ.update(server.environment(port))
        yield
    finally:
        end(process, server.stop_signal, patience=60)


def pgbench(script: str, *, database: str, clients: int, seconds: float) -> float:
    """Run ``script`` with prepared statements for a while; transactions per second without connecting.
    Problem: there is no pgbench, or a client was refused."""
    url = urlsplit(os.environ["DATABASE_URL"])
    with NamedTemporaryFile("w", suffix=".sql", dir=var()) as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [
                *(_pgbench(), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
                *(f"--time={max(1, round(seconds))}", f"--file={file.name}"),
                *(
                    "--host",
                    url.hostname or "",
                    "--port",
                    str(url.port or 5432),
                    "--username",
                    unquote(url.username or ""),
                ),
                database,
            ],
            env={**os.environ, "PGPASSWORD": unquote(url.password or "")},
            capture_output=True,
            text=True,
        )
    speed = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or not speed:
        raise Problem(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return float(speed[1])


def _pgbench() -> str:
    """The wheel's, else the machine's."""
    spec = find_spec(WHEEL)
    own = Path(spec.origin or "").parent / "pginstall18" / "bin" / "pgbench" if spec else Path()
    found = str(own) if own.is_file() else which("pgbench")
    if not found:
        raise Problem("There is no pgbench: install requirements/test.txt, or PostgreSQL's own package of tools.")
    return found

"""``backup`` and ``restore``: the whole database in one file (pg_dump's custom format), and into an empty one elsewhere.

The keys of the personal data are not in it: they are kept apart, and without them it is unreadable (docs/operations.md).
"""

import os
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from embedded.postgres import Postgres
from embedded.problems import Problem
from embedded.secrets import ROOT
from embedded.services import database_for_this_process


def backup(file: Path) -> None:
    """Write the database as it is at this moment; whoever works goes on. Problem: it cannot be written."""
    if file.exists():
        raise Problem(f"{file} exists: name another file, a backup is never overwritten.")
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.touch(mode=0o600)
        with database_for_this_process():
            _run("pg_dump", "--format=custom", "--no-password", f"--file={draft}")
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)


def restore(file: Path) -> None:
    """Read a backup into the empty database, all of it or nothing. Problem: it is not empty, or the file is no backup."""
    if not file.is_file():
        raise Problem(f"There is no file {file}.")
    with database_for_this_process():
        _run("/bin/sh", str(ROOT / "deploy" / "restore.sh"), file=file)


def _run(*command: str, file: Path = Path(os.devnull)) -> None:
    """Run it as the role that owns the database, with PostgreSQL's programs within reach. The password stays out of ``ps``."""
    app = urlsplit(os.environ["DATABASE_URL"])
    owner = urlsplit(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])
    environment = {
        **os.environ,
        "PATH": f"{Postgres().programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PGHOST": unquote(owner.hostname or ""),
        "PGPORT": str(owner.port or 5432),
        "PGDATABASE": unquote(owner.path.lstrip("/")),
        "PGUSER": unquote(owner.username or ""),
        "PGPASSWORD": unquote(owner.password or ""),
        "OWNER": unquote(owner.username or ""),
        "APP": unquote(app.username or ""),
    }
    with file.open("rb") as content:
        done = subprocess.run(command, env=environment, stdin=content, capture_output=True, text=True)
    if done.returncode:
        raise Problem(" / ".join(done.stderr.strip().splitlines()[:3]) or f"{command[0]} failed.")

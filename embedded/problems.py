"""What can go wrong on somebody's machine, each in one clear sentence."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.secrets import var


class Problem(Exception):
    """A sentence for the person at the keyboard; shown without a traceback."""


def explained(error: OSError) -> Problem | None:
    """The sentence for an operating system error that a person can mend, else None."""
    where = error.filename or var()
    if error.errno == errno.ENOSPC:
        return Problem(f"The disk is full: {where} cannot be written. Free some space and run again.")
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return Problem(f"{where} cannot be written: run from a folder of your own, or set PREPAID_VAR to one.")
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return Problem(f"{where} cannot be made, a file stands in the way: remove it, or set PREPAID_VAR to a folder.")
    return None


@contextmanager
def told() -> Iterator[None]:
    """What a person can mend ends the process with its sentence on stderr and exit code 2: it could not run."""
    try:
        yield
    except (Problem, OSError) as error:
        sentence = explained(error) if isinstance(error, OSError) else error
        if not sentence:
            raise
        print(sentence, file=sys.stderr)
        sys.exit(2)


def folder(*names: str, mode: int = 0o755) -> Path:
    """A folder under ``var/``, made when missing. Problem: ``var/`` is read-only or somebody else's."""
    top = var()
    try:
        top.mkdir(parents=True, exist_ok=True)
        path = top.joinpath(*names)
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise explained(error) or error from error
    owner = top.stat().st_uid
    if owner != os.geteuid():
        raise Problem(
            f"{top} belongs to {_login(owner)} and this is {_login(os.geteuid())}: "
            f"run as {_login(owner)}, remove the folder, or set PREPAID_VAR to another one."
        )
    return path


def demand_space(path: Path, megabytes: int) -> None:
    """Problem: fewer than ``megabytes`` are free where ``path`` lies. Said before databases abort half-way."""
    free = shutil.disk_usage(path).free // 1_000_000
    if free < megabytes:
        raise Problem(f"The disk is full: {free} MB are free for {path} and {megabytes} MB are needed.")


def _login(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"

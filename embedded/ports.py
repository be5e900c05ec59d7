"""TCP ports of 127.0.0.1."""

import random
import socket
from collections.abc import Iterator


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port nobody listens on, of those that no system lends to a connection: it is still free when a server comes to it."""
    return next(port for port in _drawn() if is_free(port))


def _drawn() -> Iterator[int]:
    draw = random.SystemRandom()
    while True:
        yield draw.randrange(10_000, 32_000)

"""``python -m sandbox_bank``: brings its database up to date, then serves and dispatches in the foreground."""

import ctypes
import os
import signal
import socket
import sys
import time
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox_bank.settings"

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types

PR_SET_PDEATHSIG = 1


def die_with_master(_server: Any, _worker: Any) -> None:
    """A killed master takes its worker along: two banks never dispatch at once, and the port is free at once."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start_dispatcher(_worker: Any) -> None:
    """In the worker, once it can serve."""
    from sandbox_bank import dispatcher

    dispatcher.start()


class Server(BaseApplication):
    """gunicorn, told everything here and nothing by files or the command line."""

    def load_config(self) -> None:
        from sandbox_bank import settings

        options = {
            "bind": f"127.0.0.1:{settings.PORT}",
            "worker_class": "gthread",
            "threads": 8,
            "keepalive": 30,
            "graceful_timeout": 1,
            "loglevel": "warning",
            "proc_name": "sandbox-bank",
            "control_socket_disable": True,
            "post_fork": die_with_master,
            "post_worker_init": start_dispatcher,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()


def port_is_free(port: int) -> bool:
    """Within two seconds: a killed predecessor may still be leaving."""
    end = time.monotonic() + 2
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                if time.monotonic() > end:
                    return False
            else:
                return True
        time.sleep(0.05)


def main() -> None:
    """Every reason not to start is one sentence on stderr and exit code 1."""
    try:
        from sandbox_bank import settings

        settings.VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
        django.setup()
        from sandbox_bank import behaviour

        behaviour.from_environment()
    except (ImproperlyConfigured, ValueError) as error:
        sys.exit(f"sandbox bank: {error}")
    except OSError as error:
        sys.exit(f"sandbox bank: cannot keep its data under {settings.VAR}: {error.strerror}")
    if not port_is_free(settings.PORT):
        sys.exit(f"sandbox bank: port {settings.PORT} is in use; set SANDBOX_BANK_PORT to a free one.")
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()  # SQLite connections must not cross the fork
    Server().run()


if __name__ == "__main__":
    main()

"""The database and broker that this machine lends when none is configured."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from embedded.keeper import SERVERS, Loan, borrowed
from embedded.locks import Lock
from embedded.problems import folder, told


@contextmanager
def database_for_this_process(*, needed: bool = True) -> Iterator[None]:
    """DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL lead to servers inside the block.

    A variable that is set is left alone. The rest is lent: started if nobody runs it yet, shared with every other
    process that asks, stopped with the last of them. A problem ends the process with its sentence and exit code 2.
    Where no server is ``needed``, settings still load and nothing is started.
    """
    with ExitStack() as stack:
        if needed:
            with told():
                loans(stack)
                for name, value in addresses().items():
                    os.environ.setdefault(name, value)
        yield


def publish(variables: dict[str, str]) -> None:
    """Tell commands in other shells where the running system is (``manage.py story`` speaks to it)."""
    (folder("run") / "addresses.json").write_text(json.dumps(variables))


def addresses() -> dict[str, str]:
    """The published variables while the system runs, else nothing."""
    path = folder("run") / "addresses.json"
    lock = Lock(folder("run") / "up")
    stands = not lock.try_alone()
    lock.close()
    return json.loads(path.read_text()) if stands and path.exists() else {}


def loans(stack: ExitStack) -> list[Loan]:
    """Borrow every server whose variable is not set; given back when ``stack`` closes."""
    missing = [server for server in SERVERS.values() if not os.environ.get(server.variable)]
    return [stack.enter_context(borrowed(server)) for server in missing]

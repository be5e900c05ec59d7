"""The outer verb opens the transaction, inner verbs join it; a broken named constraint becomes a domain error."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import current_app
from django.db import IntegrityError, OperationalError, connection
from django.db import transaction as django_transaction
from kombu.exceptions import OperationalError as BrokerLost
from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE

from escrow.errors import AccrualRuleMissing, CalendarMissing, DomainError, KeyReused, NotEnoughLeft

logger = logging.getLogger(__name__)

#: Constraints whose violation has a meaning for people. The database has the last word; this table gives it a voice.
#: Apps above add their own.
CONSTRAINT_ERRORS: dict[str, type[DomainError]] = {
    "account_at_least_zero": NotEnoughLeft,
    "accrual_rule_missing": AccrualRuleMissing,
    "calendar_missing": CalendarMissing,
    "use_key_once": KeyReused,
}


#: Seconds in which a process that lost a bell rings no other: a broker that hangs costs a page one wait, not one for each bell.
QUIET = 5.0
_quiet_until = 0.0

#: How often a function that stands alone is called before a deadlock or a lock timeout is reported.
TRIES = 4

_inside: ContextVar[bool] = ContextVar("inside a deed", default=False)


@contextmanager
def named_errors() -> Iterator[None]:
    """A broken constraint that ``CONSTRAINT_ERRORS`` names is raised as its domain error."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name in CONSTRAINT_ERRORS:
            raise CONSTRAINT_ERRORS[name]() from error
        raise


@contextmanager
def transaction() -> Iterator[None]:
    """One deed: the outer verb opens it, inner verbs join without a savepoint, so an error undoes the whole of it.

    Raises:
        DomainError: instead of an ``IntegrityError`` whose constraint is in ``CONSTRAINT_ERRORS``.
    """
    outer = not _inside.get()
    token = _inside.set(True)
    try:
        with named_errors(), django_transaction.atomic(savepoint=outer):
            yield
    finally:
        _inside.reset(token)


def call(function: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of a SQL function. Outside a transaction the function is one of its own, and is called again when another
    deed was in its way: the database took nothing of it.

    Raises:
        DomainError: as ``transaction``. OperationalError: still in the way after ``TRIES``, or within a transaction.
    """
    places = ", ".join(["%s"] * len(arguments))
    for attempt in range(1, TRIES + 1):
        try:
            with named_errors(), connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {function}({places})", arguments)  # noqa: S608 – a name from our code
                return cursor.fetchall()
        except OperationalError as error:
            in_the_way = getattr(error.__cause__, "pgcode", None) in (DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE)
            if not in_the_way or connection.in_atomic_block or attempt == TRIES:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 – only so that two do not meet again
    raise AssertionError("the loop returns or raises")


def ring(task: str, *args: object) -> None:
    """Announce a row's work to Celery after commit, by the task's name: tasks lie above the verbs that ring for them.

    A lost broker must not fail the deed, nor hold it up: the sweep finds the row.
    """

    def announce() -> None:
        global _quiet_until
        if time.monotonic() < _quiet_until:
            logger.warning("bell not rung, the broker was lost just now: %s%s", task, args)
            return
        try:
            current_app.send_task(task, args, retry=False)
        except Exception as error:  # whatever the broker's client raises, the row waits for the sweep
            if isinstance(error, BrokerLost):
                _quiet_until = time.monotonic() + QUIET
            logger.warning("bell lost: %s%s", task, args, exc_info=True)

    django_transaction.on_commit(announce)


def after_commit(call: Callable[[], object]) -> None:
    """Run ``call`` once the outermost transaction has committed. What goes wrong in it is logged: the deed is done, and
    neither its caller nor the calls after this one shall suffer."""
    django_transaction.on_commit(call, robust=True)

"""The outer verb opens the transaction, inner verbs join it; a broken named constraint becomes a domain error."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_app
from django.db import IntegrityError
from django.db import transaction as django_transaction

from escrow.errors import DomainError, NotEnoughLeft

logger = logging.getLogger(__name__)

#: Constraints whose violation has a meaning for people. The database has the last word; this table gives it a voice.
#: Apps above add their own.
CONSTRAINT_ERRORS: dict[str, type[DomainError]] = {
    "account_owes_at_least_zero": NotEnoughLeft,
}


_inside: ContextVar[bool] = ContextVar("inside a deed", default=False)


@contextmanager
def transaction() -> Iterator[None]:
    """One deed: the outer verb opens it, inner verbs join without a savepoint, so an error undoes the whole of it.

    Raises:
        DomainError: instead of an ``IntegrityError`` whose constraint is in ``CONSTRAINT_ERRORS``.
    """
    outer = not _inside.get()
    token = _inside.set(True)
    try:
        with django_transaction.atomic(savepoint=outer):
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name in CONSTRAINT_ERRORS:
            raise CONSTRAINT_ERRORS[name]() from error
        raise
    finally:
        _inside.reset(token)


def ring(task: str, *args: object) -> None:
    """Announce a row's work to Celery after commit, by the task's name: tasks lie above the verbs that ring for them.

    A lost broker must not fail the deed: the sweep finds the row.
    """

    def announce() -> None:
        try:
            current_app.send_task(task, args, retry=False)
        except Exception:  # whatever the broker's client raises, the row waits for the sweep
            logger.warning("bell lost: %s%s", task, args, exc_info=True)

    django_transaction.on_commit(announce)


def after_commit(call: Callable[[], object]) -> None:
    """Run ``call`` once the outermost transaction has committed. What goes wrong in it is logged: the deed is done, and
    neither its caller nor the calls after this one shall suffer."""
    django_transaction.on_commit(call, robust=True)

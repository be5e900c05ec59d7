"""The sweeps without the broker: nothing is late because nobody carried the bell to a worker."""

import logging
import time
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from redis import Redis, RedisError

logger = logging.getLogger(__name__)
#: Seconds in which a broker answers that is there.
PATIENCE = 2


class Command(BaseCommand):
    """``manage.py sweep``: every sweep once, in this process. ``--watch``: for ever, whenever the broker does not answer. A worker that
    sweeps at the same time does no harm: both meet at the rows' locks."""

    help = "Do what the sweeps do, in this process; with --watch whenever the broker does not answer."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to stay, and where it is seen that it lives."""
        parser.add_argument("--alive", type=Path, help="a file that is touched at every look at the broker")
        parser.add_argument("--watch", action="store_true", help="stay, and sweep while the broker does not answer")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once, or watch."""
        current_app.loader.import_default_modules()
        if not options["watch"]:
            sweep()
        while options["watch"]:
            if not broker_answers():
                logger.warning("the broker does not answer: sweeping without it")
                sweep()
            if options["alive"]:
                options["alive"].touch()
            time.sleep(settings.SWEEP_SECONDS)


def broker_answers() -> bool:
    """Whether bells can be rung now."""
    try:
        with Redis.from_url(
            settings.CELERY_BROKER_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as broker:
            return bool(broker.ping())
    except RedisError:
        return False


def sweep() -> None:
    """Every task that beat rings for and that is called so, one after the other; one that fails does not hold up the others."""
    rung_for: Any = settings.CELERY_BEAT_SCHEDULE
    names = sorted({entry["task"] for entry in rung_for.values()})
    for name in names:
        if name.endswith(".sweep"):
            close_old_connections()
            try:
                current_app.tasks[name].run()
            except Exception:  # whatever is wrong with one, the next run finds its rows again
                logger.exception("%s failed", name)

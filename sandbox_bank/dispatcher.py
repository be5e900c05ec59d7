"""Two loops beside the web server: one executes accepted transfers, one sends notifications.

The work is in the tables, so a killed dispatcher continues where it was: at worst it sends a notification again.
"""

import json
import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from django.db.models import F
from django.utils import timezone

from sandbox_bank import news, settings, turns
from sandbox_bank.models import Event, Transfer
from sandbox_bank.operations import execute
from sandbox_bank.signing import sign

#: Nothing waits longer for its turn, whoever wrote it.
TICK_SECONDS = 0.5
MOST_BACKOFF_SECONDS = 60
log = logging.getLogger(__name__)
http = httpx.Client(timeout=5, trust_env=False)


def start() -> None:
    """Both loops, as threads that end with the process."""
    for step in (execute_due, send_due):
        threading.Thread(target=loop, args=[step], name=step.__name__, daemon=True).start()


def loop(step: Callable[[], datetime | None]) -> None:
    """For ever: again when something new comes or is due; an error of one step must not end the service."""
    while True:
        since, next_due = news.told(), None
        try:
            next_due = step()
        except Exception:  # whatever went wrong, the next tick tries again
            log.exception("%s failed and goes on", step.__name__)
        seconds = (next_due - timezone.now()).total_seconds() if next_due else TICK_SECONDS
        news.wait(since=since, seconds=min(max(seconds, 0.01), TICK_SECONDS))


def execute_due() -> datetime | None:
    """Accepted transfers whose time has come, each in its own transaction. When the next one is due."""
    accepted = Transfer.objects.filter(state=Transfer.State.ACCEPTED).order_by("due_at", "pk")
    for pk in accepted.filter(due_at__lte=timezone.now()).values_list("pk", flat=True)[:100]:
        turns.let_calls_pass()
        execute(pk=pk)
    return accepted.values_list("due_at", flat=True).first()


def send_due() -> datetime | None:
    """Of equally due notifications the newest leaves first, see ``announce``. When the next one is due."""
    waiting = Event.objects.filter(copies__gt=0).order_by("due_at", "-pk")
    for event in waiting.filter(due_at__lte=timezone.now())[:20]:
        turns.let_calls_pass()
        send(event)
    return waiting.values_list("due_at", flat=True).first()


def send(event: Event) -> None:
    """One attempt: taken with 2xx, or put off, twice as long each time."""
    body = json.dumps(
        {"event_id": str(event.event_id), "type": event.type, "data": event.data}, ensure_ascii=False
    ).encode()
    url = httpx.URL(event.notify_url)
    headers = sign(settings.BANK_PRIVATE_KEY, method="POST", path=url.raw_path.decode(), body=body)
    try:
        taken = http.post(url, content=body, headers={**headers, "Content-Type": "application/json"}).is_success
    except httpx.HTTPError:
        taken = False
    now = timezone.now()
    row = Event.objects.filter(pk=event.pk)
    if taken:
        row.update(
            copies=F("copies") - 1, attempts=F("attempts") + 1, delivered_at=now, due_at=now + timedelta(seconds=1)
        )
    else:
        wait = timedelta(seconds=min(2 ** min(event.attempts, 10), MOST_BACKOFF_SECONDS))
        row.update(attempts=F("attempts") + 1, due_at=now + wait)

"""What the apps that build on merchants put onto the merchant's first page: set-up, matters that wait, today's events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from prepaid.merchants.models import Merchant, StaffMember


@dataclass(frozen=True, kw_only=True)
class Todo:
    """One thing a merchant has to do before it can sell."""

    label: str
    url: str
    done: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Matter:
    """Something that waits for the merchant; ``due_on`` is the last day to answer (Beijing), None without a term."""

    label: str
    url: str
    note: str = ""
    due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened today; ``state`` in a word, ``tone`` the badge's: ok, warn, bad or plain."""

    at: datetime
    label: str
    figure: str
    note: str = ""
    state: str = ""
    tone: str = "plain"


TodoProvider = Callable[[Merchant], list[Todo]]
#: Rows that wait for the merchant, and what the page says of them. Which providers have any is asked in one query for all.
Waiting = Callable[[StaffMember], QuerySet[Any]]
MatterProvider = Callable[[Any], list[Matter]]
EventProvider = Callable[[StaffMember, date], list[Event]]
_todos: list[TodoProvider] = []
_matters: dict[str, tuple[Waiting, MatterProvider]] = {}
_events: list[EventProvider] = []


def register_todo(provider: TodoProvider) -> TodoProvider:
    """An app's part of the set-up list. A decorator."""
    _todos.append(provider)
    return provider


def register_matters(waiting: Waiting) -> Callable[[MatterProvider], MatterProvider]:
    """An app's matters that wait for the merchant: ``waiting`` says which rows, the provider what of them to show. A decorator."""

    def register(provider: MatterProvider) -> MatterProvider:
        _matters[f"{provider.__module__}.{provider.__name__}".replace(".", "_")] = waiting, provider
        return provider

    return register


def register_events(provider: EventProvider) -> EventProvider:
    """An app's events of one day, newest first, a bounded number. A decorator."""
    _events.append(provider)
    return provider


def todos(merchant: Merchant) -> list[Todo]:
    """What is missing before the merchant can sell, in order."""
    return [todo for provider in _todos for todo in provider(merchant)]


def waiting(staff: StaffMember) -> dict[str, QuerySet[Any]]:
    """By provider, the rows that wait."""
    return {name: rows(staff) for name, (rows, _provider) in _matters.items()}


def matters(rows: dict[str, QuerySet[Any]]) -> list[Matter]:
    """What waits, the nearest term first: of these providers, whose rows are read now."""
    found = [matter for name, waits in rows.items() for matter in _matters[name][1](waits)]
    return sorted(found, key=lambda matter: (matter.due_on is None, matter.due_on or date.max))


def events(staff: StaffMember, day: date) -> list[Event]:
    """What happened on that day, newest first."""
    found = [event for provider in _events for event in provider(staff, day)]
    return sorted(found, key=lambda event: event.at, reverse=True)

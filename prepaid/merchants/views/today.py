"""What the apps that build on merchants put onto the merchant's first page: set-up, matters that wait, today's events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

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
MatterProvider = Callable[[StaffMember], list[Matter]]
EventProvider = Callable[[StaffMember, date], list[Event]]
_todos: list[TodoProvider] = []
_matters: list[MatterProvider] = []
_events: list[EventProvider] = []


def register_todo(provider: TodoProvider) -> TodoProvider:
    """An app's part of the set-up list. A decorator."""
    _todos.append(provider)
    return provider


def register_matters(provider: MatterProvider) -> MatterProvider:
    """An app's matters that wait for the merchant. A decorator."""
    _matters.append(provider)
    return provider


def register_events(provider: EventProvider) -> EventProvider:
    """An app's events of one day, newest first, a bounded number. A decorator."""
    _events.append(provider)
    return provider


def todos(merchant: Merchant) -> list[Todo]:
    """What is missing before the merchant can sell, in order."""
    return [todo for provider in _todos for todo in provider(merchant)]


def matters(staff: StaffMember) -> list[Matter]:
    """What waits, the nearest term first."""
    found = [matter for provider in _matters for matter in provider(staff)]
    return sorted(found, key=lambda matter: (matter.due_on is None, matter.due_on or date.max))


def events(staff: StaffMember, day: date) -> list[Event]:
    """What happened on that day, newest first."""
    found = [event for provider in _events for event in provider(staff, day)]
    return sorted(found, key=lambda event: event.at, reverse=True)

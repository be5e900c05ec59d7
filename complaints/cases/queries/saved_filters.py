"""The searches of the queue that an officer has given names."""

from complaints.cases.models import SavedFilter
from escrow.errors import NotFound
from prepaid.people.models import User


def filters_of(*, owner: User) -> list[SavedFilter]:
    """Their own, by name."""
    return sorted(SavedFilter.objects.filter(owner=owner), key=lambda one: one.name)


def filter_of(*, owner: User, filter_id: int) -> SavedFilter:
    """Raises ``NotFound`` for another's."""
    found = SavedFilter.objects.filter(owner=owner, pk=filter_id).first()
    if found is None:
        raise NotFound()
    return found


def default_of(*, owner: User) -> SavedFilter | None:
    """The one the queue opens with."""
    return SavedFilter.objects.filter(owner=owner, is_default=True).first()

"""An officer gives a search of the queue a name, and finds it again."""

from datetime import datetime

from complaints.cases.errors import FilterNameMissing, FilterNameTaken, NothingToSave, TooManyFilters
from complaints.cases.models import SavedFilter
from complaints.cases.models.saved_filter import NAME_LENGTH
from complaints.cases.queries.saved_filters import filter_of
from escrow import audit
from escrow.transactions import CONSTRAINT_ERRORS, transaction
from prepaid.people.models import User
from prepaid.people.operations import locked

#: Links above the list; more are not found faster than the filters beside it.
MOST_FILTERS = 12

CONSTRAINT_ERRORS["saved_filter_name_once"] = FilterNameTaken


def keep_filter(*, owner: User, name: str, query: str, at: datetime) -> SavedFilter:
    """Keep ``query`` (of an address, already reduced to what the queue knows) under the name. The same twice is one.

    Raises:
        FilterNameMissing, NothingToSave, FilterNameTaken, TooManyFilters.
    """
    name = _clean(name)
    if not query:
        raise NothingToSave()
    with transaction():
        locked(owner.pk)  # counted and added one after the other
        own = list(SavedFilter.objects.filter(owner=owner))
        same = next((one for one in own if one.name == name), None)
        if same is not None:
            if same.query != query:
                raise FilterNameTaken()
            return same
        if len(own) >= MOST_FILTERS:
            raise TooManyFilters(most=MOST_FILTERS)
        kept = SavedFilter.objects.create(owner=owner, name=name, query=query)
        _note("keep_filter", kept, at)
        return kept


def change_filter(*, owner: User, filter_id: int, name: str, is_default: bool, at: datetime) -> SavedFilter:
    """Give it another name; the queue opens with at most one of them.

    Raises:
        NotFound: another's. FilterNameMissing, FilterNameTaken.
    """
    name = _clean(name)
    with transaction():
        locked(owner.pk)
        kept = filter_of(owner=owner, filter_id=filter_id)
        if is_default:
            SavedFilter.objects.filter(owner=owner, is_default=True).exclude(pk=kept.pk).update(is_default=False)
        kept.name, kept.is_default = name, is_default
        kept.save(update_fields=["name", "is_default"])
        _note("change_filter", kept, at)
        return kept


def delete_filter(*, owner: User, filter_id: int, at: datetime) -> None:
    """Forget it. Raises ``NotFound``."""
    with transaction():
        locked(owner.pk)
        kept = filter_of(owner=owner, filter_id=filter_id)
        _note("delete_filter", kept, at)
        kept.delete()


def _clean(name: str) -> str:
    """Raises ``FilterNameMissing``."""
    name = " ".join(name.replace("\0", "").split())
    if not 1 <= len(name) <= NAME_LENGTH:
        raise FilterNameMissing()
    return name


def _note(verb: str, kept: SavedFilter, at: datetime) -> None:
    audit.record(actor=kept.owner.actor, action=f"cases.{verb}", target=f"savedfilter:{kept.pk}", at=at)

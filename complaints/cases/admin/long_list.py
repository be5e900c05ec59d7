"""The queue as a list that stays quick however long it is."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from complaints.cases.filters import UNDECIDED_STAGE
from complaints.cases.models import Case
from complaints.cases.queries.queue import by_urgency
from complaints.cases.queries.scope import listed

#: So many rows are counted and turned over; who looks for more searches or filters. As many as a file of the list has.
MOST_COUNTED = 5_000


class QueuePaginator(Paginator):
    """Counts no further than ``MOST_COUNTED``, and joins what a row shows to the rows of one page only."""

    object_list: QuerySet[Case]

    @cached_property
    def counted(self) -> int:
        """How many there are, one more than the most at the most."""
        return int(self.object_list.order_by().values("pk")[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        """How many can be turned over."""
        return min(self.counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are more than can be turned over."""
        return self.counted > MOST_COUNTED

    def page(self, number: Any) -> Page[Any]:
        """The rows of a page: first which, then with all they show."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        ids = self.object_list.values_list("pk", flat=True)[first : first + self.per_page]
        return Page(by_urgency(listed(Case.objects.filter(pk__in=list(ids)))), number, self)


class Queue(ChangeList):
    """A list whose bare address may open a saved filter: the way back to everything undecided therefore names it."""

    back_to_all = f"?stage={UNDECIDED_STAGE}"

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """As usual, but never empty."""
        found = super().get_query_string(new_params, remove)
        return self.back_to_all if found == "?" else found

    def get_results(self, request: HttpRequest) -> None:
        """As usual; where all fits on one page, in the two steps of ``QueuePaginator``, too."""
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list

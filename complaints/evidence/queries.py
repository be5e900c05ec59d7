"""Whose photos and documents somebody may see. Lists never read what is in a file."""

from django.db.models import QuerySet

from complaints.cases.models import Case
from complaints.cases.queries.scope import cases_for
from complaints.cases.states import EvidenceSide
from complaints.evidence.models import Evidence, StoredFile
from escrow.errors import NotFound
from prepaid.people.models import User


def without_content(evidence: QuerySet[Evidence]) -> QuerySet[Evidence]:
    """With the facts of each file."""
    return evidence.select_related("file").defer("file__content", "file__preview")


def of_side(case: Case, side: EvidenceSide) -> QuerySet[Evidence]:
    """What was added for one side, oldest first: a party sees its own, as it reads only its own words."""
    return without_content(Evidence.objects.filter(case=case, side=side)).order_by("pk")


def of_case(case: Case) -> QuerySet[Evidence]:
    """All of it, for officers, oldest first."""
    return without_content(Evidence.objects.filter(case=case)).select_related("added_by").order_by("pk")


def for_officer(officer: User) -> QuerySet[Evidence]:
    """What lies in the cases that this user may read in the administration."""
    return without_content(Evidence.objects.filter(case__in=cases_for(officer=officer).order_by().values("pk")))


def one_of_side(case: Case, side: EvidenceSide, pk: int) -> Evidence:
    """Raises ``NotFound``: there is none, or it is another case's or side's."""
    found = of_side(case, side).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found


def content_of(file_id: int, *, preview: bool) -> bytes:
    """What is in the file, in clear. Raises ``NotFound``: a PDF has no preview."""
    field = "preview" if preview else "content"
    content = StoredFile.objects.values_list(field, flat=True).get(pk=file_id)
    if content is None:
        raise NotFound()
    return bytes(content)

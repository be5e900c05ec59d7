"""Groups of complaints: who may see which, and what is still open in one."""

from django.db.models import Count, Q, QuerySet

from complaints.cases.models import Case, CaseGroup, CaseQuerySet
from complaints.cases.states import UNDECIDED
from escrow.errors import NotFound
from prepaid.people.models import User


def groups_for(*, officer: User) -> QuerySet[CaseGroup]:
    """Those of the officer's queue, each with ``cases_open`` and ``cases_all``; the platform's operator all, anybody else none."""
    if not officer.is_active or not officer.is_staff:
        return CaseGroup.objects.none()
    groups = CaseGroup.objects.select_related("merchant", "department", "district").annotate(
        cases_all=Count("cases"), cases_open=Count("cases", filter=Q(cases__state__in=UNDECIDED))
    )
    if officer.is_platform_operator:
        return groups
    if officer.post is None:
        return groups.none()
    groups = groups.filter(department_id=officer.post.department_id)
    return groups if officer.post.is_citywide else groups.filter(district_id=officer.post.district_id)


def group_for(*, officer: User, group_id: int) -> CaseGroup:
    """Raises ``NotFound`` outside the officer's queue."""
    group = groups_for(officer=officer).filter(pk=group_id).first()
    if group is None:
        raise NotFound()
    return group


def open_cases_of(group: CaseGroup) -> CaseQuerySet:
    """Undecided cases of the group."""
    return Case.objects.undecided().filter(group=group)

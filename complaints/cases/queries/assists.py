"""Calls to departments: who may read and answer them, and what they may read of the case, only while they are called in."""

from django.db.models import Q, QuerySet

from complaints.cases.models import Assist, AssistQuerySet, Case
from prepaid.people.models import Post, User

#: What the called department's pages show.
SHOWN = (
    "case__complainant",
    "case__merchant",
    "case__outside",
    "case__store",
    "case__sector",
    "case__district",
    "case__subdistrict",
    "case__lead_department",
    "case__lead_district",
    "case__lead_officer",
    "department",
    "district",
    "called_by",
    "reported_by",
    "answered_by",
)


def called_in_post(post: Post) -> Q:
    """The calls to the post's department, in its district; to a city post all of them."""
    scope = Q(department_id=post.department_id)
    return scope if post.is_citywide else scope & Q(district_id=post.district_id)


def assists_for(*, user: User) -> AssistQuerySet:
    """What the user may read: the department called in, the platform's operator all, anybody else nothing."""
    if not user.is_active or not user.is_staff:
        return Assist.objects.none()
    if user.is_platform_operator:
        return Assist.objects.all()
    return Assist.objects.filter(called_in_post(user.post)) if user.post else Assist.objects.none()


def with_what_is_shown(assists: AssistQuerySet) -> QuerySet[Assist]:
    """With all that a list, or the page of a call, names."""
    return assists.select_related(*SHOWN)


def assists_of(case: Case) -> list[Assist]:
    """The departments that were called in, the first one first."""
    return list(case.assists.select_related("department", "district", "called_by", "answered_by").order_by("pk"))

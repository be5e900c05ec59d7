"""Objections: who may read and review them. Never who objected."""

from django.db.models import F, Q, QuerySet

from complaints.cases.models import Objection, ObjectionQuerySet
from prepaid.people.models import Post, User

#: What the reviewer's pages show.
SHOWN = (
    "case__complainant",
    "case__merchant",
    "case__sector",
    "case__district",
    "case__subdistrict",
    "department",
    "district",
    "sector__lead_department",
    "to_district",
    "objected_by",
    "reviewed_by",
)
#: The coordinator's own objection: no other authority is left, so the platform's operators review it.
_COORDINATORS = Q(department_id=F("case__coordinator_id"))


def reviewed_in_post(post: Post) -> Q:
    """What a post reviews: the coordinator's for the whole city, of what other departments object to."""
    if not post.is_citywide:
        return Q(pk__in=[])
    return Q(case__coordinator_id=post.department_id) & ~Q(department_id=post.department_id)


def objections_for(*, user: User) -> ObjectionQuerySet:
    """What the user may read: reviewers by their post, the platform's operator all, anybody else nothing."""
    if not user.is_active or not user.is_staff:
        return Objection.objects.none()
    if user.is_platform_operator:
        return Objection.objects.all()
    return Objection.objects.filter(reviewed_in_post(user.post)) if user.post else Objection.objects.none()


def reviewable(*, user: User) -> ObjectionQuerySet:
    """The open ones among those that this user decides."""
    rows = objections_for(user=user).open()
    return rows.filter(_COORDINATORS) if user.is_platform_operator else rows


def with_what_is_shown(objections: ObjectionQuerySet) -> QuerySet[Objection]:
    """With all that a list, or the page of a review, names."""
    return objections.select_related(*SHOWN)

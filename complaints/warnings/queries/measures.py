"""Who may see which measures, and what a merchant is told of."""

from datetime import date
from typing import Any, TypeVar

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from complaints.warnings.models import Appeal, Measure, MeasureQuerySet, ShutReport
from complaints.warnings.states import TO_DO, TOLD_AT_ONCE, AppealState, MeasureState
from escrow.errors import NotFound
from prepaid.merchants.models import Merchant
from prepaid.people.models import Post, User

T = TypeVar("T", bound="QuerySet[Any]")
#: What a list of measures shows.
LISTED = ("merchant__sector", "merchant__district", "store", "placed_by", "decided_by", "rule")
#: What never became anything: the merchant was not told, and is not told later.
_NEVER_TOLD = (MeasureState.PROPOSED, MeasureState.DISMISSED)


def of_post(rows: T, post: Post, *, merchant: str = "merchant") -> T:
    """Of these rows those whose merchant belongs to the post: by its sector's lead department and the district of its head office."""
    rows = rows.filter(**{f"{merchant}__sector__lead_department": post.department_id})
    return rows if post.is_citywide else rows.filter(**{f"{merchant}__district": post.district_id})


def measures_for(official: User) -> MeasureQuerySet:
    """The measures of the official's post, to act on; nothing for anybody else."""
    rows = Measure.objects.select_related(*LISTED)
    return of_post(rows, official.post) if official.is_regulator and official.post else rows.none()


def waiting_for(official: User) -> MeasureQuerySet:
    """Of these what waits for somebody, the nearest day first; ``appeal_due_on``: of an appeal that is not decided."""
    appeal = Appeal.objects.filter(measure=OuterRef("pk"), state=AppealState.OPEN).values("due_on")
    rows = measures_for(official).annotate(appeal_due_on=Subquery(appeal[:1]))
    rows = rows.filter(Q(state__in=sorted(TO_DO)) | Q(appeal_due_on__isnull=False))
    return rows.order_by(Least(Coalesce("due_on", "appeal_due_on"), Coalesce("appeal_due_on", "due_on")), "pk")


def appeals_for(official: User) -> QuerySet[Appeal]:
    """Appeals against the measures of the post."""
    rows = Appeal.objects.select_related("measure__merchant", "by__user")
    return (
        of_post(rows, official.post, merchant="measure__merchant")
        if official.is_regulator and official.post
        else rows.none()
    )


def reports_for(merchant: Merchant) -> QuerySet[ShutReport]:
    """What card-holders said of it, the newest first."""
    return ShutReport.objects.filter(merchant=merchant).select_related("store", "holder")


def officials_for(merchant: Merchant, *, on: date) -> list[User]:
    """Everybody whose own district's post the merchant belongs to; the city's where the district has nobody."""
    posts = Post.objects.current(on=on).filter(
        Q(district=merchant.district_id) | Q(district=None),
        department=merchant.sector.lead_department_id,
        user__is_active=True,
    )
    found = list(posts.select_related("user").order_by("pk"))
    near = [post for post in found if post.district_id is not None]
    return [post.user for post in near or found]


def measures_of(merchant: Merchant) -> MeasureQuerySet:
    """All of a merchant's, the newest first."""
    return Measure.objects.filter(merchant=merchant).select_related(*LISTED)


def told_of(merchant_id: int) -> MeasureQuerySet:
    """Those that the merchant knows of: what was stopped, asked or written; what it was never told of stays so. Newest first."""
    known = Q(kind__in=sorted(TOLD_AT_ONCE)) | Q(state=MeasureState.DONE)
    rows = Measure.objects.filter(known, merchant=merchant_id).exclude(state__in=_NEVER_TOLD)
    return rows.select_related("merchant", "store", "rule").prefetch_related("appeals")


def measure_of_merchant(merchant_id: int, pk: int, **more: Any) -> Measure:
    """One of those. Raises ``NotFound``."""
    found = told_of(merchant_id).filter(pk=pk, **more).first()
    if found is None:
        raise NotFound()
    return found

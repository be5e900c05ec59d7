"""A regulator's post: the department and the district whose matters they may see and decide."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from prepaid.people.models.places import Department, Division, DivisionLevel
from prepaid.people.models.user import User


class PostQuerySet(models.QuerySet["Post"]):
    def current(self, on: date) -> "PostQuerySet":
        """Posts held on that day."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on), valid_from__lte=on)

    def own_first(self) -> "PostQuerySet":
        """The official's own before what was granted for some days."""
        return self.order_by(F("granted_by").asc(nulls_first=True), "-valid_from", "-id")


class Post(models.Model):
    """``district`` empty: the department's post for the whole city. The last day is ``valid_until``. An extra post is one that an
    operator granted beside the official's own for some days (``granted_by``, ``because``); it ends by itself."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts", verbose_name=_("official"))
    department = models.ForeignKey(Department, models.PROTECT, related_name="posts", verbose_name=_("department"))
    district = models.ForeignKey(
        Division,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="posts",
        limit_choices_to={"level": DivisionLevel.DISTRICT},
        verbose_name=_("district"),
        help_text=_("Empty for the whole city."),
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    granted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("granted by")
    )
    because = models.CharField(_("reason"), max_length=200, blank=True, default="")

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["-valid_from", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="post_one_open_per_user", fields=["user"], condition=Q(valid_until__isnull=True)
            ),
            models.CheckConstraint(
                name="post_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(
                name="post_extra_ends_and_says_why",
                condition=Q(granted_by__isnull=True, because="")
                | Q(granted_by__isnull=False, valid_until__isnull=False) & ~Q(because=""),
            ),
        ]

    def __str__(self) -> str:
        return self.department.of(self.district)

    @property
    def is_extra(self) -> bool:
        """Granted for some days, beside the official's own."""
        return self.granted_by_id is not None

    @property
    def is_citywide(self) -> bool:
        return self.district_id is None

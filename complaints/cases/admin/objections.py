"""Objections for their reviewers: the coordinator's city posts, and the operators for those of the coordinator itself."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.cases import operations
from complaints.cases.admin.deadline import end_of
from complaints.cases.admin.life_forms import ReviewForm
from complaints.cases.models import Objection
from complaints.cases.queries.objections import SHOWN, objections_for, reviewable, with_what_is_shown
from escrow import clock
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue


@admin.register(Objection)
class ObjectionAdmin(PostScopedAdmin):
    """To read for reviewers and operators; of their own nobody reviews anything."""

    list_display = ["number", "objecting", "named", "review_by", "state"]
    list_filter = ["state"]
    list_select_related = list(SHOWN)
    search_fields = ["=case__number"]
    fields = [
        "number", "matter", "place", "objecting", "reason", "named", "objected_at", "review_by", "state", "review", "finding",
        "reviewed_by", "ended_at",
    ]  # fmt: skip
    readonly_fields = ["number", "matter", "place", "objecting", "named", "review"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What this user may read."""
        mine = reviewable(user=me(request)).filter(pk=OuterRef("pk"))
        return with_what_is_shown(objections_for(user=me(request))).annotate(may_review=Exists(mine))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """On the first page for city posts and operators."""
        user = me(request)
        return user.is_platform_operator or (user.post is not None and user.post.is_citywide)

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the review."""
        review = path("<int:pk>/review/", self.admin_site.admin_view(self.review_page), name="cases_objection_review")
        return [review, *super().get_urls()]

    def review_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Uphold the objection, or refuse it."""
        objection = self.get_queryset(request).filter(pk=pk).first()
        if objection is None or (objection.ended_at is None and not objection.may_review):
            raise Http404

        def reviewed(data: dict[str, Any]) -> HttpResponse:
            operations.review_objection(objection_id=pk, reviewer=me(request), at=clock.now(), **data)
            messages.success(request, _("Reviewed; who objected has been told."))
            return redirect("admin:cases_objection_change", pk)

        return self.deed(
            request,
            title=_("Review the objection"),
            form=ReviewForm(request.POST or None),
            submit=_("Decide"),
            do=reviewed,
            about=[
                (_("Complaint"), objection.case.number),
                (_("Matter"), objection.case.text),
                (_("Place"), self.place(objection)),
                (_("Objecting"), self.objecting(objection)),
                (_("Reason"), objection.reason),
                (_("Named instead"), self.named(objection)),
                (_("Review by"), objection.review_by.isoformat()),
            ],
        )

    @admin.display(description=gettext_lazy("complaint"))
    def number(self, objection: Objection) -> str:
        """Of which case."""
        return objection.case.number

    @admin.display(description=gettext_lazy("matter"))
    def matter(self, objection: Objection) -> str:
        """What the consumer wrote, while there is something to review."""
        return objection.case.text if objection.ended_at is None else "–"

    @admin.display(description=gettext_lazy("place"))
    def place(self, objection: Objection) -> str:
        """District, subdistrict and sector as they are now."""
        case = objection.case
        names = (
            case.district and case.district.name,
            case.subdistrict and case.subdistrict.name,
            case.sector and case.sector.name,
        )
        return " · ".join(name for name in names if name)

    @admin.display(description=gettext_lazy("objecting"))
    def objecting(self, objection: Objection) -> str:
        """The authority that objects."""
        return objection.department.of(objection.district)

    @admin.display(description=gettext_lazy("named instead"))
    def named(self, objection: Objection) -> str:
        """The sector, the district, or both."""
        return " · ".join(one.name for one in (objection.sector, objection.to_district) if one)

    @admin.display(description=gettext_lazy("review"))
    def review(self, objection: Objection) -> SafeString | str:
        """To the page that decides it, while it is open."""
        if objection.ended_at is not None or not objection.may_review:  # type: ignore[attr-defined]  # annotated
            return "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:cases_objection_review", args=[objection.pk]), _("Review it …")
        )


@register_queue
def waiting_objections(request: HttpRequest) -> list[QueueItem]:
    """The reviewer's part of the work queue."""
    user = me(request)
    if not user.is_platform_operator and (user.post is None or not user.post.is_citywide):
        return []
    return [
        QueueItem(
            title=objection.case.number,
            url=reverse("admin:cases_objection_review", args=[objection.pk]),
            lane=_("Objection"),
            due_at=end_of(objection.review_by),
            note=objection.get_state_display(),
        )
        for objection in reviewable(user=user).select_related("case")[:50]
    ]

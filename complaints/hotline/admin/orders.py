"""Work orders that were taken, each with its complaint."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from complaints.hotline.models import WorkOrder
from complaints.hotline.queries.scope import runs_hotline
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin


@admin.register(WorkOrder)
class WorkOrderAdmin(PostScopedAdmin):
    """To find the complaint of a foreign number."""

    search_kind = "work-orders"
    list_display = ["number", "system", "case", "joined", "urgency", "received_at", "taken_at"]
    list_filter = ["system", "urgency", "joined"]
    list_select_related = ["case"]
    search_fields = ["=number", "=case__number"]
    fields = ["system", "number", "case", "joined", "urgency", "received_at", "taken_at", "key"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All, for who runs the hotline; for everybody else there is none."""
        rows = WorkOrder.objects.select_related("case", "key")
        return rows if runs_hotline(me(request)) else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who runs the hotline."""
        return self.admin_site.has_permission(request) and runs_hotline(me(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """On the first page for who runs the hotline."""
        return runs_hotline(me(request))

    def found_note(self, obj: WorkOrder) -> str:
        """Which complaint it is."""
        return obj.case.number

"""Announced closings and moves in the administration: officials see those of their merchants, short notices first to find."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from prepaid.merchants.models import Closing
from prepaid.people.admin_site import PostScopedAdmin
from prepaid.people.models import Post


@admin.register(Closing)
class ClosingAdmin(PostScopedAdmin):
    """To look at; the merchant announces and withdraws."""

    list_display = ["merchant", "where", "kind", "last_day", "is_short", "announced_at", "withdrawn_at", "ended_at"]
    list_filter = [
        "kind",
        "is_short",
        ("withdrawn_at", admin.EmptyFieldListFilter),
        ("ended_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["merchant", "store"]
    search_fields = ["merchant__name", "=merchant__uscc"]
    fields = [
        "merchant", "where", "kind", "last_day", "new_address", "because", "is_short", "announced_at", "withdrawn_at",
        "told_at", "ended_at", "refunded_at",
    ]  # fmt: skip

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(merchant__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(merchant__district_id=post.district_id)

    @admin.display(description=gettext_lazy("where"))
    def where(self, closing: Closing) -> str:
        """The store, or everything."""
        return closing.store.name if closing.store else str(gettext_lazy("the whole merchant"))

"""Cards from before their merchants joined, in the administration: to officials of a merchant that has closed they are the list
of what its customers are owed and custody does not pay."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from escrow import clock
from escrow.money import yuan
from prepaid.merchants import queries
from prepaid.merchants.models import Closing, ExistingCard, ExistingCardRule, Merchant
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, ReadOnlyAdmin, register_queue
from prepaid.people.models import Post


class ClosedFilter(admin.SimpleListFilter):
    """Of merchants that have closed, or announced it."""

    title = gettext_lazy("merchant closed")
    parameter_name = "closed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Yes, or all."""
        return [("yes", gettext_lazy("Yes: claims without backing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ExistingCard]) -> QuerySet[ExistingCard]:
        """Closings of a store alone leave the others to serve."""
        if self.value() != "yes":
            return queryset
        closed = Closing.objects.announced().filter(merchant_id=OuterRef("merchant_id"), store=None)
        return queryset.filter(Exists(closed)).exclude(units_left=0)


@admin.register(ExistingCard)
class ExistingCardAdmin(PostScopedAdmin):
    """The merchant imports and corrects, its customers confirm and contest; nobody here changes anything."""

    list_display = ["merchant", "product", "holder_masked", "sold_on", "left", "worth", "state", "claimed_figure"]
    list_filter = [ClosedFilter, "state", "kind"]
    list_select_related = ["merchant"]
    search_fields = ["merchant__name", "=merchant__uscc"]
    fields = [
        "merchant", "product", "kind", "holder_masked", "sold_on", "paid", "left", "worth", "state", "claimed_figure",
        "claimed_because", "imported_at", "told_at", "answered_at", "ended_at",
    ]  # fmt: skip

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(merchant__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(merchant__district_id=post.district_id)

    @admin.display(description=gettext_lazy("holder"))
    def holder_masked(self, card: ExistingCard) -> str:
        """The family name and the masked number."""
        return queries.existing_face(card, on=clock.today()).holder

    @admin.display(description=gettext_lazy("paid"))
    def paid(self, card: ExistingCard) -> str:
        """In yuan."""
        return yuan(card.paid_fen)

    @admin.display(description=gettext_lazy("left"))
    def left(self, card: ExistingCard) -> str:
        """As it counts today."""
        return card.figure_of(card.left_on(clock.today()))

    @admin.display(description=gettext_lazy("not backed (yuan)"))
    def worth(self, card: ExistingCard) -> str:
        """What the merchant owes for it."""
        return yuan(card.worth_on(clock.today()))

    @admin.display(description=gettext_lazy("left, as the holder says"))
    def claimed_figure(self, card: ExistingCard) -> str:
        """Where it is contested."""
        return card.claimed or "–"


@admin.register(ExistingCardRule)
class ExistingCardRuleAdmin(ReadOnlyAdmin):
    """The dated terms."""

    list_display = ["valid_from", "plan_within_days", "plan_most_days", "mark"]


@register_queue
def unbacked_overdue(request: HttpRequest) -> list[QueueItem]:
    """Merchants of this official's post whose earlier cards are not backed as planned, or not planned for in time: they sell
    nothing, and their customers' money is nowhere but with them."""
    if not me(request).is_regulator:
        return []
    today = clock.today()
    cards = ExistingCardAdmin(ExistingCard, admin.site).get_queryset(request)
    merchants = list(Merchant.objects.filter(pk__in=cards.exclude(units_left=0).values("merchant_id")))
    owed = queries.unbacked_of(merchants, on=today) if merchants else {}
    return [
        QueueItem(
            title=merchant.name,
            url=reverse("admin:merchants_merchant_change", args=[merchant.pk]),
            lane=gettext_lazy("Earlier cards not backed in time"),
            due_at=clock.end_of_day(stop.since - timedelta(days=1)),
            note=stop.reason,
        )
        for merchant in merchants
        if merchant.pk in owed
        for stop in queries.funding_stops(owed[merchant.pk], on=today)
    ][:50]

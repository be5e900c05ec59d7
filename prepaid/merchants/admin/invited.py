"""Merchants that people miss here, in the administration of whoever files the cards of their sector."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from escrow import clock
from prepaid.merchants import operations as merchants
from prepaid.merchants import queries
from prepaid.merchants.models import Invitation, InvitedMerchant
from prepaid.merchants.states import INVITED_TRANSITIONS, InvitedState
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue
from prepaid.people.models import Post

#: How many of the things people wrote about a missed merchant its page shows.
MESSAGES_SHOWN = 50

if TYPE_CHECKING:
    _InvitationInline = admin.TabularInline[Invitation, InvitedMerchant]
else:
    _InvitationInline = admin.TabularInline


class SayForm(forms.Form):
    """How it is known."""

    because = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("Goes into the audit trail.")
    )


class InvitationInline(_InvitationInline):
    """What people wrote, the newest first; most write nothing, and those are only counted."""

    model = Invitation
    fields = readonly_fields = ("at", "message")
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("what people wrote")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """With the merchant."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """On the public page."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """The last of those that say something."""
        said = Invitation.objects.exclude(message="").filter(merchant_id=request.resolver_match.kwargs["object_id"])  # type: ignore[union-attr]  # a page of one row
        return Invitation.objects.filter(pk__in=said.order_by("-pk").values("pk")[:MESSAGES_SHOWN])


#: What the regulator does, and how the button and the page are called.
INVITED_DEEDS = {
    InvitedState.CONTACTED: gettext_lazy("Spoken to the merchant"),
    InvitedState.JOINED: gettext_lazy("It has joined"),
    InvitedState.DISMISSED: gettext_lazy("Need not join"),
}


@admin.register(InvitedMerchant)
class InvitedMerchantAdmin(PostScopedAdmin):
    """Merchants that people miss here, the most wanted first: for the department of the sector, in the district."""

    list_display = ["name", "times", "sector", "district", "state", "first_at", "last_at"]
    list_filter = [
        "state",
        ("sector", admin.RelatedOnlyFieldListFilter),
        ("district", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["sector", "district"]
    search_fields = ["name", "address"]
    fields = ["name", "times", "sector", "district", "address", "state", "first_at", "last_at", "deeds"]
    inlines = [InvitationInline]

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district that was named."""
        return queries.invited_in(queryset, post)

    @admin.display(description=gettext_lazy("what to do"))
    def deeds(self, invited: InvitedMerchant) -> str | SafeString:
        """What may follow, each with the way to its page."""
        follow = [state for state in INVITED_DEEDS if state in INVITED_TRANSITIONS[InvitedState(invited.state)]]
        ways = [
            (reverse("admin:merchants_invitedmerchant_move", args=[invited.pk, state]), f"{INVITED_DEEDS[state]} …")
            for state in follow
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', ways) or "–"

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the one that says what became of it."""
        move = self.admin_site.admin_view(self.move)
        return [
            path("<int:pk>/<str:to>/say/", move, name="merchants_invitedmerchant_move"),
            *super().get_urls(),
        ]

    def move(self, request: HttpRequest, pk: int, to: str) -> HttpResponse:
        """Spoken to, joined, or not a merchant that has to."""
        invited = self.get_queryset(request).filter(pk=pk).first()
        if invited is None or to not in INVITED_DEEDS:
            raise Http404
        state = InvitedState(to)

        def say(data: dict[str, Any]) -> HttpResponse:
            merchants.move_invited(
                invited_id=pk, to=state, because=data["because"], at=clock.now(), actor=me(request).actor
            )
            messages.success(request, _("Noted."))
            return redirect("admin:merchants_invitedmerchant_change", pk)

        about = [
            (_("Merchant"), invited.name),
            (_("State"), invited.get_state_display()),
            (_("Invited"), invited.times),
        ]
        form = SayForm(request.POST or None)
        return self.deed(request, title=str(INVITED_DEEDS[state]), form=form, submit=_("Save"), do=say, about=about)


@register_queue
def missed_merchants(request: HttpRequest) -> list[QueueItem]:
    """The official's part of the work queue: merchants that people miss and nobody has spoken to, as one line."""
    count = queries.invited_new(me(request)).count()
    if not count:
        return []
    title = ngettext("%(count)s merchant that people miss here", "%(count)s merchants that people miss here", count)
    page = reverse("admin:merchants_invitedmerchant_changelist")
    return [QueueItem(title=title % {"count": count}, url=f"{page}?state=new", lane=gettext_lazy("Invitation"))]

"""Closings and moves in the administration: officials see those of their merchants; what one of them found closed another one
confirms or dismisses, who sees first what it comes to. The page of a closing shows how far it is with paying back."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from escrow import clock
from escrow.money import yuan
from prepaid.cards import queries
from prepaid.merchants import operations as merchants
from prepaid.merchants.models import Closing
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue
from prepaid.people.models import Post

#: Seconds until the page of a closing that is under way is loaded anew.
LOOK_AGAIN = "3"


class DismissForm(forms.Form):
    """Why it is not so."""

    because = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("Goes into the audit trail.")
    )


@admin.register(Closing)
class ClosingAdmin(PostScopedAdmin):
    """The merchant announces and withdraws; officials find."""

    list_display = [
        "merchant",
        "where",
        "kind",
        "last_day",
        "found",
        "is_short",
        "announced_at",
        "withdrawn_at",
        "ended_at",
    ]
    list_filter = [
        "kind",
        "is_short",
        ("found_by", admin.EmptyFieldListFilter),
        ("withdrawn_at", admin.EmptyFieldListFilter),
        ("ended_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["merchant", "store"]
    search_fields = ["merchant__name", "=merchant__uscc"]
    fields = [
        "merchant", "where", "kind", "last_day", "new_address", "because", "is_short", "announced_at", "found_by",
        "confirmed_by", "confirmed_at", "withdrawn_at", "told_at", "ended_at", "refunded_at", "decide",
    ]  # fmt: skip

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(merchant__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(merchant__district_id=post.district_id)

    @admin.display(description=gettext_lazy("where"))
    def where(self, closing: Closing) -> str:
        """The store, or everything."""
        return closing.store.name if closing.store else _("the whole merchant")

    @admin.display(description=gettext_lazy("found closed"), boolean=True)
    def found(self, closing: Closing) -> bool:
        """By officials; the merchant said nothing."""
        return closing.was_found

    @admin.display(description=gettext_lazy("second person"))
    def decide(self, closing: Closing) -> SafeString | str:
        """To the pages that confirm and dismiss, while it waits."""
        if not closing.waits_for_second:
            return "–"
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("admin:merchants_closing_confirm", args=[closing.pk]),
            _("Confirm …"),
            reverse("admin:merchants_closing_dismiss", args=[closing.pk]),
            _("Dismiss …"),
        )

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """With how far it is; while it is under way the page looks again by itself."""
        closing = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if closing is not None and closing.pays_back:
            extra = _progress(closing)
        answer: HttpResponse = super().change_view(request, object_id, *args, **kwargs | {"extra_context": extra})
        if extra.get("under_way"):
            answer.headers["Refresh"] = LOOK_AGAIN
        return answer

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the two decisions."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/confirm/", view(self.confirm), name="merchants_closing_confirm"),
            path("<int:pk>/dismiss/", view(self.dismiss), name="merchants_closing_dismiss"),
            *super().get_urls(),
        ]

    def _waiting(self, request: HttpRequest, pk: int) -> Closing:
        closing: Closing | None = (
            self.get_queryset(request).select_related("merchant", "store", "found_by").filter(pk=pk).first()
        )
        if closing is None or not closing.was_found:
            raise Http404
        return closing

    def _about(self, closing: Closing) -> list[tuple[str, str]]:
        return [
            (_("Merchant"), closing.merchant.name),
            (_("Where"), self.where(closing)),
            (_("Last day of service"), closing.last_day.isoformat()),
            (_("Evidence"), closing.because),
            (_("Found by"), closing.found_by.display_name if closing.found_by else "–"),
        ]

    def _foreseen(self, closing: Closing) -> Iterator[tuple[str, str]]:
        """The same, and what it comes to; reckoned when the page is written."""
        yield from self._about(closing)
        found = queries.forecast(closing, at=clock.now())
        yield _("To be paid back"), _cards(found.owed)
        if found.interest_fen:
            yield _("Interest on it"), f"¥{yuan(found.interest_fen)}"
        yield _("Of it from custody"), f"¥{yuan(found.held_fen)}"
        if found.early.cards:
            yield _("Released early and not earned"), _cards(found.early)
        if found.made_good_fen:
            yield _("From what the merchant has earned and its reserve"), f"¥{yuan(found.made_good_fen)}"
        if found.claimed_fen:
            yield _("To be claimed from the merchant"), f"¥{yuan(found.claimed_fen)}"
        if found.asked.cards:
            yield _("Of these, a refund was asked for already"), _cards(found.asked)
        if found.no_way_back.cards:
            yield _("Of these, cannot go back the way it was paid"), _cards(found.no_way_back)
        for fate, heap in found.others:
            yield _("Not paid back: %(why)s") % {"why": fate.label}, _cards(heap)

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every holder is told and paid back: there is no way back from here."""
        closing, user = self._waiting(request, pk), me(request)

        def sure(_data: dict[str, Any]) -> HttpResponse:
            merchants.confirm_closed(closing_id=pk, by=user, at=clock.now(), actor=user.actor)
            messages.success(request, _("Confirmed. Every holder is being told and paid back now."))
            return redirect("admin:merchants_closing_change", pk)

        return self.deed(
            request,
            title=_("Confirm that it is closed"),
            form=forms.Form(request.POST if request.method == "POST" else None),
            submit=_("Confirm and pay every holder back"),
            do=sure,
            about=self._foreseen(closing),
        )

    def dismiss(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It serves after all."""
        closing, user = self._waiting(request, pk), me(request)

        def no(data: dict[str, Any]) -> HttpResponse:
            merchants.dismiss_closed(closing_id=pk, because=data["because"], at=clock.now(), actor=user.actor)
            messages.success(request, _("Dismissed. Sales go on."))
            return redirect("admin:merchants_closing_change", pk)

        form = DismissForm(request.POST or None)
        title = _("It serves after all")
        return self.deed(request, title=title, form=form, submit=_("Dismiss"), do=no, about=self._about(closing))


def _cards(heap: queries.Heap) -> str:
    words = ngettext("%(n)s card, ¥%(sum)s", "%(n)s cards, ¥%(sum)s", heap.cards)
    return words % {"n": f"{heap.cards:,}", "sum": yuan(heap.fen)}


def _progress(closing: Closing) -> dict[str, Any]:
    """How far it is, for the page."""
    found = queries.progress(closing)
    steps = [
        (_("Still to be paid back: what is not used"), found.waiting),
        (_("Refund ordered, with interest"), found.granted),
        (_("Order given to the bank"), found.sent),
        (_("Confirmed by the bank"), found.confirmed),
        (_("Waits for an account: paid in cash"), found.nowhere),
        (_("Claims on the merchant"), found.claims),
    ]
    under_way = closing.ended_at is not None and (closing.refunded_at is None or found.is_being_sent)
    return {
        "progress": found,
        "steps": steps,
        "under_way": under_way or (closing.confirmed_at and not closing.ended_at),
    }


@register_queue
def closings_to_confirm(request: HttpRequest) -> list[QueueItem]:
    """What another official found closed, for those who may be the second."""
    page = ClosingAdmin(Closing, admin.site)
    waiting = page.get_queryset(request).filter(found_by__isnull=False, confirmed_at=None, withdrawn_at=None)
    return [
        QueueItem(
            title=closing.merchant.name,
            url=reverse("admin:merchants_closing_change", args=[closing.pk]),
            lane=gettext_lazy("Found closed: confirm"),
            due_at=closing.announced_at,
            note=page.where(closing),
        )
        for closing in waiting.exclude(found_by=me(request)).select_related("merchant", "store")[:50]
    ]

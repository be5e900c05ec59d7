"""Callbacks for the hotline: what was asked, what came of it, and the page on which an answer by telephone is written down."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.cases import operations
from complaints.cases.forms import CallbackForm
from complaints.cases.models import Callback
from complaints.cases.queries.callbacks import callbacks_for, tally
from complaints.cases.queries.file import owner_of
from escrow import clock
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin


@admin.register(Callback)
class CallbackAdmin(PostScopedAdmin):
    """The coordinator's posts for the whole city and the platform's operators; of what they handled themselves nobody."""

    list_display = ["number", "against", "handled_by", "asked_on", "answers_until", "state", "resolved", "satisfied"]
    list_filter = ["state", "channel", "resolved", "satisfied"]
    list_select_related = [
        "case__outside",
        "case__merchant",
        "case__lead_department",
        "case__lead_district",
        "case__complainant",
        "taken_by",
    ]
    search_fields = ["=case__number"]
    fields = [
        "number", "against", "handled_by", "consumer", "ended_at", "asked_on", "answers_until", "state", "take_down", "reached",
        "resolved", "satisfied", "words", "answered_at", "channel", "taken_by", "lapsed_at",
    ]  # fmt: skip
    readonly_fields = ["number", "against", "handled_by", "asked_on", "consumer", "take_down"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What this user may take down."""
        return callbacks_for(user=me(request)).select_related(*self.list_select_related)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """On the first page for who may take one down: city posts and operators."""
        user = me(request)
        return user.is_platform_operator or (user.post is not None and user.post.is_citywide)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With what the callbacks of the list came to."""
        found = tally(callbacks_for(user=me(request)))
        counts = _(
            "Due %(due)s · valid %(valid)s · contacted %(reached)s · resolved %(resolved)s · satisfied %(satisfied)s"
        )
        return super().changelist_view(request, {"subtitle": counts % vars(found), **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the answer by telephone."""
        answer = path("<int:pk>/answer/", self.admin_site.admin_view(self.answer), name="cases_callback_answer")
        return [answer, *super().get_urls()]

    def answer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down what the consumer said by telephone."""
        callback = self.get_queryset(request).filter(pk=pk).first()
        if callback is None:
            raise Http404

        def taken(data: dict[str, Any]) -> HttpResponse:
            operations.take_down_callback(
                callback_id=pk, officer=me(request), answer=operations.Answer(**data), at=clock.now()
            )
            messages.success(request, _("The answer is written down and counts."))
            return redirect("admin:cases_callback_change", pk)

        return self.deed(
            request,
            title=_("Answer by telephone"),
            form=CallbackForm(request.POST or None),
            submit=_("Write it down"),
            do=taken,
            about=[
                (_("Complaint"), callback.case.number),
                (_("Consumer"), self.consumer(callback)),
                (_("Merchant"), callback.case.against),
                (_("Handled by"), owner_of(callback.case)),
                (_("Answer by"), callback.answers_until.isoformat()),
            ],
        )

    @admin.display(description=gettext_lazy("complaint"))
    def number(self, callback: Callback) -> str:
        """Of which case."""
        return callback.case.number

    @admin.display(description=gettext_lazy("merchant"))
    def against(self, callback: Callback) -> str:
        """Against whom it was."""
        return callback.case.against

    @admin.display(description=pgettext_lazy("callback", "Asked"), ordering="asked_at")
    def asked_on(self, callback: Callback) -> datetime:
        """When the consumer was asked. (The field's own name is that of the state, too.)"""
        return callback.asked_at

    @admin.display(description=gettext_lazy("handled by"))
    def handled_by(self, callback: Callback) -> str:
        """The authority that is spoken of."""
        return owner_of(callback.case)

    @admin.display(description=gettext_lazy("consumer"))
    def consumer(self, callback: Callback) -> str:
        """Masked: enough to know who is on the telephone."""
        return f"{callback.case.complainant.display_name} · {callback.case.complainant.phone_masked}"

    @admin.display(description=gettext_lazy("by telephone"))
    def take_down(self, callback: Callback) -> SafeString | str:
        """To the page that writes an answer down, while it may still be given."""
        if not callback.takes_answers(today=clock.today()):
            return "–"
        address = reverse("admin:cases_callback_answer", args=[callback.pk])
        return format_html('<a href="{}">{}</a>', address, _("Write down an answer …"))

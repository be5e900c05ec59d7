"""Keys of other systems: an operator issues one, sees its token once, and may revoke it."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from complaints.hotline import operations
from complaints.hotline.forms import KeyForm, RevokeForm
from complaints.hotline.models import ApiKey
from escrow import clock
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin, step
from prepaid.people.models import User


def _is_operator(user: User) -> bool:
    return user.is_platform_operator


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Operators only."""

    list_display = ["name", "system", "per_minute", "valid_until", "issued_by", "revoked_at"]
    list_select_related = ["issued_by"]
    fields = [
        "name", "system", "per_minute", "valid_until", "issued_by", "issued_at", "revoked_by", "revoked_at", "deeds",
    ]  # fmt: skip
    readonly_fields = ["deeds"]
    change_list_template = "admin/hotline/keys.html"

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the deeds."""
        view = self.admin_site.admin_view
        return [
            path("issue/", view(never_cache(self.issue)), name="hotline_apikey_issue"),
            path("<int:pk>/revoke/", view(self.revoke), name="hotline_apikey_revoke"),
            *super().get_urls(),
        ]

    def issue(self, request: HttpRequest) -> HttpResponse:
        """A new key; the answer to the form is the only page that shows the token."""
        self._operators_only(request)

        def issued(data: dict[str, Any]) -> HttpResponse:
            key, token = operations.issue_key(**data, by=me(request), at=clock.now())
            context = {
                **self.admin_site.each_context(request),
                "title": _("The new key"),
                "opts": self.opts,
                "key": key,
                "token": token,
            }
            return render(request, "admin/hotline/issued.html", context)

        form = KeyForm(request.POST or None)
        return self.deed(request, title=_("Issue a key"), form=form, submit=_("Issue and show once"), do=issued)

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End a key."""
        self._operators_only(request)
        key = ApiKey.objects.filter(pk=pk).first()
        if key is None:
            raise Http404

        def revoked(data: dict[str, Any]) -> HttpResponse:
            operations.revoke_key(key_id=pk, by=me(request), at=clock.now())
            messages.success(request, _("The key opens nothing any more."))
            return redirect("admin:hotline_apikey_change", pk)

        return self.deed(
            request,
            title=_("Revoke a key"),
            form=RevokeForm(request.POST),
            submit=_("Revoke it now"),
            do=revoked,
            about=[(_("Name"), key.name), (_("System"), key.get_system_display())],
        )

    def _operators_only(self, request: HttpRequest) -> None:
        if not _is_operator(me(request)):
            raise Http404

    @admin.display(description=gettext_lazy("deeds"))
    def deeds(self, key: ApiKey) -> str:
        """Revoke, while it opens something."""
        if key.revoked_at is not None:
            return "–"
        return step("admin:hotline_apikey_revoke", _("Revoke …"), key.pk, may=_is_operator)

"""The administration: regulators' work queue, operators' view of everything. Pages of other apps build on these classes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.people import queries
from prepaid.people.access import me, passed_second_factor, second_factor_page
from prepaid.people.models import Post, User

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """One thing that waits for the official: ``lane`` says what kind, ``due_at`` (aware UTC) until when."""

    title: str
    url: str
    lane: str | Promise
    due_at: datetime | None = None
    note: str = ""


QueueProvider = Callable[[HttpRequest], list[QueueItem]]
_providers: list[QueueProvider] = []


def register_queue(provider: QueueProvider) -> QueueProvider:
    """An app's part of the work queue; it returns only what this request's user may see. Usable as a decorator."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def work_queue(request: HttpRequest) -> list[QueueItem]:
    """Everything that waits for this request's user, the most urgent first, what has no deadline last."""
    items = [item for provider in _providers for item in provider(request)]
    return sorted(items, key=lambda item: (item.due_at is None, item.due_at and item.due_at.timestamp(), item.title))


class PrepaidAdminSite(admin.AdminSite):
    """Opens for platform operators and for officials who hold a post today, in a session that has passed a second factor;
    everybody signs in at the one door."""

    site_header = _("Prepaid card escrow · supervision")
    site_title = _("Prepaid card escrow")
    index_title = _("My work queue")
    index_template = "admin/queue.html"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Denied by default: the flag alone opens nothing."""
        user = request.user
        return isinstance(user, User) and user.opens_administration and passed_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign-in has one page; who is signed in lacks the second factor, or has no post and gets a refusal."""
        if self.has_permission(request):
            return redirect("admin:index")
        then = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(then, reverse("account_login"))
        if not me(request).opens_administration:
            raise PermissionDenied
        return redirect(second_factor_page(me(request), then=then))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The work queue, with the list of pages below it."""
        items = work_queue(request)
        now = clock.now()
        overdue = sum(1 for item in items if item.due_at is not None and item.due_at < now)
        return super().index(request, {"queue": items, "overdue": overdue, "now": now, **(extra_context or {})})


class ReadOnlyAdmin(_ModelAdmin):
    """Rows to look at, for platform operators. What may be done to them are deeds with their own button."""

    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Operators, by ``backends.RoleBackend``."""
        return super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def deed(
        self,
        request: HttpRequest,
        *,
        title: str,
        form: forms.BaseForm,
        submit: str,
        do: Callable[[dict[str, Any]], HttpResponse],
        **context: Any,
    ) -> HttpResponse:
        """A page with one form that does one thing. ``do`` gets the cleaned data, calls one verb and answers; a refusal
        of the domain stands beside the field it names or on top, nothing changed. ``about`` in the context is shown
        above the form."""
        status = 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    return do(form.cleaned_data)
                except NotFound as error:
                    raise Http404 from error
                except DomainError as error:
                    field = getattr(error, "field", None)
                    form.add_error(field if field in form.fields else None, str(error))
                    status = error.http_status
        context |= {"title": title, "form": form, "submit": submit, "opts": self.opts}
        context |= self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/deed.html", context, status=status)

    def audit_target(self, obj: Any) -> str:
        """How the audit trail names the row."""
        return f"{self.opts.model_name}:{obj.pk}"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit trail tells of the row, to whoever may see the row."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": _("What was done"),
            "subtitle": str(obj),
            "opts": self.opts,
            "object": obj,
            "deeds": queries.deeds(target=self.audit_target(obj)),
        }
        return TemplateResponse(request, "admin/deeds.html", context)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """What is not theirs does not exist."""
        raise Http404


class PostScopedAdmin(ReadOnlyAdmin):
    """Rows that officials see by their post, operators all of them."""

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """The rows that belong to the post."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only what the user may see: lists, pages, searches and links all start here."""
        rows = super().get_queryset(request)
        user = request.user
        if not isinstance(user, User):
            return rows.none()
        if user.is_platform_operator:
            return rows
        return self.scoped(rows, user.post) if user.post else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever the site lets in; which rows, ``get_queryset`` says."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """In the list for everybody who may see rows of it."""
        return self.admin_site.has_permission(request)

"""The administration: regulators' work queue, operators' view of everything. Pages of other apps build on these classes."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from escrow import clock
from escrow.errors import DomainError, NotFound
from prepaid.people import exports, operations, queries
from prepaid.people.access import me, passed_second_factor, second_factor_page
from prepaid.people.forms import ExportForm
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


#: The search over everything: fewer letters find too much; rows of each kind at first; rows a page of one kind.
LEAST_LETTERS, FOUND_FIRST, FOUND_A_PAGE = 2, 5, 50


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the search found of one kind."""

    page: Any
    rows: list[Any]
    more: bool

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """Address, name and note of each row."""
        name = f"admin:{self.page.opts.app_label}_{self.page.opts.model_name}_change"
        return [(reverse(name, args=[row.pk]), str(row), self.page.found_note(row)) for row in self.rows]


#: Where a session remembers in which of the posts it acts.
ACTING = "acting_post"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0


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
        if isinstance(user, User) and ACTING in request.session and not user.acting_post_id:
            user.act_as(request.session[ACTING])
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
        posts = me(request).posts_today
        overdue = sum(1 for item in items if item.due_at is not None and item.due_at < now)
        return super().index(
            request, {"queue": items, "overdue": overdue, "now": now, "posts": posts, **(extra_context or {})}
        )

    def get_urls(self) -> list[Any]:
        """The usual ones, and the search over everything."""
        return [
            path("search/", self.admin_view(self.search), name="search"),
            path("act/", self.admin_view(require_POST(self.act)), name="act"),
            *super().get_urls(),
        ]

    def act(self, request: HttpRequest) -> HttpResponse:
        """This session acts in one of the official's posts from now on."""
        chosen = _number(request.POST.get("post", ""))
        post = next((post for post in me(request).posts_today if post.pk == chosen), None)
        if post is None:
            raise Http404
        request.session[ACTING] = post.pk
        messages.success(request, str(_("You act as %(post)s now.")) % {"post": post})
        return redirect("admin:index")

    def search(self, request: HttpRequest) -> TemplateResponse:
        """The first rows of every kind, or one kind by the page; the address says all of it, so it can be kept and sent."""
        words, kind = request.GET.get("q", "").strip().replace("\0", "")[:100], request.GET.get("kind", "")
        registered = [page for page in self._registry.values() if isinstance(page, PostScopedAdmin)]
        pages = {page.search_kind: page for page in registered if page.search_kind}
        found: list[Found] = []
        shown = None
        if len(words) >= LEAST_LETTERS and kind in pages:
            shown = Paginator(pages[kind].found_by(request, words), FOUND_A_PAGE).get_page(request.GET.get("page"))
        elif len(words) >= LEAST_LETTERS:
            for page in pages.values():
                rows = list(page.found_by(request, words)[: FOUND_FIRST + 1])
                if rows:
                    found.append(Found(page=page, rows=rows[:FOUND_FIRST], more=len(rows) > FOUND_FIRST))
        elif words:
            messages.warning(request, str(_("Enter at least two characters.")))
        context = {
            **self.each_context(request),
            "title": _("Search"),
            "words": words,
            "kind": kind if kind in pages else "",
            "kinds": [(name, page.opts.verbose_name_plural) for name, page in pages.items()],
            "found": [Found(page=pages[kind], rows=list(shown), more=False)] if shown else found,
            "shown": shown,
        }
        return TemplateResponse(request, "admin/search.html", context)


_looking: ContextVar[User | None] = ContextVar("who looks at an administration page", default=None)


def step(address: str, words: str, *args: Any, may: Callable[[User], bool]) -> SafeString:
    """In a column of a row's page: the way to a deed, for who may do it; nothing for everybody else."""
    user = _looking.get()
    if user is None or not may(user):
        return SafeString("")
    return format_html(' <a href="{}">{}</a>', reverse(address, args=args), words)


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

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A row's page, made while it is known who looks (``step``)."""
        token = _looking.set(me(request))
        try:
            response = super().changeform_view(request, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response
        finally:
            _looking.reset(token)

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


class ReferenceAdmin(ReadOnlyAdmin):
    """Public facts that rows name: whoever the site lets in may follow the name to them; operators find them on the first page."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Everybody in the administration."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """On the first page for operators, as everything else that is theirs."""
        return ReadOnlyAdmin.has_view_permission(self, request)


class ExportingAdmin(ReadOnlyAdmin):
    """Lists that may be saved as a file: the rows of the present filter, the columns as the page shows them, masked."""

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the one that asks why."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(never_cache(self.export)), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the way to the file, which keeps the filter."""
        query = request.META.get("QUERY_STRING", "")
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")
        return super().changelist_view(
            request, {"export_url": f"{url}?{query}" if query else url, **(extra_context or {})}
        )

    def export(self, request: HttpRequest) -> HttpResponse:
        """Say why, then save. A filter that is none leads back to the list."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = request.META.get("QUERY_STRING", "")
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return redirect(f"admin:{name}_changelist")
        count = rows.count()

        def save(data: dict[str, Any]) -> HttpResponse:
            at = clock.now()
            operations.export_list(
                name=name, query=query, rows=count, kind=data["kind"], reason=data["reason"], by=me(request), at=at
            )
            columns = [str(column) for column in self.get_list_display(request)]
            lines = exports.table(self, rows[: operations.MOST_ROWS], columns)
            raw, media_type = exports.written(data["kind"], str(self.opts.verbose_name_plural), lines)
            file = f"{self.opts.model_name}-{clock.beijing_date(at)}.{data['kind']}"
            return HttpResponse(
                raw, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{file}"'}
            )

        return self.deed(
            request,
            title=str(_("Save as a file")),
            form=ExportForm(request.POST or None),
            submit=str(_("Write it down and save")),
            do=save,
            about=[
                (_("Kind"), capfirst(self.opts.verbose_name_plural)),
                (_("Filter"), unquote_plus(query) or _("none")),
                (_("Rows"), f"{count:,}"),
                (_("Personal data"), _("masked, as in the list")),
            ],
        )


class PostScopedAdmin(ExportingAdmin):
    """Rows that officials see by their post, operators all of them. ``search_kind``: how the address of the search over
    everything names them; blank: it leaves them out."""

    search_kind = ""

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """The rows that belong to the post."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only what the user may see: lists, pages, searches and links all start here, with what a list of them names."""
        rows = super().get_queryset(request)
        if not isinstance(self.list_select_related, bool):
            rows = rows.select_related(*self.list_select_related)
        user = request.user
        if not isinstance(user, User):
            return rows.none()
        if user.is_platform_operator:
            return rows
        return self.scoped(rows, user.post) if user.post else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever the site lets in; which rows, ``get_queryset`` says."""
        return self.admin_site.has_permission(request)

    def found_by(self, request: HttpRequest, words: str) -> QuerySet[Any]:
        """What the search over everything finds here: what the list's own search would."""
        rows, twice = self.get_search_results(request, self.get_queryset(request), words)
        rows = rows.order_by(*(self.get_ordering(request) or ["-pk"]))
        return rows.distinct() if twice else rows

    def found_note(self, obj: Any) -> str:
        """A few words beside a row that was found, personal data masked."""
        return ""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """In the list for everybody who may see rows of it."""
        return self.admin_site.has_permission(request)

"""Official figures: who imported which, and the import with its look beforehand."""

from base64 import b64decode, b64encode
from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.core import signing
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.measures import operations
from complaints.measures.forms import FiguresFileForm
from complaints.measures.models import OfficialFigure
from complaints.measures.queries.scope import scope_of_post
from complaints.measures.wording import rate
from escrow import clock
from escrow.errors import DomainError
from prepaid.merchants.forms import refuse
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin
from prepaid.people.models import Post

#: How long a file that was looked at may wait for the yes.
LOOKED_AT = 30 * 60


@admin.register(OfficialFigure)
class OfficialFigureAdmin(PostScopedAdmin):
    """The city's own figures, as far as they were imported."""

    change_list_template = "admin/measures/official.html"
    list_display = ["month", "division", "responded", "settled", "content", "total", "unit_class", "who", "when"]
    list_filter = ["month", "division__level"]
    list_select_related = ["division", "source__imported_by"]
    search_fields = ["=division__code", "division__name_zh"]
    fields = [
        "month",
        "division",
        "responded",
        "settled",
        "content",
        "total",
        "unit_class",
        "who",
        "when",
        "fingerprint",
    ]

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """A district's post its district and what lies in it, the coordinator's all; other departments have none."""
        scope = scope_of_post(post)
        if scope.is_city:
            return queryset
        return queryset.filter(division__code__startswith=scope.district) if scope.district else queryset.none()

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the import."""
        view = self.admin_site.admin_view(self.import_file)
        return [path("import/", view, name="measures_officialfigure_import"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the way to the import, for operators."""
        return super().changelist_view(
            request, {"may_import": me(request).is_platform_operator, **(extra_context or {})}
        )

    def import_file(self, request: HttpRequest) -> HttpResponse:
        """A file is read and every line shown with what would become of it; the same file is imported by a second button."""
        user = me(request)
        if not user.is_platform_operator:
            raise Http404
        if "looked_at" in request.POST:
            return self._carry_out(request)
        form = FiguresFileForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {}
        status = 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                content = form.cleaned_data["file"].read()
                try:
                    rows = operations.read_figures(content, at=clock.now())
                except DomainError as error:
                    refuse(form, error)
                else:
                    status = 200
                    context = {
                        "rows": rows,
                        "bad": sum(row.effect == "bad" for row in rows),
                        "looked_at": signing.dumps(b64encode(content).decode(), salt=user.actor, compress=True),
                    }
        context |= {"title": _("Import official figures"), "form": form, "opts": self.opts}
        context |= self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/measures/import.html", context, status=status)

    def _carry_out(self, request: HttpRequest) -> HttpResponse:
        user = me(request)
        try:
            content = b64decode(signing.loads(request.POST["looked_at"], salt=user.actor, max_age=LOOKED_AT))
            rows = operations.import_figures(content=content, by=user, at=clock.now())
        except signing.BadSignature:
            messages.warning(request, _("Too much time has passed since the file was read. Choose it again."))
            return redirect("admin:measures_officialfigure_import")
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("admin:measures_officialfigure_import")
        effects = Counter(row.effect for row in rows)
        messages.success(
            request,
            _("Imported: %(new)s new, %(changed)s changed, %(known)s known already.")
            % {"new": effects["new"], "changed": effects["changed"], "known": effects["known"]},
        )
        return redirect("admin:measures_officialfigure_changelist")

    @admin.display(description=gettext_lazy("response rate"), ordering="response")
    def responded(self, figure: OfficialFigure) -> str:
        """响应率."""
        return rate(figure.response, 2)

    @admin.display(description=gettext_lazy("resolution rate"), ordering="resolved")
    def settled(self, figure: OfficialFigure) -> str:
        """解决率."""
        return rate(figure.resolved, 2)

    @admin.display(description=gettext_lazy("satisfaction rate"), ordering="satisfied")
    def content(self, figure: OfficialFigure) -> str:
        """满意率."""
        return rate(figure.satisfied, 2)

    @admin.display(description=gettext_lazy("score"), ordering="score")
    def total(self, figure: OfficialFigure) -> str:
        """As the file has it."""
        return rate(figure.score, 2)

    @admin.display(description=gettext_lazy("imported by"))
    def who(self, figure: OfficialFigure) -> str:
        """The operator."""
        return figure.source.imported_by.display_name

    @admin.display(description=gettext_lazy("imported"))
    def when(self, figure: OfficialFigure) -> Any:
        """The moment."""
        return figure.source.imported_at

    @admin.display(description=gettext_lazy("fingerprint of the file"))
    def fingerprint(self, figure: OfficialFigure) -> str:
        """SHA-256."""
        return figure.source.sha256

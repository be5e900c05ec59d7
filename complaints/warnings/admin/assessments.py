"""The queue of warnings: merchants of the post, the heaviest first, why, and what is done about each."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from complaints.warnings import operations
from complaints.warnings.facts import facts_from
from complaints.warnings.forms import PlaceForm
from complaints.warnings.models import Assessment
from complaints.warnings.queries import measures_of, reports_for
from complaints.warnings.queries.measures import of_post
from complaints.warnings.signals import SIGNALS
from complaints.warnings.states import MeasureKind
from escrow import clock
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, step
from prepaid.people.models import Post

#: How many signs the list names, and how many changes a merchant's page.
FEW, CHANGES = 3, 20


@admin.register(Assessment)
class AssessmentAdmin(PostScopedAdmin):
    """By the sector's lead department and the district of the head office, as merchants are."""

    list_display = ("merchant_name", "grade", "shown_points", "in_short", "since", "as_of")
    list_filter = ("grade", "merchant__sector")
    search_fields = ("merchant__name", "merchant__uscc")
    list_select_related = ("merchant", "merchant__sector", "merchant__district")
    sortable_by = ()
    fields = (
        "merchant_name", "sector_and_district", "grade", "shown_points", "since", "as_of", "signs", "measures", "reports", "changes",
    )  # fmt: skip
    readonly_fields = fields

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """The merchants of the post."""
        return of_post(queryset, post)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The heaviest first."""
        return ("-points", "merchant_id")

    @admin.display(description=gettext_lazy("merchant"))
    def merchant_name(self, row: Assessment) -> str:
        """Its registered name."""
        return row.merchant.name

    @admin.display(description=gettext_lazy("sector and district"))
    def sector_and_district(self, row: Assessment) -> str:
        """Who is responsible."""
        return f"{row.merchant.sector.name} · {row.merchant.district.name}"

    @admin.display(description=gettext_lazy("points"), ordering="points")
    def shown_points(self, row: Assessment) -> str:
        """With one decimal."""
        return f"{row.points:.1f}"

    @admin.display(description=gettext_lazy("mainly because"))
    def in_short(self, row: Assessment) -> str:
        """The heaviest signs by name."""
        named = [str(SIGNALS[code].title) for code, _strength, _points in row.parts[:FEW] if code in SIGNALS]
        return " · ".join(named) or "–"

    @admin.display(description=gettext_lazy("why"))
    def signs(self, row: Assessment) -> SafeString:
        """Each sign, what of the facts says so, how strong it is and what that weighs: the points are their sum."""
        facts = facts_from(row.facts)
        lines = [
            (SIGNALS[code].title, SIGNALS[code].words(facts), f"{100 * strength:.0f} %", f"{points:.1f}")
            for code, strength, points in row.parts
            if code in SIGNALS
        ]
        if not lines:
            return format_html("<p>{}</p>", _("No sign was seen."))
        head = (_("sign"), _("what says so"), _("strength"), _("points"))
        return _table(head, [*lines, (_("together"), "", "", f"{row.points:.1f}")])

    @admin.display(description=pgettext_lazy("supervision", "measures"))
    def measures(self, row: Assessment) -> SafeString:
        """The newest, and the way to another one."""
        lines = [
            (
                reverse("admin:warnings_measure_change", args=[one.pk]),
                f"{one.begun_at:%Y-%m-%d} · {one.get_kind_display()} · {one.get_state_display()}",
            )
            for one in measures_of(row.merchant)[:CHANGES]
        ]
        listed = format_html_join("", '<div><a href="{}">{}</a></div>', lines)
        way = step(
            "admin:warnings_assessment_place", _("Order a measure …"), row.pk, may=lambda user: user.is_regulator
        )
        return format_html("{}{}", listed, way) if lines or way else SafeString("–")

    @admin.display(description=gettext_lazy("card-holders who say it is shut"))
    def reports(self, row: Assessment) -> SafeString:
        """The newest; who has never used a card there, or works there, is said not to count."""
        lines = [
            (
                one.day.isoformat(),
                one.store.name,
                one.holder.display_name,
                _("counts") if one.counts else _("does not count"),
            )
            for one in reports_for(row.merchant)[:CHANGES]
        ]
        return format_html_join("", "<div>{} · {} · {} · {}</div>", lines) or SafeString("–")

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the one that orders a measure."""
        view = self.admin_site.admin_view
        return [path("<int:pk>/measure/", view(self.place), name="warnings_assessment_place"), *super().get_urls()]

    def place(self, request: HttpRequest, pk: int) -> HttpResponse:
        """An official orders a measure about the merchant."""
        user = me(request)
        row = self.get_queryset(request).filter(pk=pk).first() if user.is_regulator else None
        if row is None:
            raise Http404
        form = PlaceForm(request.POST or None, merchant=row.merchant)

        def placed(data: dict[str, Any]) -> HttpResponse:
            measure = operations.place_measure(
                merchant_id=row.merchant_id, kind=MeasureKind(data["kind"]), by=user, at=clock.now(), **form.order
            )
            messages.success(request, _("Ordered. The merchant is told of what concerns it."))
            return redirect("admin:warnings_measure_change", measure.pk)

        about = [(_("Merchant"), row.merchant.name), (_("Grade"), f"{row.grade} · {row.points:.1f}")]
        return self.deed(
            request,
            title=_("Order a measure"),
            form=form,
            submit=pgettext("supervision", "Order"),
            do=placed,
            about=about,
        )

    @admin.display(description=gettext_lazy("changes of the grade"))
    def changes(self, row: Assessment) -> SafeString:
        """The newest first."""
        lines = [
            (f"{change.on:%Y-%m-%d}", f"{change.before or '–'} → {change.after}", f"{change.points:.1f}")
            for change in row.merchant.grade_changes.all()[:CHANGES]
        ]
        if not lines:
            return format_html("<p>{}</p>", _("It has always been A."))
        return _table((_("day"), _("grade"), _("points")), lines)


def _table(head: tuple[Any, ...], lines: list[tuple[Any, ...]]) -> SafeString:
    cells = [[(cell,) for cell in line] for line in lines]
    rows = format_html_join("", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", line),) for line in cells))
    heads = format_html_join("", "<th>{}</th>", ((cell,) for cell in head))
    # On a telephone it is wider than the page, and moves by itself.
    return format_html(
        '<div class="scrolls" tabindex="0"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        heads,
        rows,
    )

"""The queue of warnings: merchants of the post, the heaviest first, and why. To look at; what is done on it are others' deeds."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.warnings.facts import facts_from
from complaints.warnings.models import Assessment
from complaints.warnings.signals import SIGNALS
from prepaid.people.admin_site import PostScopedAdmin
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
    fields = ("merchant_name", "sector_and_district", "grade", "shown_points", "since", "as_of", "signs", "changes")
    readonly_fields = fields

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """The merchants of the post."""
        rows = queryset.filter(merchant__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(merchant__district_id=post.district_id)

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

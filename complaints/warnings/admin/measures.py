"""Measures of the post: what a rule proposed or began and waits for somebody, what was ordered, how it ended, and the appeals."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from complaints.cases.admin.deadline import end_of
from complaints.warnings import operations
from complaints.warnings.forms import AppealDecisionForm, OrderForm, ReasonForm, ResultForm
from complaints.warnings.models import Appeal, Measure
from complaints.warnings.queries import appeals_for, measures_for, waiting_for
from complaints.warnings.queries.measures import LISTED, of_post
from complaints.warnings.queries.papers import signs_in_words
from complaints.warnings.states import TO_DO, AppealState, MeasureKind, MeasureState
from complaints.warnings.views.papers import pdf_response
from escrow import clock
from prepaid.people.access import me, shows_domain_errors
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue, step
from prepaid.people.models import Post, User

PAGE = "admin:warnings_measure_change"
#: Lines of each kind on the first page.
FEW = 50


def _official(user: User) -> bool:
    return user.is_regulator


@admin.register(Measure)
class MeasureAdmin(PostScopedAdmin):
    """By the sector's lead department and the district of the head office. Operators look; officials act."""

    list_display = ["number", "merchant", "kind", "state", "begun_at", "due_on", "result"]
    list_filter = ("kind", "state", "result", ("rule", admin.EmptyFieldListFilter))
    list_select_related = LISTED
    search_fields = ["number", "merchant__name", "=merchant__uscc"]
    fields = [
        "merchant", "kind", "shown_state", "why", "rule", "begun_at", "placed_by", "store", "due_on", "papers", "answer",
        "answered_at", "decided_by", "decided_at", "result", "findings", "closing", "appeals", "ended_at", "ended_by",
        "ended_because",
    ]  # fmt: skip
    readonly_fields = ("shown_state", "why", "papers", "appeals")
    search_kind = "measures"

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """The measures of the post."""
        return of_post(queryset, post)

    def get_fields(self, request: HttpRequest, obj: Measure | None = None) -> list[Any]:
        """What there is; of the rest nobody needs to read that it is empty."""
        has = {"papers": obj and obj.paper, "appeals": obj and obj.appeals.exists()}
        named = [str(name) for name in self.fields]
        return [name for name in named if obj is None or has.get(name, getattr(obj, name, True))]

    def found_note(self, obj: Measure) -> str:
        """What and about whom."""
        return f"{obj.merchant.name} · {obj.get_kind_display()} · {obj.get_state_display()}"

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, row: Measure) -> SafeString:
        """Where it stands, and what may be done now."""
        deeds = {
            MeasureState.PROPOSED: [("order", pgettext("supervision", "Order it …")), ("end", _("Do not follow it …"))],
            MeasureState.PROVISIONAL: [("confirm", _("Confirm …")), ("end", _("End it …"))],
            MeasureState.IN_FORCE: [("end", _("End it …"))],
            MeasureState.ORDERED: [("result", _("Write down the result …")), ("end", _("Withdraw it …"))],
        }.get(MeasureState(row.state), [])
        ways = [(step(f"admin:warnings_measure_{name}", words, row.pk, may=_official),) for name, words in deeds]
        return format_html("{}{}", row.get_state_display(), format_html_join("", "{}", ways))

    @admin.display(description=gettext_lazy("reason"))
    def why(self, row: Measure) -> SafeString:
        """The official's words, and what the signs of that evening said."""
        lines = [(row.because,)] if row.because else []
        lines += [(line,) for line in signs_in_words(row)]
        return format_html_join("", "<p>{}</p>", lines)

    @admin.display(description=gettext_lazy("paper"))
    def papers(self, row: Measure) -> SafeString | str:
        """The letter, summons or order as issued."""
        if not row.paper:
            return "–"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:warnings_measure_paper", args=[row.pk]), f"{row.number}.pdf"
        )

    @admin.display(description=gettext_lazy("appeals"))
    def appeals(self, row: Measure) -> SafeString | str:
        """What the merchant says, who decided, and the way to decide."""
        lines = [
            (
                one.because,
                clock.beijing_date(one.made_at),
                one.get_state_display(),
                one.reasons,
                step("admin:warnings_measure_appeal", _("Decide …"), one.pk, may=_official)
                if one.state == AppealState.OPEN
                else "",
            )
            for one in row.appeals.all()
        ]
        return format_html_join("", "<p>{} · {} · {} {}{}</p>", lines) or "–"

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, and the deeds."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/order/", view(self.order), name="warnings_measure_order"),
            path("<int:pk>/confirm/", view(self.confirm), name="warnings_measure_confirm"),
            path("<int:pk>/result/", view(self.close), name="warnings_measure_result"),
            path("<int:pk>/end/", view(self.end), name="warnings_measure_end"),
            path("<int:pk>/paper/", view(require_safe(shows_domain_errors(self.paper))), name="warnings_measure_paper"),
            path("appeals/<int:pk>/", view(self.decide_appeal), name="warnings_measure_appeal"),
            *super().get_urls(),
        ]

    def _mine(self, request: HttpRequest, pk: int) -> Measure:
        measure = measures_for(me(request)).filter(pk=pk).first()
        if measure is None:
            raise Http404
        return measure

    def _deed(
        self,
        request: HttpRequest,
        measure: Measure,
        *,
        title: str,
        form: forms.Form,
        submit: str,
        said: str,
        do: Callable[[dict[str, Any]], Measure],
    ) -> HttpResponse:
        def done(data: dict[str, Any]) -> HttpResponse:
            do(data)
            messages.success(request, said)
            return redirect(PAGE, measure.pk)

        about = [
            (_("Merchant"), measure.merchant.name),
            (pgettext("supervision", "Measure"), f"{measure.get_kind_display()} · {measure.number}"),
            (_("What says so"), " ".join([measure.because, *signs_in_words(measure)]).strip() or "–"),
        ]
        return self.deed(request, title=title, form=form, submit=submit, do=done, about=about)

    def order(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Follow what a rule proposes."""
        measure = self._mine(request, pk)
        form = OrderForm(request.POST or None, merchant=measure.merchant, kind=measure.kind)
        return self._deed(
            request,
            measure,
            title=pgettext("supervision", "Order it"),
            form=form,
            submit=pgettext("supervision", "Order"),
            said=_("Ordered. Its paper is on this page."),
            do=lambda _data: operations.order_measure(measure_id=pk, by=me(request), at=clock.now(), **form.order),
        )

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It stays."""
        return self._deed(
            request,
            self._mine(request, pk),
            title=_("Confirm the measure"),
            form=ReasonForm(request.POST or None),
            submit=_("Confirm"),
            said=_("Confirmed. It stays until somebody ends it, or the merchant has been calm for its days."),
            do=lambda data: operations.confirm_measure(measure_id=pk, by=me(request), at=clock.now(), **data),
        )

    def end(self, request: HttpRequest, pk: int) -> HttpResponse:
        """It is over, or is not followed."""
        measure = self._mine(request, pk)
        proposed = measure.state == MeasureState.PROPOSED
        return self._deed(
            request,
            measure,
            title=_("Do not follow the proposal") if proposed else _("End the measure"),
            form=ReasonForm(request.POST or None),
            submit=_("Do not follow it") if proposed else _("End it"),
            said=_("Written down.") if proposed else _("Ended. What it stopped goes on, if nothing else stops it."),
            do=lambda data: operations.end_measure(measure_id=pk, by=me(request), at=clock.now(), **data),
        )

    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What came of it."""
        measure = self._mine(request, pk)
        return self._deed(
            request,
            measure,
            title=_("Result"),
            form=ResultForm(request.POST or None, measure=measure),
            submit=_("Write it down"),
            said=_("Written down. The next assessment reads it."),
            do=lambda data: operations.close_with_result(measure_id=pk, by=me(request), at=clock.now(), **data),
        )

    def paper(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The PDF."""
        found = self.get_queryset(request).filter(pk=pk).first()
        if found is None:
            raise Http404
        return pdf_response(found)

    def decide_appeal(self, request: HttpRequest, pk: int) -> HttpResponse:
        """By an official who had no part in the measure."""
        appeal: Appeal | None = appeals_for(me(request)).filter(pk=pk).first()
        if appeal is None:
            raise Http404
        measure = appeal.measure

        def decided(data: dict[str, Any]) -> HttpResponse:
            operations.decide_appeal(appeal_id=pk, by=me(request), at=clock.now(), **data)
            messages.success(request, _("Decided. The merchant reads the result and the reasons."))
            return redirect(PAGE, measure.pk)

        about = [
            (_("Merchant"), measure.merchant.name),
            (pgettext("supervision", "Measure"), f"{measure.get_kind_display()} · {measure.number}"),
            (_("What the merchant says"), appeal.because),
            (_("To be decided by"), appeal.due_on.isoformat()),
        ]
        return self.deed(
            request,
            title=_("Decide about the appeal"),
            form=AppealDecisionForm(request.POST or None),
            submit=_("Decide"),
            do=decided,
            about=about,
        )


@register_queue
def measures_to_do(request: HttpRequest) -> list[QueueItem]:
    """What a rule proposed or began, and what was ordered, for the officials of the post; appeals, for those who had no part in the
    measure. In one question."""
    user = me(request)
    items = []
    for measure in waiting_for(user)[:FEW]:
        waits = {"title": measure.merchant.name, "url": reverse(PAGE, args=[measure.pk])}
        if measure.state in TO_DO:
            due_at = end_of(measure.due_on) if measure.due_on else None
            note = measure.get_state_display()
            items.append(QueueItem(**waits, lane=MeasureKind(measure.kind).label, due_at=due_at, note=note))
        appeal_due_on = measure.appeal_due_on  # type: ignore[attr-defined]  # waiting_for adds it
        if appeal_due_on and user.pk not in (measure.placed_by_id, measure.decided_by_id):
            lane, note = gettext_lazy("Appeals against measures"), measure.get_kind_display()
            items.append(QueueItem(**waits, lane=lane, due_at=end_of(appeal_due_on), note=note))
    return items

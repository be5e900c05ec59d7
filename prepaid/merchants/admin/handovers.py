"""Changes of the operator in the administration: two officials verify each with what they read in the documents."""

from datetime import timedelta
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
from django.utils.translation import gettext_lazy

from escrow import clock
from prepaid.merchants import operations as merchants
from prepaid.merchants import queries
from prepaid.merchants.bank_accounts import masked
from prepaid.merchants.forms import HandoverForm, OperatorForm
from prepaid.merchants.models import Handover, Merchant
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, QueueItem, register_queue
from prepaid.people.models import Post, masked_name

#: How soon two officials are to have verified it; meanwhile the merchant sells nothing [A].
VERIFY_WITHIN = timedelta(days=7)


class PapersForm(OperatorForm):
    """What the documents say, typed again; only what is reported to change is asked for."""

    papers = forms.CharField(
        label=gettext_lazy("Documents"),
        max_length=200,
        help_text=gettext_lazy("Which you have seen, with their numbers and dates, and of which office."),
    )

    def __init__(self, *args: Any, handover: Handover, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["papers"])
        for name in OperatorForm.base_fields:
            if not getattr(handover, f"new_{name}"):
                del self.fields[name]
            else:
                self.fields[name].required = True
                self.fields[name].help_text = gettext_lazy("As the document has it.")

    @property
    def facts(self) -> merchants.OperatorFacts:
        """What was read."""
        typed = self.cleaned_data
        return merchants.OperatorFacts(**{name: typed.get(name, "") for name in OperatorForm.base_fields})


class RejectForm(forms.Form):
    """Why the old facts stay."""

    because = forms.CharField(
        label=gettext_lazy("Reason"), max_length=200, help_text=gettext_lazy("The merchant's owners read it.")
    )


@admin.register(Handover)
class HandoverAdmin(PostScopedAdmin):
    """The owner reports or an official enters; two officials of the merchant's post verify, or one rejects."""

    list_display = ["merchant", "changes", "state", "reported_at", "by_official", "checked_at", "decided_at"]
    list_filter = ["state", ("entered_by", admin.EmptyFieldListFilter)]
    list_select_related = ["merchant"]
    search_fields = ["merchant__name", "=merchant__uscc"]
    fields = [
        "merchant", "state", "representative", "controller", "account", "because", "reported_at", "reporter",
        "rating_before", "checked_by", "checked_at", "checked_papers", "decided_by", "decided_at", "decided_because",
        "told_at", "decide",
    ]  # fmt: skip

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(merchant__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(merchant__district_id=post.district_id)

    @admin.display(description=gettext_lazy("what changes"))
    def changes(self, handover: Handover) -> str:
        """In words."""
        return handover.what

    @admin.display(description=gettext_lazy("entered by an official"), boolean=True)
    def by_official(self, handover: Handover) -> bool:
        """The owner said nothing."""
        return handover.entered_by_id is not None

    @admin.display(description=gettext_lazy("legal representative"))
    def representative(self, handover: Handover) -> str:
        """Old and new, masked."""
        return _from_to(handover.old_representative, handover.new_representative)

    @admin.display(description=gettext_lazy("actual controller"))
    def controller(self, handover: Handover) -> str:
        """Old and new, masked."""
        return _from_to(handover.old_controller, handover.new_controller)

    @admin.display(description=gettext_lazy("payout account"))
    def account(self, handover: Handover) -> str:
        """Old and new, the last four digits."""
        if not handover.new_account_no:
            return _("stays")
        return f"{masked(handover.old_account_no) or '–'} → {masked(handover.new_account_no)}"

    @admin.display(description=gettext_lazy("reported by"))
    def reporter(self, handover: Handover) -> str:
        """The owner, or the official."""
        person = handover.entered_by or (handover.reported_by and handover.reported_by.user)
        return person.display_name if person else "–"

    @admin.display(description=gettext_lazy("decide"))
    def decide(self, handover: Handover) -> SafeString | str:
        """To the pages that verify and reject, while it waits."""
        if not handover.is_open:
            return "–"
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            reverse("admin:merchants_handover_verify", args=[handover.pk]),
            _("Verify …"),
            reverse("admin:merchants_handover_reject", args=[handover.pk]),
            _("Reject …"),
        )

    def get_urls(self) -> list[URLPattern]:
        """The usual ones, the two decisions, and the way to enter one."""
        view = self.admin_site.admin_view
        return [
            path("enter/<int:merchant_id>/", view(self.enter), name="merchants_handover_enter"),
            path("<int:pk>/verify/", view(self.verify), name="merchants_handover_verify"),
            path("<int:pk>/reject/", view(self.reject), name="merchants_handover_reject"),
            *super().get_urls(),
        ]

    def enter(self, request: HttpRequest, merchant_id: int) -> HttpResponse:
        """An official knows that who runs it changes: everything stops at once."""
        user = me(request)
        merchant = Merchant.objects.select_related("sector").filter(pk=merchant_id).first()
        if merchant is None or not user.is_regulator or user.post is None or not queries.in_post(merchant, user.post):
            raise Http404
        form = HandoverForm(request.POST or None)

        def begin(data: dict[str, Any]) -> HttpResponse:
            handover = merchants.enter_handover(
                merchant_id=merchant_id,
                by=user,
                facts=form.facts,
                because=data["because"],
                at=clock.now(),
                actor=user.actor,
            )
            messages.success(
                request, _("Sales, early release and payouts are stopped; holders and owners are being told.")
            )
            return redirect("admin:merchants_handover_change", handover.pk)

        about = [(_("Merchant"), merchant.name), (_("What it causes"), merchants.CHECKED_FIRST)]
        title = _("Enter a change of the operator")
        return self.deed(request, title=title, form=form, submit=_("Enter and stop"), do=begin, about=about)

    def _waiting(self, request: HttpRequest, pk: int) -> Handover:
        """Of the official's post; an operator of the platform decides none."""
        handover: Handover | None = self.get_queryset(request).filter(pk=pk).first()
        if handover is None or not me(request).is_regulator:
            raise Http404
        return handover

    def _about(self, handover: Handover) -> list[tuple[str, str]]:
        return [
            (_("Merchant"), handover.merchant.name),
            (_("What changes"), handover.what),
            (_("Reported"), clock.beijing_date(handover.reported_at).isoformat()),
            (_("Reason"), handover.because),
            (_("First official"), handover.checked_by.display_name if handover.checked_by else "–"),
        ]

    def verify(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the documents say, typed blindly: it must be what was reported."""
        handover, user = self._waiting(request, pk), me(request)
        form = PapersForm(request.POST or None, handover=handover)

        def seen(data: dict[str, Any]) -> HttpResponse:
            now = merchants.verify_handover(
                handover_id=pk, by=user, facts=form.facts, papers=data["papers"], at=clock.now(), actor=user.actor
            )
            messages.success(
                request,
                _("Verified by two officials. It is in effect; sales and payouts go on. Rate the merchant anew.")
                if now.is_done
                else _("Verified. A second official verifies it too, then it takes effect."),
            )
            return redirect("admin:merchants_handover_change", pk)

        return self.deed(
            request,
            title=_("Verify with the documents"),
            form=form,
            submit=_("The documents say so"),
            do=seen,
            about=self._about(handover),
        )

    def reject(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The documents do not bear it out."""
        handover, user = self._waiting(request, pk), me(request)

        def no(data: dict[str, Any]) -> HttpResponse:
            merchants.reject_handover(
                handover_id=pk, by=user, because=data["because"], at=clock.now(), actor=user.actor
            )
            messages.success(request, _("Rejected. The old facts stay; sales and payouts go on."))
            return redirect("admin:merchants_handover_change", pk)

        return self.deed(
            request,
            title=_("Reject the change"),
            form=RejectForm(request.POST or None),
            submit=_("Reject"),
            do=no,
            about=self._about(handover),
        )


def _from_to(old: str, new: str) -> str:
    if not new:
        return _("stays")
    return f"{masked_name(old) if old else '–'} → {masked_name(new)}"


@register_queue
def handovers_to_verify(request: HttpRequest) -> list[QueueItem]:
    """What waits for this official: not those they were the first to verify."""
    if not me(request).is_regulator:
        return []
    page = HandoverAdmin(Handover, admin.site)
    waiting = page.get_queryset(request).filter(pk__in=Handover.objects.waiting()).exclude(checked_by=me(request))
    return [
        QueueItem(
            title=handover.merchant.name,
            url=reverse("admin:merchants_handover_change", args=[handover.pk]),
            lane=gettext_lazy("Change of the operator: verify"),
            due_at=handover.reported_at + VERIFY_WITHIN,
            note=handover.what,
        )
        for handover in waiting.select_related("merchant")[:50]
    ]

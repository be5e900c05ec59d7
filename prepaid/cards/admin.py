"""Cards and refund requests in the administration, to look at; operators set the platform's terms for a later day."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escrow import clock
from escrow.money import yuan
from prepaid.cards import operations
from prepaid.cards.models import Card, CardRule, RefundRequest
from prepaid.merchants.forms import DayInput
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin

if TYPE_CHECKING:
    _RuleForm = forms.ModelForm[CardRule]
else:
    _RuleForm = forms.ModelForm


@admin.register(Card)
class CardAdmin(ReadOnlyAdmin):
    """What was sold to whom; the money stands with the agreement."""

    list_display = ["number", "issuer", "product", "holder", "state", "bought_at", "expires_on"]
    list_filter = ["agreement__state"]
    list_select_related = ["issuer", "version__product", "holder", "agreement"]
    search_fields = ["=number", "issuer__name"]
    fields = ["number", "issuer", "product", "holder", "state", "contract_sha256", "bought_at", "expires_on"]

    @admin.display(description=gettext_lazy("product"))
    def product(self, card: Card) -> str:
        """With the version whose terms hold."""
        return f"{card.version.product.name} v{card.version.number}"

    @admin.display(description=gettext_lazy("state"))
    def state(self, card: Card) -> str:
        """The agreement's."""
        return card.agreement.get_state_display()


@admin.register(RefundRequest)
class RefundRequestAdmin(ReadOnlyAdmin):
    """Who asked for what, and what came of it."""

    list_display = ["card", "state", "cause", "asked", "granted", "basis", "requested_at", "answer_due_on"]
    list_filter = ["state", "cause", "basis"]
    list_select_related = ["card"]
    search_fields = ["=card__number", "card__issuer__name"]
    fields = [
        "card", "state", "cause", "reason", "asked", "requested_at", "answer_due_on", "lapsed_at", "answered_at",
        "answer_text", "granted", "basis", "complained_at", "closed_at",
    ]  # fmt: skip

    @admin.display(description=gettext_lazy("asked"))
    def asked(self, request: RefundRequest) -> str:
        """Yuan."""
        return f"¥{yuan(request.asked_fen)}"

    @admin.display(description=gettext_lazy("granted"))
    def granted(self, request: RefundRequest) -> str:
        """Yuan."""
        return f"¥{yuan(request.granted_fen)}" if request.granted_fen is not None else "–"


class CardRuleForm(_RuleForm):
    """Terms from a later day on."""

    class Meta:
        model = CardRule
        fields = ["valid_from", "payment_minutes", "confirm_hours", "answer_working_days", "basis", "mark"]
        widgets = {"valid_from": DayInput()}

    def validate_unique(self) -> None:
        """The verb says it better."""


@admin.register(CardRule)
class CardRuleAdmin(ReadOnlyAdmin):
    """The terms this platform sets where the law leaves them open; a change is a new row from a later day."""

    list_display = ["valid_from", "payment_minutes", "confirm_hours", "answer_working_days", "basis", "mark"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators, for a later day."""
        return super().has_view_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Add terms that hold from a later day."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = CardRuleForm(request.POST or None)

        def add(_data: dict[str, Any]) -> HttpResponse:
            rule = form.save(commit=False)
            operations.add_card_rule(rule=rule, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("These terms hold from %(day)s.") % {"day": rule.valid_from.isoformat()})
            return redirect("admin:cards_cardrule_changelist")

        return self.deed(request, title=_("New terms for cards"), form=form, submit=_("Add"), do=add)

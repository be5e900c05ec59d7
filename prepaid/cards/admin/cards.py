"""Cards and refund requests in the administration, to look at; operators set the platform's terms for a later day."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from escrow import clock
from escrow.money import yuan
from prepaid.cards import operations
from prepaid.cards.models import Card, CardRule, Contract, RefundRequest
from prepaid.merchants.forms import DayInput
from prepaid.people.access import me
from prepaid.people.admin_site import PostScopedAdmin, ReadOnlyAdmin
from prepaid.people.models import Post

if TYPE_CHECKING:
    _RuleForm = forms.ModelForm[CardRule]
else:
    _RuleForm = forms.ModelForm


@admin.register(Card)
class CardAdmin(PostScopedAdmin):
    """What the post's merchants sold, to whom (masked); the money stands with the agreement."""

    search_kind = "cards"
    list_display = ["number", "issuer", "product", "holder", "state", "bought_at", "expires_on"]
    list_filter = ["agreement__state"]
    list_select_related = ["issuer", "version__product", "holder", "agreement"]
    search_fields = ["=number", "issuer__name"]
    fields = [
        "number",
        "issuer",
        "product",
        "holder",
        "state",
        "lost_at",
        "tops_up",
        "ended_at",
        "contract_sha256",
        "bought_at",
        "expires_on",
    ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Whose it is leads to the person for who may see people; else the name stands alone."""
        fields = list(super().get_fields(request, obj))
        if not me(request).is_platform_operator:
            fields[fields.index("holder")] = "holder_name"
        return fields

    @admin.display(description=gettext_lazy("holder"))
    def holder_name(self, card: Card) -> str:
        """Masked."""
        return str(card.holder)

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(issuer__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(issuer__district_id=post.district_id)

    def found_by(self, request: HttpRequest, words: str) -> QuerySet[Any]:
        """By its whole number, as it is printed: with spaces or without."""
        rows = self.get_queryset(request).select_related(*self.list_select_related)
        return rows.filter(number="".join(words.split()))

    def found_note(self, obj: Card) -> str:
        """What it is, of whom, and whose."""
        return f"{self.product(obj)} · {obj.issuer.name} · {obj.holder.display_name}"

    @admin.display(description=gettext_lazy("product"))
    def product(self, card: Card) -> str:
        """With the version whose terms hold."""
        return f"{card.version.product.name} v{card.version.number}"

    @admin.display(description=gettext_lazy("state"))
    def state(self, card: Card) -> str:
        """The agreement's."""
        return card.agreement.get_state_display()


@admin.register(Contract)
class ContractAdmin(PostScopedAdmin):
    """Contracts of the post's merchants; who opens the PDF of one is written into the audit trail."""

    search_kind = "contracts"
    list_display = ["card", "merchant", "product", "concluded_at", "template_version", "pdf_made_at"]
    list_select_related = ["card__issuer", "card__version__product"]
    search_fields = ["=card__number", "card__issuer__name", "card__issuer__uscc"]
    sortable_by = ()
    fields = [
        "card", "merchant", "product", "concluded_at", "template_version", "sha256", "pdf_sha256", "pdf_made_at", "file",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Lists need neither text nor PDF."""
        return super().get_queryset(request).defer("text", "pdf")

    def scoped(self, queryset: QuerySet[Any], post: Post) -> QuerySet[Any]:
        """By the sector's lead department and the district of the head office."""
        rows = queryset.filter(card__issuer__sector__lead_department_id=post.department_id)
        return rows if post.is_citywide else rows.filter(card__issuer__district_id=post.district_id)

    def get_urls(self) -> list[URLPattern]:
        """The PDF beside Django's own addresses."""
        view = self.admin_site.admin_view(require_GET(self.open_file))
        return [path("<int:pk>/file/", view, name="cards_contract_file"), *super().get_urls()]

    def found_by(self, request: HttpRequest, words: str) -> QuerySet[Any]:
        """By the card's number as it is printed, else by the merchant."""
        rows = self.get_queryset(request).select_related(*self.list_select_related).order_by("-pk")
        number = "".join(words.split())
        if number.isdecimal():
            return rows.filter(card__number=number)
        return rows.filter(Q(card__issuer__name__icontains=words) | Q(card__issuer__uscc=words.upper()))

    def found_note(self, obj: Contract) -> str:
        """What, of whom, and since when."""
        return f"{self.product(obj)} · {self.merchant(obj)} · {clock.beijing_date(obj.concluded_at)}"

    def open_file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The stored PDF, and the note that it was read."""
        contract = self.get_object(request, str(pk))
        if contract is None:
            raise Http404
        pdf = operations.inspect_contract(contract=contract, at=clock.now(), actor=me(request).actor)
        name = f"contract-{contract.card.number}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return HttpResponse(pdf, content_type="application/pdf", headers=headers)

    @admin.display(description=gettext_lazy("merchant"))
    def merchant(self, contract: Contract) -> str:
        """The party that owes the service."""
        return contract.card.issuer.name

    @admin.display(description=gettext_lazy("product"))
    def product(self, contract: Contract) -> str:
        """With the version whose terms hold."""
        return f"{contract.card.version.product.name} v{contract.card.version.number}"

    @admin.display(description=gettext_lazy("PDF"))
    def file(self, contract: Contract) -> SafeString:
        """A link; opening it is logged."""
        url = reverse("admin:cards_contract_file", args=[contract.pk])
        return format_html('<a href="{}">{}</a>', url, _("Open the PDF (this is logged)"))


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
        fields = [
            "valid_from", "payment_minutes", "confirm_hours", "answer_working_days", "closing_offer_days", "stored_hours",
            "stored_a_day", "transfer_days", "month_notice_days", "deposit_working_days", "basis", "mark",
        ]  # fmt: skip
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

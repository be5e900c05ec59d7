"""What is still owed, and what others keep of a merchant's money: claims, orders of courts and authorities, the reserve."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods

from escrow import clock
from escrow import operations as escrow
from escrow import queries as escrow_queries
from escrow.admin import Unwritable
from escrow.errors import DomainError, NotFound, WrongState
from escrow.models import Claim, ClaimPayment, LegalHold, ReserveRule
from escrow.money import yuan
from prepaid.backoffice import operations
from prepaid.backoffice.admin.reconciliation import Pages
from prepaid.backoffice.forms import LiftForm, OrderForm, ReserveRuleForm
from prepaid.people.access import me
from prepaid.people.admin_site import ReadOnlyAdmin

if TYPE_CHECKING:
    _Inline = admin.TabularInline[ClaimPayment, Claim]
else:
    _Inline = admin.TabularInline


class OfMerchant(Pages):
    """Rows of a beneficiary, shown with the merchant's name; sums in yuan."""

    list_select_related = ("beneficiary__merchant", "beneficiary")
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the merchant, on every page."""
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description=gettext_lazy("merchant"))
    def merchant(self, row: Any) -> str:
        """Its name, or the custody account of one that is none here."""
        return str(getattr(row.beneficiary, "merchant", row.beneficiary.custody_no))


class ClaimPaymentInline(Unwritable, _Inline):
    """What later payouts have paid."""

    model = ClaimPayment
    fields = ("amount", "number", "state", "done_at")
    readonly_fields = fields
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimPayment]:
        """With their instructions."""
        return super().get_queryset(request).select_related("instruction").order_by("id")

    @admin.display(description=gettext_lazy("amount (yuan)"))
    def amount(self, row: ClaimPayment) -> str:
        """Fen as yuan."""
        return yuan(row.amount_fen)

    @admin.display(description=gettext_lazy("instruction"))
    def number(self, row: ClaimPayment) -> str:
        """The number the bank knows it by."""
        return row.instruction.number

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: ClaimPayment) -> str:
        """Where it is."""
        return row.instruction.get_state_display()

    @admin.display(description=gettext_lazy("done"))
    def done_at(self, row: ClaimPayment) -> Any:
        """When the bank said so."""
        return row.instruction.done_at or "–"


@admin.register(Claim)
class ClaimAdmin(OfMerchant):
    """The rests of refunds that later payouts serve, the oldest first."""

    list_display = ["number", "merchant", "claimed", "paid", "still_open", "since", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ("beneficiary__merchant", "refund__agreement__card")
    search_fields = ["=id", "=beneficiary__custody_no", "beneficiary__merchant__name", "=refund__reference"]
    fields = [
        "number", "merchant", "card", "owed", "paid_at_once", "basis", "claimed", "paid", "still_open", "since", "closed_at",
    ]  # fmt: skip
    readonly_fields = [
        "number",
        "merchant",
        "card",
        "owed",
        "paid_at_once",
        "basis",
        "claimed",
        "paid",
        "still_open",
        "since",
    ]
    inlines = [ClaimPaymentInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Claim], search_term: str
    ) -> tuple[QuerySet[Claim], bool]:
        """A claim's number is ``C`` and its id."""
        number = search_term.strip().upper().removeprefix("C")
        if number.isdecimal() and len(number) < 19 and number != search_term.strip():
            return queryset.filter(pk=int(number)), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=gettext_lazy("number"), ordering="id")
    def number(self, claim: Claim) -> str:
        """What people call it."""
        return claim.number

    @admin.display(description=gettext_lazy("card"))
    def card(self, claim: Claim) -> str:
        """The card that was settled."""
        return str(getattr(claim.refund.agreement, "card", "–"))

    @admin.display(description=gettext_lazy("owed in all (yuan)"))
    def owed(self, claim: Claim) -> str:
        """The whole refund, with its interest."""
        return yuan(claim.refund.total_fen)

    @admin.display(description=gettext_lazy("paid back at once (yuan)"))
    def paid_at_once(self, claim: Claim) -> str:
        """What was at hand."""
        return yuan(claim.refund.amount_fen)

    @admin.display(description=gettext_lazy("basis"))
    def basis(self, claim: Claim) -> str:
        """Why it is owed."""
        return f"{claim.refund.get_basis_display()} · {claim.refund.reference}"

    @admin.display(description=gettext_lazy("open since"), ordering="opened_at")
    def since(self, claim: Claim) -> Any:
        """When the refund was decided."""
        return claim.opened_at

    @admin.display(description=gettext_lazy("claim (yuan)"), ordering="amount_fen")
    def claimed(self, claim: Claim) -> str:
        """Fen as yuan."""
        return yuan(claim.amount_fen)

    @admin.display(description=gettext_lazy("paid or on its way (yuan)"), ordering="paid_fen")
    def paid(self, claim: Claim) -> str:
        """Fen as yuan."""
        return yuan(claim.paid_fen)

    @admin.display(description=gettext_lazy("still open (yuan)"))
    def still_open(self, claim: Claim) -> str:
        """What later payouts pay."""
        return yuan(claim.open_fen)


@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, page: Pages) -> HttpResponse:
    """An order is entered, then shown with what it blocks at once; it is recorded with the second yes."""
    form = OrderForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            if request.POST.get("word") != "confirm":
                if request.POST.get("word") != "change":
                    return _confirmation(request, page, form)
                status = 200
            else:
                try:
                    return _recorded(request, form)
                except WrongState:
                    text = _(
                        "This order is recorded already, with another sum or another last day. Look at it in the list."
                    )
                    form.add_error("order_no", text)
                    status = WrongState.http_status
                except DomainError as error:
                    form.add_error(None, str(error))
                    status = error.http_status
    response = page.page(request, "order", title=_("Record an order"), form=form)
    response.status_code = status
    return response


def _confirmation(request: HttpRequest, page: Pages, form: OrderForm) -> HttpResponse:
    facts = form.cleaned_data
    merchant = facts["merchant"]
    earned = escrow_queries.backing(merchant.beneficiary_id).payable_fen
    waiting = sum(escrow_queries.unsent_payouts(merchant.beneficiary_id).values_list("amount_fen", flat=True))
    at_once = min(facts["sum_fen"], earned + waiting)
    about = [
        (_("Merchant"), merchant.name),
        (_("Custody account"), merchant.beneficiary.custody_no),
        (_("Order number"), facts["order_no"]),
        (pgettext("order", "Issued by"), facts["issued_by"]),
        (_("Sum"), f"¥{yuan(facts['sum_fen'])}"),
        (_("Expires on"), facts["expires_on"]),
        (_("Earned and not paid out"), f"¥{yuan(earned)}"),
        (_("Payouts that have not left"), f"¥{yuan(waiting)}"),
        (_("Blocked at once"), f"¥{yuan(at_once)}"),
        (_("Blocked by later payouts"), f"¥{yuan(facts['sum_fen'] - at_once)}"),
    ]
    return page.page(request, "order_confirm", title=_("Record this order?"), form=form, about=about)


def _recorded(request: HttpRequest, form: OrderForm) -> HttpResponse:
    facts = dict(form.cleaned_data)
    merchant = facts.pop("merchant")
    hold = escrow.order_hold(beneficiary_id=merchant.beneficiary_id, **facts, at=clock.now(), actor=me(request).actor)
    messages.success(
        request,
        _("Recorded: ¥%(blocked)s of ¥%(sum)s are blocked.")
        % {"blocked": yuan(hold.blocked_fen), "sum": yuan(hold.sum_fen)},
    )
    return redirect("admin:escrow_legalhold_change", hold.pk)


@require_http_methods(["GET", "POST"])
def lift(request: HttpRequest, page: OfMerchant, ref: int) -> HttpResponse:
    """An order is withdrawn: said why, and said to be checked."""
    hold = page.get_queryset(request).filter(pk=ref, lifted_at=None).first()
    if hold is None:
        raise NotFound()

    def do(data: dict[str, Any]) -> HttpResponse:
        escrow.lift_hold(hold_id=ref, because=data["because"], at=clock.now(), actor=me(request).actor)
        messages.success(request, _("Lifted. What was blocked is paid out from the next working day on."))
        return redirect("admin:escrow_legalhold_change", ref)

    return page.deed(
        request,
        title=_("Lift an order"),
        form=LiftForm(request.POST or None),
        submit=_("Lift the order"),
        do=do,
        about=[
            (_("Merchant"), page.merchant(hold)),
            (_("Order number"), hold.order_no),
            (pgettext("order", "Issued by"), hold.issued_by),
            (_("Expires on"), hold.expires_on),
            (_("Earned again by the merchant"), f"¥{yuan(hold.blocked_fen)}"),
        ],
    )


@admin.register(LegalHold)
class LegalHoldAdmin(OfMerchant):
    """Orders of courts and authorities on merchants' money."""

    list_display = ["order_no", "issued_by", "merchant", "sum", "blocked", "expires_on", "ordered_at", "lifted_at"]
    list_filter = [("lifted_at", admin.EmptyFieldListFilter), "expires_on"]
    search_fields = ["order_no", "issued_by", "=beneficiary__custody_no", "beneficiary__merchant__name"]
    fields = [
        "order_no",
        "issued_by",
        "merchant",
        "sum",
        "blocked",
        "expires_on",
        "ordered_at",
        "lifted_at",
        "lift_link",
    ]
    readonly_fields = ["merchant", "sum", "blocked", "lift_link"]
    change_list_template = "admin/backoffice/orders.html"
    pages = (("order/", "order", order), ("<int:ref>/lift/", "lift_order", lift))

    def audit_target(self, obj: LegalHold) -> str:
        """As the verbs name it."""
        return f"legal_hold:{obj.pk}"

    @admin.display(description=gettext_lazy("sum (yuan)"), ordering="sum_fen")
    def sum(self, hold: LegalHold) -> str:
        """Fen as yuan."""
        return yuan(hold.sum_fen)

    @admin.display(description=gettext_lazy("blocked (yuan)"), ordering="blocked_fen")
    def blocked(self, hold: LegalHold) -> str:
        """Fen as yuan."""
        return yuan(hold.blocked_fen)

    @admin.display(description=gettext_lazy("next step"))
    def lift_link(self, hold: LegalHold) -> str:
        """While it is in force."""
        if hold.lifted_at is not None:
            return "–"
        url = reverse("admin:backoffice_lift_order", args=[hold.pk])
        return format_html('<a class="btn" href="{}">{}</a>', url, _("Lift the order …"))


@admin.register(ReserveRule)
class ReserveRuleAdmin(ReadOnlyAdmin):
    """Which share of every payout stays as the merchant's reserve; a change is a new row from a later day."""

    list_display = ["valid_from", "share", "up_to", "keep_days", "source", "mark"]
    ordering = ["-valid_from"]

    @admin.display(description=gettext_lazy("percent of every payout"), ordering="basis_points")
    def share(self, rule: ReserveRule) -> str:
        """As people write it."""
        return f"{rule.percent}%"

    @admin.display(description=gettext_lazy("until the reserve holds (yuan)"), ordering="up_to_fen")
    def up_to(self, rule: ReserveRule) -> str:
        """Fen as yuan."""
        return yuan(rule.up_to_fen)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators, for a later day."""
        return self.has_view_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Add a share that holds from a later day."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ReserveRuleForm(request.POST or None)

        def add(_data: dict[str, Any]) -> HttpResponse:
            rule = form.save(commit=False)
            operations.add_reserve_rule(rule=rule, at=clock.now(), actor=me(request).actor)
            messages.success(request, _("This reserve holds from %(day)s.") % {"day": rule.valid_from.isoformat()})
            return redirect("admin:escrow_reserverule_changelist")

        return self.deed(request, title=_("A new rule for the reserve"), form=form, submit=_("Add"), do=add)

"""The ledger in the administration: to look at, never to touch. Who may look is decided by ``view`` permissions."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from escrow.models import (
    Account,
    Agreement,
    Approval,
    ApprovalRule,
    AuditEntry,
    Beneficiary,
    Block,
    DailyRoot,
    Instruction,
    Payment,
    Payout,
    PayoutHold,
    PayoutLine,
    Refund,
    StatementLine,
    Transfer,
    Use,
    WorkingDay,
)
from escrow.money import yuan
from escrow.states import Asset

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _TabularInline = admin.TabularInline


class Unwritable:
    """Nobody adds, changes or deletes here, whatever their permissions."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class LedgerAdmin(Unwritable, _ModelAdmin):
    """Newest first, paged without counting the whole table."""

    actions = None
    show_full_result_count = False
    list_per_page = 50
    ordering = ["-pk"]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """For who may look; Django's page tells everybody else whether there is such a row before it asks."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """A page that says so, as everywhere else."""
        raise Http404

    @admin.display(description=_("amount (yuan)"))
    def yuan(self, row: Any) -> str:
        """Fen as yuan."""
        return yuan(row.amount_fen)

    @admin.display(description=_("custody account"))
    def custody(self, row: Any) -> str:
        """Whose money it is."""
        return str(row.beneficiary.custody_no)

    @admin.display(description=_("agreement"))
    def agreement_no(self, row: Any) -> str:
        """The ledger's own number."""
        return f"#{row.agreement_id}" if row.agreement_id else "–"


def counted(amount: int, asset: str) -> str:
    """Yuan for money and gift money, a plain count for sessions."""
    return str(amount) if asset == Asset.VISIT else yuan(amount)


@admin.register(Beneficiary)
class BeneficiaryAdmin(LedgerAdmin):
    """Custody accounts; the payout account only by its last digits."""

    list_display = ["custody_no", "payouts_held", "payouts_held_because", "created_at"]
    list_filter = ["payouts_held"]
    search_fields = ["custody_no"]
    fields = ["custody_no", "payout_account_ends_with", "payouts_held", "payouts_held_because", "created_at"]
    readonly_fields = ["payout_account_ends_with"]

    @admin.display(description=_("payout account ends with"))
    def payout_account_ends_with(self, row: Beneficiary) -> str:
        """Masked: reading it in full is a deed of its own."""
        return f"•••• {row.payout_account_no[-4:]}" if row.payout_account_no else "–"


@admin.register(Agreement)
class AgreementAdmin(LedgerAdmin):
    """What was agreed, and where it stands."""

    list_display = ["id", "custody", "plan", "price", "state", "funded_at", "closed_at"]
    list_filter = ["state", "plan"]
    list_select_related = ["beneficiary"]
    search_fields = ["=id", "=funder", "beneficiary__custody_no"]

    @admin.display(description=_("price (yuan)"))
    def price(self, row: Agreement) -> str:
        """Fen as yuan."""
        return yuan(row.price_fen)


@admin.register(Account)
class AccountAdmin(LedgerAdmin):
    """Balances by account."""

    list_display = ["id", "custody", "agreement_no", "code", "channel", "asset", "posted", "reserved"]
    list_filter = ["code", "asset"]
    list_select_related = ["beneficiary"]
    search_fields = ["=agreement__id", "beneficiary__custody_no"]

    @admin.display(description=_("balance"))
    def posted(self, row: Account) -> str:
        """In yuan or sessions."""
        return counted(row.balance, row.asset)

    @admin.display(description=_("reserved"))
    def reserved(self, row: Account) -> str:
        """What waits for confirmation."""
        return counted(row.pending, row.asset)


@admin.register(Transfer)
class TransferAdmin(LedgerAdmin):
    """Every movement."""

    list_display = ["id", "at", "reason", "kind", "asset", "sum", "debit", "credit", "agreement_no"]
    list_filter = ["reason", "kind", "asset"]
    list_select_related = ["debit_account", "credit_account"]
    search_fields = ["=agreement__id", "=reference"]

    @admin.display(description=_("amount"))
    def sum(self, row: Transfer) -> str:
        """In yuan or sessions."""
        return counted(row.amount, row.asset)

    @admin.display(description=_("debit"))
    def debit(self, row: Transfer) -> str:
        """The account that is debited."""
        return row.debit_account.get_code_display()

    @admin.display(description=_("credit"))
    def credit(self, row: Transfer) -> str:
        """The account that is credited."""
        return row.credit_account.get_code_display()


@admin.register(Use)
class UseAdmin(LedgerAdmin):
    """Charges."""

    list_display = ["id", "agreement_no", "units", "yuan", "state", "used_at", "confirm_until", "resolved_at"]
    list_filter = ["state"]
    search_fields = ["=agreement__id"]


@admin.register(Payment)
class PaymentAdmin(LedgerAdmin):
    """Money in."""

    list_display = ["order_no", "channel", "yuan", "state", "created_at", "paid_at"]
    list_filter = ["state", "channel"]
    exclude = ["refund_account", "refund_account_name"]
    search_fields = ["=order_no", "=channel_payment_no", "=agreement__id"]


@admin.register(Instruction)
class InstructionAdmin(LedgerAdmin):
    """Money out: what was sent, what is unknown."""

    list_display = ["number", "kind", "yuan", "state", "attempts", "due_at", "answer"]
    list_filter = ["state", "kind"]
    search_fields = ["=number"]
    exclude = ["payee_account", "payee_name"]
    readonly_fields = ["payee_ends_with"]

    @admin.display(description=_("payee's account ends with"))
    def payee_ends_with(self, row: Instruction) -> str:
        """Masked, as the payout account."""
        return f"•••• {row.payee_account[-4:]}" if row.payee_account else "–"


@admin.register(Refund)
class RefundAdmin(LedgerAdmin):
    """Settlements with their basis."""

    list_display = ["id", "agreement_no", "yuan", "basis", "decided_at", "paid_at"]
    list_filter = ["basis"]
    search_fields = ["=agreement__id", "=reference"]


@admin.register(Approval)
class ApprovalAdmin(LedgerAdmin):
    """What one person asked for and another decided. What is to be done may hold a bank account: it is not shown here."""

    list_display = ["id", "kind", "custody", "sum", "state", "requested_at", "decided_at", "reason"]
    list_filter = ["state", "kind"]
    list_select_related = ["beneficiary"]
    search_fields = ["=target", "=requested_by", "=decided_by"]
    exclude = ["payload"]

    @admin.display(description=_("amount (yuan)"))
    def sum(self, row: Approval) -> str:
        """Fen as yuan; nothing for a payout account."""
        return "–" if row.amount_fen is None else yuan(row.amount_fen)


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(LedgerAdmin):
    """From which sum on two people are needed."""

    list_display = ["kind", "valid_from", "sum", "waits_days", "source", "mark"]
    ordering = ["kind", "-valid_from"]

    @admin.display(description=_("for sums above (yuan)"))
    def sum(self, row: ApprovalRule) -> str:
        """Fen as yuan."""
        return yuan(row.over_fen)


@admin.register(PayoutHold)
class PayoutHoldAdmin(LedgerAdmin):
    """Every reason that held or holds a merchant's payouts."""

    list_display = ["id", "custody", "because", "placed_at", "released_at", "released_because"]
    list_filter = [("released_at", admin.EmptyFieldListFilter)]
    list_select_related = ["beneficiary"]
    search_fields = ["beneficiary__custody_no"]


class PayoutLineInline(Unwritable, _TabularInline):
    """What makes the sum."""

    model = PayoutLine
    fields = ["transfer", "amount_fen"]
    extra = 0


@admin.register(Payout)
class PayoutAdmin(LedgerAdmin):
    """Payouts with their lines."""

    list_display = ["id", "custody", "business_date", "yuan", "order"]
    list_select_related = ["beneficiary", "instruction"]
    search_fields = ["=instruction__number", "beneficiary__custody_no"]
    inlines = [PayoutLineInline]

    @admin.display(description=_("instruction"))
    def order(self, row: Payout) -> str:
        """The number the bank knows it by."""
        return row.instruction.number


@admin.register(StatementLine)
class StatementLineAdmin(LedgerAdmin):
    """The bank's statement; what has no match is listed first by the filter. Who stands on the other side is not shown
    here: looking is a deed of its own (``backoffice_line_people``)."""

    list_display = ["bank_ref", "custody_no", "day", "direction", "kind", "yuan", "reference", "matched_at"]
    list_filter = [("matched_at", admin.EmptyFieldListFilter), "kind", "direction", "channel"]
    search_fields = ["=reference", "=custody_no", "=bank_ref"]
    exclude = ["identity", "references", "purpose", "counterparty_name", "counterparty_account"]


@admin.register(Block)
class BlockAdmin(LedgerAdmin):
    """Sealed blocks; ``manage.py export-block`` gives their transfers."""

    list_display = ["__str__", "custody", "count", "first_id", "last_id", "sealed_at", "hash"]
    list_select_related = ["beneficiary"]
    search_fields = ["=beneficiary__custody_no", "=hash"]


@admin.register(DailyRoot)
class DailyRootAdmin(LedgerAdmin):
    """Published totals."""

    list_display = ["day", "held", "agreements", "beneficiaries", "published_at", "hash"]
    search_fields = ["=hash"]

    @admin.display(description=_("held for consumers (yuan)"))
    def held(self, row: DailyRoot) -> str:
        """Fen as yuan."""
        return yuan(row.held_fen)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DailyRoot]:
        """Without the trees."""
        return super().get_queryset(request).defer("seed", "nodes")


@admin.register(AuditEntry)
class AuditEntryAdmin(LedgerAdmin):
    """Who did what."""

    list_display = ["at", "actor", "action", "target", "request_id"]
    list_filter = ["action"]
    search_fields = ["=actor", "=target", "=request_id"]


@admin.register(WorkingDay)
class WorkingDayAdmin(LedgerAdmin):
    """The calendar that deadlines count in."""

    list_display = ["day", "is_working", "confirmed"]
    list_filter = ["is_working", "confirmed"]
    date_hierarchy = "day"

"""Orders paid in cash at the shop: what waits for the cash, for custody, or for the customer."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from escrow import queries as escrow
from escrow.errors import NotFound
from escrow.models import Approval, Payment
from escrow.states import DEPOSIT, AgreementState, ApprovalKind, ApprovalState, PaymentState
from prepaid.cards.models import Card, CashSale
from prepaid.merchants.models import StaffMember

#: Why a refund of it needs an account of its own; kept with the request for it.
PAID_IN_CASH = "paid in cash"
_TAKEN = Q(taken_at__isnull=False, card__agreement__state=AgreementState.OPEN) | Q(out_at__isnull=False)


def cash_sales_at(*, staff: StaffMember) -> QuerySet[CashSale]:
    """Of the merchant; a cashier sees those of cards that her store redeems. Those that wait for cash first, then for custody, then
    the others, each the newest first; with ``due_on`` and ``code`` of the deposit."""
    sales = CashSale.objects.filter(card__issuer_id=staff.merchant_id)
    if staff.store_id is not None:
        sales = sales.filter(card__version__stores=staff.store_id)
    deposit = Payment.objects.filter(agreement=OuterRef("card__agreement_id"), channel=DEPOSIT)
    order = Case(
        When(taken_at=None, card__agreement__state=AgreementState.OPEN, then=Value(0)),
        When(_TAKEN, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    sales = sales.annotate(
        due_on=Subquery(deposit.values("deposit_due_on")[:1]), code=Subquery(deposit.values("order_no")[:1])
    )
    rows = sales.select_related("card__agreement", "card__version__product", "card__holder", "taken_by__user")
    return rows.order_by(order, "-pk")


def cash_at_counter(*, staff: StaffMember) -> QuerySet[CashSale]:
    """Of them those that wait for the customer's cash."""
    return cash_sales_at(staff=staff).filter(taken_at=None, card__agreement__state=AgreementState.OPEN)


def cash_to_bring(*, staff: StaffMember) -> QuerySet[CashSale]:
    """Of them those whose cash is to be brought to custody, the most urgent first."""
    return cash_sales_at(staff=staff).filter(_TAKEN).order_by("taken_at")


def cash_sale_at(*, staff: StaffMember, sale_id: int) -> CashSale:
    """One of them, taken. Raises ``NotFound``."""
    rows = cash_sales_at(staff=staff).select_related("card__issuer__beneficiary")
    sale = rows.filter(pk=sale_id, taken_at__isnull=False).first()
    if sale is None:
        raise NotFound()
    return sale


def deposit_of(card: Card) -> Payment | None:
    """What the shop is to bring to custody, or brought, of an order that was paid in cash. No query for a card that was read with
    its ``cash_sale`` and has none."""
    if getattr(card, "cash_sale", None) is None:
        return None
    return Payment.objects.filter(agreement=card.agreement_id, channel=DEPOSIT).first()


def cash_overdue(*, today: date) -> Iterable[int]:
    """Ids of those whose money is late and whose holders were not told. That the bank has undone one was told already."""
    late = Payment.objects.filter(channel=DEPOSIT, state=PaymentState.CREATED, deposit_due_on__lt=today)
    sales = CashSale.objects.filter(_TAKEN, told_overdue_at=None, card__agreement__in=late.values("agreement"))
    return list(sales.order_by("pk").values_list("pk", flat=True))


def deposits_to_follow() -> Iterable[int]:
    """Ids of those of whose deposit there is something new: it came, the bank has undone it, or it is there again."""
    deposit = Payment.objects.filter(agreement=OuterRef("card__agreement_id"), channel=DEPOSIT)
    sales = CashSale.objects.filter(taken_at__isnull=False, ended_at=None).order_by()
    came = sales.filter(Exists(deposit.filter(state=PaymentState.PAID)), in_custody_at=None)
    undone = Payment.objects.filter(taken_back_at__isnull=False).values("agreement")
    undone_now = sales.filter(card__agreement__in=undone, in_custody_at__isnull=False, out_at=None)
    again = sales.filter(Exists(deposit.filter(taken_back_at=None)), out_at__isnull=False)
    return sorted({pk for rows in (came, undone_now, again) for pk in rows.values_list("pk", flat=True)[:500]})


def is_cash_outside(card: Card) -> bool:
    """Whether the shop took cash for the card that is not in custody."""
    sale = getattr(card, "cash_sale", None)
    if sale is None or sale.taken_at is None:
        return False
    return sale.out_at is not None or card.agreement.state == AgreementState.OPEN


class AccountStep(StrEnum):
    """What a refund of a card paid in cash waits for."""

    NAME = "name"
    CHECK = "check"


def account_step(card: Card) -> AccountStep | None:
    """The holder names an account, also when the bank knows none such as she named, or a person looks at it; None: neither."""
    deposit = deposit_of(card)
    if deposit is None or card.agreement.state != AgreementState.CLOSED:
        return None
    asked = Approval.objects.filter(
        kind=ApprovalKind.REFUND_ACCOUNT, state=ApprovalState.OPEN, target=f"payment:{deposit.pk}"
    )
    if asked.exists():
        return AccountStep.CHECK
    if not escrow.way_back_closed(deposit.pk):
        return None
    tried = {order.payee_account for order in escrow.returned_refunds(deposit.pk)}
    return AccountStep.NAME if not deposit.refund_account or deposit.refund_account in tried else None


def refund_waiting_fen(card: Card) -> int:
    """What waits for the account of a card paid in cash (fen)."""
    deposit = deposit_of(card)
    return escrow.refund_owed(deposit.pk) if deposit is not None else 0


def where_it_goes(card: Card) -> Promise:
    """Where the money of a refund goes: a card that was taken over was paid by somebody else, and cash has no way back."""
    if card.held_since:
        return _("to the account that you named when you took the card over")
    deposit = deposit_of(card)
    if deposit is not None and deposit.refund_account:
        return _("to the bank account that you named, since you paid in cash")
    if deposit is not None:
        return _("to the bank account that you name on the card's page, since you paid in cash")
    return _("to where you paid from")

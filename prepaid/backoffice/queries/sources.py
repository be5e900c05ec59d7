"""Where open matters come from. Another kind is one more function here: it returns its rows in the columns of ``source.rows``.

A matter is not stored: it is a row of the ledger for as long as something is wrong with it, so the list is always true.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, Length, LPad
from django.utils.translation import gettext_lazy as _

from escrow.clock import beijing_date
from escrow.models import (
    Account,
    Approval,
    Beneficiary,
    Claim,
    ClearingAlarm,
    Instruction,
    LegalHold,
    Payment,
    PayoutHold,
    PayoutLine,
    StatementLine,
    Transfer,
)
from escrow.queries import not_in_custody, nowhere_to_go
from escrow.states import (
    DEPOSIT,
    OPEN_ORDERS,
    AccountCode,
    AgreementState,
    ApprovalKind,
    ApprovalState,
    InstructionState,
    LineKind,
    PaymentState,
    TransferKind,
)
from prepaid.backoffice.queries.source import SOURCES, Rows, Source, rows, source
from prepaid.notices.models import Message

__all__ = ["SOURCES"]  # filled by the functions below
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY
#: After so many returns a refund waits for an account instead.
GIVEN_UP = 3


def _instructions(kind: Source, at: datetime, found: QuerySet[Instruction], since: Any = None) -> Rows:
    return rows(
        kind,
        at,
        found,
        since=since or F("created_at"),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("number"),
        remark=F("answer"),
    )


def _returned_before() -> QuerySet[Instruction]:
    return Instruction.objects.filter(payment=OuterRef("payment"), state=InstructionState.FAILED)


@source(
    "unknown",
    _("Calls whose answer is unknown"),
    late_after=HOUR,
    step=_("Ask the bank now"),
    page="admin:backoffice_ask_instruction",
    at_once=True,
)
def unknown(kind: Source, at: datetime) -> Rows:
    """Orders that were sent and of which nobody knows whether they arrived."""
    return _instructions(kind, at, Instruction.objects.filter(state=InstructionState.UNKNOWN))


@source(
    "unanswered",
    _("Orders without an end"),
    late_after=2 * DAY,
    step=_("Ask the bank now"),
    page="admin:backoffice_ask_instruction",
    at_once=True,
)
def unanswered(kind: Source, at: datetime) -> Rows:
    """Accepted a day ago and not done, or not even sent for an hour."""
    slow = Q(state=InstructionState.ACCEPTED, created_at__lte=at - DAY)
    unsent = Q(state=InstructionState.DUE, created_at__lte=at - HOUR) & ~Exists(
        _returned_before().filter(payment__isnull=False)
    )
    found = Instruction.objects.filter(slow | unsent).exclude(pk__in=nowhere_to_go()).exclude(pk__in=not_in_custody())
    return _instructions(kind, at, found)


@source(
    "returned_refund",
    _("Refunds the bank returned"),
    late_after=3 * DAY,
    step=_("Send it again now"),
    page="admin:backoffice_ask_instruction",
    at_once=True,
)
def returned_refunds(kind: Source, at: datetime) -> Rows:
    """Ordered again under a new number, waiting for its pause to end. Since the first return."""
    found = _returned().filter(~Exists(_returned_before()[GIVEN_UP - 1 : GIVEN_UP]), state=InstructionState.DUE)
    return _instructions(kind, at, found, _first_return())


@source(
    "refund_account",
    _("Refunds that the channel cannot pay back"),
    late_after=3 * DAY,
    step=_("Name a bank account …"),
    page="admin:backoffice_refund_account",
)
def refund_accounts(kind: Source, at: datetime) -> Rows:
    """Returned so often that the way back is closed, or paid in cash, and nobody has asked for an account yet. Since the first
    return, or since it was ordered."""
    target = Concat(Value("payment:"), Cast(OuterRef("payment_id"), TextField()))
    asked = Approval.objects.filter(kind=ApprovalKind.REFUND_ACCOUNT, state=ApprovalState.OPEN, target=target)
    closed = Q(Exists(_returned_before()[GIVEN_UP - 1 : GIVEN_UP]), state__in=OPEN_ORDERS, payment__isnull=False)
    found = Instruction.objects.filter(closed | Q(pk__in=nowhere_to_go())).filter(~Exists(asked))
    return _instructions(kind, at, found, Coalesce(_first_return(), F("created_at")))


def _returned() -> QuerySet[Instruction]:
    return Instruction.objects.filter(Exists(_returned_before()), payment__isnull=False)


def _first_return() -> Subquery:
    return Subquery(_returned_before().order_by("done_at").values("done_at")[:1])


@source(
    "held_payout",
    _("Payouts above the sum for one person"),
    late_after=DAY,
    step=_("Ask for its release …"),
    page="admin:backoffice_ask_release",
)
def held_payouts(kind: Source, at: datetime) -> Rows:
    """Held, and nobody has asked for the release yet."""
    target = Concat(Value("instruction:"), Cast(OuterRef("pk"), TextField()))
    asked = Approval.objects.filter(kind=ApprovalKind.PAYOUT_RELEASE, state=ApprovalState.OPEN, target=target)
    return _instructions(kind, at, Instruction.objects.filter(~Exists(asked), state=InstructionState.HELD))


@source(
    "approval",
    _("Requests that wait for a second person"),
    late_after=DAY,
    step=_("Look and decide …"),
    page="admin:backoffice_approval",
)
def approvals(kind: Source, at: datetime) -> Rows:
    """Payouts, payout accounts and refunds by hand that somebody has asked for."""
    return rows(
        kind,
        at,
        Approval.objects.filter(state=ApprovalState.OPEN),
        since=F("requested_at"),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("kind"),
        remark=F("because"),
    )


def _holds(kind: Source, at: datetime, found: QuerySet[PayoutHold], *, fen: Any, label: Any, remark: Any) -> Rows:
    return rows(
        kind,
        at,
        found.filter(released_at=None),
        since=F("placed_at"),
        fen=fen,
        payee=F("beneficiary_id"),
        label=label,
        remark=remark,
    )


@source(
    "returned_payout",
    _("Payouts the bank returned"),
    late_after=DAY,
    step=_("Release payouts …"),
    page="admin:backoffice_release_hold",
)
def returned_payouts(kind: Source, at: datetime) -> Rows:
    """The money is the merchant's again, and its payouts stop until somebody has looked."""
    found = PayoutHold.objects.filter(instruction__isnull=False)
    order = {"fen": F("instruction__amount_fen"), "label": F("instruction__number"), "remark": F("instruction__answer")}
    return _holds(kind, at, found, **order)


@source(
    "payouts_held",
    _("Merchants whose payouts are held"),
    late_after=7 * DAY,
    step=_("Release payouts …"),
    page="admin:backoffice_release_hold",
)
def other_holds(kind: Source, at: datetime) -> Rows:
    """Held by a person for another reason. What ends where it was decided waits there."""
    found = PayoutHold.objects.filter(instruction=None, is_kept=False)
    no_sum = Value(None, BigIntegerField())
    return _holds(kind, at, found, fen=no_sum, label=F("beneficiary__custody_no"), remark=F("because"))


@source(
    "no_account",
    _("Payouts without a payout account"),
    late_after=DAY,
    step=_("Open the merchant"),
    page="admin:backoffice_merchant",
)
def no_account(kind: Source, at: datetime) -> Rows:
    """Something is due and there is nowhere to send it."""
    paid = PayoutLine.objects.filter(transfer_id=OuterRef("pk"))
    due = (
        Transfer.objects.filter(beneficiary_id=OuterRef("pk"), payable_on__lte=beijing_date(at))
        .exclude(kind=TransferKind.PENDING)
        .filter(~Exists(paid))
        .order_by("payable_on", "id")
    )
    found = Beneficiary.objects.annotate(account_length=Length("payout_account_no")).filter(account_length=0)
    found = found.annotate(first=Subquery(due.values("at")[:1])).filter(first__isnull=False)
    return rows(
        kind,
        at,
        found,
        since=F("first"),
        fen=Value(None, BigIntegerField()),
        payee=F("pk"),
        label=F("custody_no"),
        remark=Value("", TextField()),
    )


@source(
    "payment",
    _("Payments without an answer"),
    late_after=4 * HOUR,
    step=_("Ask the channel now"),
    page="admin:backoffice_ask_payment",
    at_once=True,
)
def payments(kind: Source, at: datetime) -> Rows:
    """Orders the channel has said nothing final of in two hours, long after their time to pay."""
    return rows(
        kind,
        at,
        Payment.objects.filter(state=PaymentState.CREATED, created_at__lte=at - 2 * HOUR).exclude(channel=DEPOSIT),
        since=F("created_at"),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("order_no"),
        remark=F("channel"),
    )


@source(
    "deposit",
    _("Cash that is not in custody in time"),
    late_after=DAY,
    step=_("Look into it"),
    page="admin:backoffice_end_deposit",
)
def deposits(kind: Source, at: datetime) -> Rows:
    """Taken by a shop and not on the bank's statement on the day it was due, or undone by the bank: its sales are stopped. Since the end
    of that day, or since then."""
    late = Q(state=PaymentState.CREATED, deposit_due_on__lt=beijing_date(at), agreement__state=AgreementState.OPEN)
    due = ExpressionWrapper(Cast("deposit_due_on", DateTimeField()) + 16 * HOUR, DateTimeField())  # midnight in Beijing
    return rows(
        kind,
        at,
        Payment.objects.filter(late | Q(taken_back_at__isnull=False), channel=DEPOSIT),
        since=Coalesce(F("taken_back_at"), due),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("order_no"),
        remark=F("subject"),
    )


@source(
    "message",
    _("SMS or e-mails that do not leave"),
    late_after=HOUR,
    step=_("Send them now"),
    page="admin:backoffice_send_messages",
    at_once=True,
)
def messages(kind: Source, at: datetime) -> Rows:
    """The gateway or the mail server has taken nothing for half an hour: a row for each way out, the message that waits longest."""
    waiting = Message.objects.filter(delivered_at=None, next_try_at__isnull=False)
    longer = waiting.filter(channel=OuterRef("channel"), pk__lt=OuterRef("pk"))
    return rows(
        kind,
        at,
        waiting.filter(~Exists(longer), sent_at__lte=at - HOUR / 2),
        since=F("sent_at"),
        fen=Value(None, BigIntegerField()),
        payee=Value(None, BigIntegerField()),
        label=F("channel"),
        remark=Concat(Cast("tries", TextField()), Value("×")),
    )


def _lines(kind: Source, at: datetime, found: QuerySet[StatementLine]) -> Rows:
    return rows(
        kind,
        at,
        found.filter(matched_at=None),
        since=F("at"),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("reference"),
        remark=F("kind"),
    )


@source(
    "suspense",
    _("Unidentified receipts"),
    late_after=3 * DAY,
    step=_("Assign or send back …"),
    page="admin:backoffice_explain",
)
def suspense(kind: Source, at: datetime) -> Rows:
    """Money that came and of which nobody knows yet whose it is: its line of the statement."""
    return _lines(kind, at, StatementLine.objects.filter(booked_at__isnull=False, direction="in"))


@source(
    "unexplained",
    _("Taken by the bank, unexplained"),
    late_after=DAY,
    step=_("Say what it is …"),
    page="admin:backoffice_explain",
)
def unexplained(kind: Source, at: datetime) -> Rows:
    """Money that left the custody bank and of which nobody knows what for."""
    return _lines(kind, at, StatementLine.objects.filter(booked_at__isnull=False, direction="out"))


@source(
    "unmatched",
    _("Statement lines that are not booked"),
    late_after=DAY,
    step=_("Open the line"),
    page="admin:escrow_statementline_change",
)
def unmatched(kind: Source, at: datetime) -> Rows:
    """The ledger cannot follow yet, or the line is of no account or currency of ours."""
    return _lines(kind, at, StatementLine.objects.filter(booked_at=None))


@source(
    "clearing",
    _("Payments not at the custody bank after a day"),
    late_after=2 * DAY,
    step=_("Open the payment"),
    page="admin:escrow_payment_change",
)
def clearing(kind: Source, at: datetime) -> Rows:
    """Paid more than a day ago, and no statement line shows the money. Looked for only where clearing is not empty."""
    on_its_way = Account.objects.filter(code=AccountCode.CLEARING).exclude(debits_posted=F("credits_posted"))
    arrived = StatementLine.objects.filter(
        matched_at__isnull=False,
        beneficiary_id=OuterRef("beneficiary_id"),
        kind=LineKind.PAYMENT,
        reference=OuterRef("order_no"),
    )
    found = Payment.objects.filter(
        ~Exists(arrived),
        state__in=[PaymentState.PAID, PaymentState.LATE],
        paid_at__lte=at - DAY,
        beneficiary_id__in=on_its_way.values("beneficiary_id"),
    )
    return rows(
        kind,
        at,
        found,
        since=F("paid_at"),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("order_no"),
        remark=F("channel"),
    )


@source(
    "alarm",
    _("Accounts that do not return to zero"),
    late_after=DAY,
    step=_("See the accounts"),
    page="admin:backoffice_accounts",
)
def alarms(kind: Source, at: datetime) -> Rows:
    """What only passes through has stood too long: the daily reconciliation has raised an alarm."""
    return rows(
        kind,
        at,
        ClearingAlarm.objects.filter(cleared_at=None),
        since=F("since"),
        fen=F("amount_fen"),
        payee=F("beneficiary_id"),
        label=F("code"),
        remark=F("channel"),
    )


@source(
    "claim",
    _("Claims that wait for the merchant's earnings"),
    late_after=WEEK,
    step=_("Look at the claim"),
    page="admin:escrow_claim_change",
)
def claims(kind: Source, at: datetime) -> Rows:
    """What consumers are still owed although everything at hand is paid: the fen that no instruction pays yet."""
    digits = Cast(F("pk"), TextField())
    return rows(
        kind,
        at,
        Claim.objects.filter(closed_at=None),
        since=F("opened_at"),
        fen=F("amount_fen") - F("paid_fen"),
        payee=F("beneficiary_id"),
        label=Concat(Value("C"), LPad(digits, Greatest(Length(digits), 8), Value("0")), output_field=TextField()),
        remark=F("refund__reference"),
    )


@source(
    "legal_hold",
    _("Orders that end soon or are not filled"),
    late_after=WEEK,
    step=_("Look at the order"),
    page="admin:escrow_legalhold_change",
)
def legal_holds(kind: Source, at: datetime) -> Rows:
    """Orders of courts and authorities that end within a week, or for which less is blocked than they name. A filled one
    is open since that week began, so it is too old on its last day."""
    unfilled = Q(blocked_fen__lt=F("sum_fen"))
    found = LegalHold.objects.filter(unfilled | Q(expires_on__lte=beijing_date(at) + WEEK), lifted_at=None)
    began = ExpressionWrapper(Cast(F("expires_on"), DateTimeField()) - Value(WEEK), DateTimeField())
    return rows(
        kind,
        at,
        found,
        since=Case(When(unfilled, then=F("ordered_at")), default=Greatest(F("ordered_at"), began)),
        fen=F("sum_fen"),
        payee=F("beneficiary_id"),
        label=F("order_no"),
        remark=Concat(F("issued_by"), Value(" · "), Cast(F("expires_on"), TextField()), output_field=TextField()),
    )

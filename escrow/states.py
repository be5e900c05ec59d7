"""States as data: what exists, and what may follow what. Complete at import: a state without an entry is an error."""

from collections.abc import Mapping
from typing import TypeVar

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from escrow.errors import WrongState

S = TypeVar("S", bound=TextChoices)


class AgreementState(TextChoices):
    OPEN = "open", _("waiting for payment")
    HELD = "held", _("in custody")
    FROZEN = "frozen", _("frozen")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired unpaid")
    CLOSED = "closed", _("settled")


class Plan(TextChoices):
    """How an agreement's money is earned: ``units_total`` counts visits, fen of face value, fen of discounted prices, days
    or lessons."""

    SESSIONS = "sessions", _("per session")
    STORED_VALUE = "stored_value", _("per amount")
    DISCOUNT = "discount", _("per amount at a discount")
    PERIOD = "period", _("per day")
    COURSE = "course", _("per lesson")


#: Plans that count visits: each is a unit of an account of its own.
COUNTED_PLANS = frozenset({Plan.SESSIONS, Plan.COURSE})
#: Plans whose units are fen: money and gift are the face value.
FACE_VALUE_PLANS = frozenset({Plan.STORED_VALUE, Plan.DISCOUNT})


class Asset(TextChoices):
    CNY = "CNY", _("money")
    BONUS = "BONUS", _("gift money")
    VISIT = "VISIT", _("sessions")
    ADVANCE = "ADVANCE", _("released early, not yet earned")


class AccountCode(TextChoices):
    CUSTODY = "custody", _("custody bank")
    CLEARING = "clearing", _("paid, on its way to custody")
    HELD = "held", _("held for the consumer")
    PAYABLE = "payable", _("earned by the merchant")
    PAYOUT = "payout", _("payout on its way")
    REFUND = "refund", _("refund on its way")
    RESERVE = "reserve", _("merchant's reserve")
    BLOCKED = "blocked", _("blocked by a court or authority")
    SUSPENSE = "suspense", _("late or unidentified")
    INTEREST = "interest", _("interest earned")
    FEES = "fees", _("bank fees")
    UNEXPLAINED = "unexplained", _("taken by the bank, unexplained")
    ISSUED = "issued", _("issued")
    CONSUMED = "consumed", _("consumed")


#: Accounts whose balance is debits − credits (what others owe us); the rest are credits − debits (what we owe).
DEBIT_NORMAL = frozenset(
    {AccountCode.CUSTODY, AccountCode.CLEARING, AccountCode.FEES, AccountCode.UNEXPLAINED, AccountCode.ISSUED}
)


class TransferKind(TextChoices):
    POSTED = "posted", _("posted")
    PENDING = "pending", _("reserved")
    RESOLVED = "resolved", _("reservation resolved")


class Reason(TextChoices):
    FUND = "fund", _("payment")
    GIFT = "gift", _("gift")
    RESERVE = "reserve", _("charge waiting for confirmation")
    RELEASE = "release", _("use")
    VOID = "void", _("charge withdrawn")
    EXPIRE = "expire", _("charge expired")
    UNDO = "undo", _("charge undone")
    REFUND = "refund", _("refund")
    SETTLE = "settle", _("final settlement")
    FUND_UNDONE = "fund_undone", _("undone deposit given up")
    FORFEIT = "forfeit", _("gift, sessions or money released early: ended")
    ADVANCE = "advance", _("released early")
    MAKE_GOOD = "make_good", _("refund out of the merchant's money")
    REFUND_INTEREST = "refund_interest", _("interest on a refund")
    CLAIM = "claim", _("claim served")
    RESERVED_SHARE = "reserved_share", _("share kept as reserve")
    RESERVE_RETURNED = "reserve_returned", _("reserve no longer needed")
    BLOCK = "block", _("blocked by order")
    UNBLOCK = "unblock", _("block lifted")
    INTEREST = "interest", _("interest")
    FEE = "fee", _("bank fee")
    PAYOUT = "payout", _("payout")
    PAYOUT_RETURNED = "payout_returned", _("payout returned")
    LATE = "late", _("late payment")
    LATE_REFUND = "late_refund", _("late payment sent back")
    CUSTODY_IN = "custody_in", _("arrived at the custody bank")
    CUSTODY_OUT = "custody_out", _("left the custody bank")
    UNEXPLAINED = "unexplained", _("line of the bank that nobody can explain yet")
    ASSIGN = "assign", _("unexplained line assigned")
    RETURN = "return", _("unidentified receipt sent back")
    RETURN_FAILED = "return_failed", _("receipt sent back, returned by the bank")


class UseState(TextChoices):
    RESERVED = "reserved", _("waiting for confirmation")
    DISPUTED = "disputed", _("disputed")
    FINAL = "final", _("charged")
    VOIDED = "voided", _("refused or withdrawn")
    EXPIRED = "expired", _("expired")
    UNDONE = "undone", _("undone")


#: Uses whose units and money are kept back.
OPEN_USES = (UseState.RESERVED, UseState.DISPUTED)


class Silence(TextChoices):
    """What it means when nobody answers a reservation in time."""

    EXPIRES = "expires", _("returns to the card")
    CONFIRMS = "confirms", _("counts as confirmed")


class StoppageKind(TextChoices):
    """What is stopped at a beneficiary, or one of its places. In all of them nothing is released early."""

    DARK = "dark", _("closed, no service")
    WATCH = "watch", _("on watch")
    CHANGED_HANDS = "changed_hands", _("just changed hands")
    NO_SALES = "no_sales", _("sales stopped by the supervision")
    NOTHING_EARLY = "nothing_early", _("nothing is released early")


#: In which silence confirms nothing either; where it is dark, no day accrues. (``sql/silence.sql``, ``sql/accrue.sql``)
NOT_SERVING = (StoppageKind.DARK, StoppageKind.WATCH, StoppageKind.CHANGED_HANDS)


class Party(TextChoices):
    """The two sides of an agreement."""

    FUNDER = "funder", _("the customer")
    BENEFICIARY = "beneficiary", _("the merchant")

    @property
    def other(self) -> "Party":
        return Party.BENEFICIARY if self == Party.FUNDER else Party.FUNDER


class EarlyRefusal(TextChoices):
    """Why nothing is released early to a beneficiary today."""

    NO_RULE = "no_rule", _("no rule allows it")
    NEW = "new", _("not in use for long enough yet")
    PAYOUTS_HELD = "payouts_held", _("payouts are held")
    LEGAL_HOLD = "legal_hold", _("money is blocked by order")
    CLAIM = "claim", _("a customer is still owed money")
    STOPPED = "stopped", _("a place is closed, on watch or has just changed hands, or the supervision has stopped it")
    CHANGED_HANDS = "changed_hands", _("changed hands not long enough ago")


class PauseState(TextChoices):
    ASKED = "asked", _("waiting for the other side")
    AGREED = "agreed", _("agreed")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")


#: The channel of an order whose money the beneficiary took in cash: no channel is asked, the bank's statement tells.
DEPOSIT = "deposit"


class PaymentState(TextChoices):
    CREATED = "created", _("waiting for payment")
    PAID = "paid", _("paid")
    LATE = "late", _("paid too late, being sent back")
    CLOSED = "closed", _("closed unpaid")


class InstructionKind(TextChoices):
    REFUND = "refund", _("refund")
    PAYOUT = "payout", _("payout")
    RETURN = "return", _("unidentified receipt sent back")


class InstructionState(TextChoices):
    """A call to a channel that timed out is UNKNOWN, never failed: the janitor asks until it knows. HELD waits for a
    second person and is never sent before."""

    HELD = "held", _("waiting for a second person")
    DUE = "due", _("to be sent")
    UNKNOWN = "unknown", _("sent, answer unknown")
    ACCEPTED = "accepted", _("accepted by the bank")
    SUCCEEDED = "succeeded", _("done")
    FAILED = "failed", _("returned by the bank")


#: Orders that may be sent or answered yet.
OPEN_ORDERS = (InstructionState.DUE, InstructionState.UNKNOWN, InstructionState.ACCEPTED)


class ApprovalKind(TextChoices):
    """What one person asks for and another releases."""

    PAYOUT_RELEASE = "payout_release", _("release of a payout")
    PAYOUT_ACCOUNT = "payout_account", _("change of a payout account")
    MANUAL_REFUND = "manual_refund", _("refund by hand")
    RECEIPT_RETURN = "receipt_return", _("unidentified receipt sent back")
    REFUND_ACCOUNT = "refund_account", _("refund to a bank account")
    DEPOSIT_END = "deposit_end", _("end of an order paid in cash")


class ApprovalState(TextChoices):
    OPEN = "open", _("waiting for a second person")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    EXPIRED = "expired", _("expired")
    WITHDRAWN = "withdrawn", _("withdrawn")


class LineKind(TextChoices):
    """What a line of the bank's statement is. The first four are movements the ledger expects by number (``ORDERED``)."""

    PAYMENT = "payment", _("payment")
    REFUND = "refund", _("refund")
    PAYOUT = "payout", _("payout")
    RETURN = "return", _("unidentified receipt sent back")
    INTEREST = "interest", _("interest")
    FEE = "fee", _("bank fee")
    REVERSAL = "reversal", _("reversal")
    RETURNED = "returned", _("came back after it was done")
    OTHER = "other", _("unexplained")


#: Lines of which an order takes one.
ORDERED = (LineKind.PAYMENT, LineKind.REFUND, LineKind.PAYOUT, LineKind.RETURN)


class Unmatched(TextChoices):
    """Why a line of a statement moves nothing here."""

    NOBODY = "nobody", _("no account of ours")
    CURRENCY = "currency", _("another currency")
    INTEREST = "interest", _("interest")
    FEE = "fee", _("bank fee")
    REVERSAL = "reversal", _("reversal")
    NO_NUMBER = "no_number", _("names no order of ours")
    AMOUNT = "amount", _("another amount than the order")
    TAKEN = "taken", _("its order has a line already")
    STATE = "state", _("its order is not done here")
    WAITING = "waiting", _("the ledger is not there yet")


class BankFileKind(TextChoices):
    STATEMENT = "statement", _("bank statement")
    BILL = "bill", _("channel's daily bill")
    RESULTS = "results", _("results of an instruction file")


class BillFinding(TextChoices):
    """How a line of the channel's bill compares with what we hold."""

    MATCHED = "matched", _("matched")
    UNKNOWN = "unknown", _("not known here")
    AMOUNT = "amount", _("another amount here")
    STATE = "state", _("not done here")


class RefundBasis(TextChoices):
    """Escrow pays a consumer back on nothing else (a regulator mediates; it can rarely order a civil refund)."""

    COOLING_OFF = "cooling_off", _("cooling-off right")
    CONSENT = "consent", _("merchant's consent")
    SILENCE = "silence", _("merchant's silence (contract)")
    MEDIATION = "mediation", _("mediation agreement")
    JUDGMENT = "judgment", _("judgment or award")
    CLOSURE = "closure", _("confirmed closure")


AGREEMENT_TRANSITIONS: dict[AgreementState, frozenset[AgreementState]] = {
    AgreementState.OPEN: frozenset({AgreementState.HELD, AgreementState.CANCELLED, AgreementState.EXPIRED}),
    AgreementState.HELD: frozenset({AgreementState.FROZEN, AgreementState.CLOSED}),
    AgreementState.FROZEN: frozenset({AgreementState.HELD, AgreementState.CLOSED, AgreementState.CANCELLED}),
    AgreementState.CANCELLED: frozenset(),
    AgreementState.EXPIRED: frozenset(),
    AgreementState.CLOSED: frozenset(),
}
USE_TRANSITIONS: dict[UseState, frozenset[UseState]] = {
    UseState.RESERVED: frozenset({UseState.FINAL, UseState.VOIDED, UseState.EXPIRED, UseState.DISPUTED}),
    UseState.DISPUTED: frozenset({UseState.FINAL, UseState.VOIDED}),
    UseState.FINAL: frozenset({UseState.UNDONE}),
    UseState.VOIDED: frozenset(),
    UseState.EXPIRED: frozenset(),
    UseState.UNDONE: frozenset(),
}
PAUSE_TRANSITIONS: dict[PauseState, frozenset[PauseState]] = {
    PauseState.ASKED: frozenset({PauseState.AGREED, PauseState.REFUSED, PauseState.WITHDRAWN}),
    PauseState.AGREED: frozenset({PauseState.WITHDRAWN}),  # called off before it began
    PauseState.REFUSED: frozenset(),
    PauseState.WITHDRAWN: frozenset(),
}
PAYMENT_TRANSITIONS: dict[PaymentState, frozenset[PaymentState]] = {
    PaymentState.CREATED: frozenset({PaymentState.PAID, PaymentState.LATE, PaymentState.CLOSED}),
    PaymentState.CLOSED: frozenset({PaymentState.LATE}),
    PaymentState.PAID: frozenset({PaymentState.CLOSED}),
    PaymentState.LATE: frozenset(),
}
INSTRUCTION_TRANSITIONS: dict[InstructionState, frozenset[InstructionState]] = {
    InstructionState.HELD: frozenset({InstructionState.DUE, InstructionState.FAILED}),
    InstructionState.DUE: frozenset(
        {
            InstructionState.UNKNOWN,
            InstructionState.ACCEPTED,
            InstructionState.SUCCEEDED,
            InstructionState.FAILED,
        }
    ),
    InstructionState.UNKNOWN: frozenset(
        {
            InstructionState.DUE,
            InstructionState.ACCEPTED,
            InstructionState.SUCCEEDED,
            InstructionState.FAILED,
        }
    ),
    InstructionState.ACCEPTED: frozenset({InstructionState.SUCCEEDED, InstructionState.FAILED}),
    InstructionState.SUCCEEDED: frozenset(),
    InstructionState.FAILED: frozenset(),
}
APPROVAL_TRANSITIONS: dict[ApprovalState, frozenset[ApprovalState]] = {
    ApprovalState.OPEN: frozenset(
        {ApprovalState.APPROVED, ApprovalState.REFUSED, ApprovalState.EXPIRED, ApprovalState.WITHDRAWN}
    ),
    ApprovalState.APPROVED: frozenset(),
    ApprovalState.REFUSED: frozenset(),
    ApprovalState.EXPIRED: frozenset(),
    ApprovalState.WITHDRAWN: frozenset(),
}

for _choices, _table in (
    (AgreementState, AGREEMENT_TRANSITIONS),
    (UseState, USE_TRANSITIONS),
    (PauseState, PAUSE_TRANSITIONS),
    (PaymentState, PAYMENT_TRANSITIONS),
    (InstructionState, INSTRUCTION_TRANSITIONS),
    (ApprovalState, APPROVAL_TRANSITIONS),
):
    if set(_choices) != set(_table):
        raise RuntimeError(f"{_choices.__name__} has states without transitions")


def check_transition(table: Mapping[S, frozenset[S]], old: str, new: S) -> None:
    """Raises ``WrongState`` unless ``new`` may follow ``old``."""
    if not any(new in followers for state, followers in table.items() if state == old):
        raise WrongState()

"""Questions about cash-flow certificates: the months of the ledger they tell of, whose they are, what a code opens."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet

from escrow import queries as escrow
from escrow.errors import NotFound
from escrow.models import blind_index
from escrow.queries import AccountStatement
from escrow.states import AccountCode, Reason
from prepaid.cards.models import Certificate, CertificateReading
from prepaid.merchants.models import StaffMember
from prepaid.merchants.statements import Month, month_of

MONTHS = 12
_EARNED = (Reason.RELEASE, Reason.ADVANCE, Reason.UNDO, Reason.SETTLE)
_PAID_BACK = (Reason.REFUND, Reason.MAKE_GOOD, Reason.REFUND_INTEREST, Reason.CLAIM)
_PAID_OUT = (Reason.PAYOUT, Reason.PAYOUT_RETURNED)


@dataclass(frozen=True, kw_only=True)
class MonthFlow:
    """A month of a merchant: what customers paid, what was released to it, what was paid back and paid out, and what stood at
    its end (fen): held for customers, and the merchant's own, not paid out: earned, in reserve or blocked."""

    month: Month
    sold_fen: int
    released_fen: int
    refunded_fen: int
    paid_out_fen: int
    held_fen: int
    own_fen: int


def cash_flow(*, beneficiary_id: int, at: datetime) -> list[MonthFlow]:
    """The twelve months up to ``at``, the oldest first; the last one is not over."""
    months = [month_of(at)]
    while len(months) < MONTHS:
        months.append(months[-1].before)
    return [_flow(beneficiary_id, month, at) for month in reversed(months)]


def _flow(beneficiary_id: int, month: Month, at: datetime) -> MonthFlow:
    until = min(month.after.since, at)
    found = escrow.account_statements(beneficiary_id, since=month.since, until=until)
    accounts = list(found.values())
    own = (AccountCode.PAYABLE, AccountCode.RESERVE, AccountCode.BLOCKED)
    return MonthFlow(
        month=month,
        sold_fen=_moved([found[AccountCode.HELD]], (Reason.FUND,)),
        released_fen=_moved([found[AccountCode.PAYABLE]], _EARNED),
        refunded_fen=-_moved(accounts, _PAID_BACK),
        paid_out_fen=-_moved(accounts, _PAID_OUT),
        held_fen=found[AccountCode.HELD].closing_fen,
        own_fen=sum(found[code].closing_fen for code in own),
    )


def _moved(accounts: list[AccountStatement], reasons: tuple[Reason, ...]) -> int:
    return sum(line.amount_fen for account in accounts for line in account.moved if line.reason in reasons)


def certificates_of(*, staff: StaffMember) -> QuerySet[Certificate]:
    """The merchant's, the newest first, each with how often it was read and when last (``read_count``, ``read_last``)."""
    rows = Certificate.objects.filter(merchant_id=staff.merchant_id).defer("pdf", "text")
    return rows.annotate(read_count=Count("readings"), read_last=Max("readings__at")).order_by("-pk")


def certificate_of(*, staff: StaffMember, certificate_id: int) -> Certificate:
    """One of the merchant's. Raises NotFound, also for another's."""
    found = Certificate.objects.filter(merchant_id=staff.merchant_id, pk=certificate_id).first()
    if found is None:
        raise NotFound()
    return found


def certificate_with(*, code: str) -> Certificate:
    """The one whose code it is, valid or not. Raises NotFound."""
    found = Certificate.objects.filter(code_index=blind_index(code)).select_related("merchant").first()
    if found is None:
        raise NotFound()
    return found


def readings_of(*, certificate: Certificate) -> QuerySet[CertificateReading]:
    """When it was read, the last time first."""
    return certificate.readings.order_by("-pk")

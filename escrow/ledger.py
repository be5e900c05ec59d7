"""The only code that writes a transfer: it hands a list of movements to the SQL function ``escrow_post`` (escrow/sql/post.sql).

The function locks the accounts in id order, applies the counters and inserts the transfers with the balances after
them; the CHECK constraints of the account rows have the last word. Everything in one call commits together.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime

from escrow.models import Account, Agreement
from escrow.states import COUNTED_PLANS, AccountCode, Asset, Reason, TransferKind
from escrow.transactions import call


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One transfer to be written. ``amount`` in fen (or visits); see ``models.Transfer`` for ``kind`` and ``pending``."""

    debit: int
    credit: int
    amount: int
    reason: Reason
    kind: TransferKind = TransferKind.POSTED
    pending: int | None = None
    corrects: int | None = None
    agreement: int | None = None
    use: int | None = None
    reference: str = ""
    payable_on: date | None = None


def post(movements: list[Movement], *, at: datetime) -> list[int]:
    """Write the movements in order, all or none, and return their transfer ids. Call inside a transaction.

    Raises:
        IntegrityError: an account would fall below zero (named constraint), or accounts of two beneficiaries or assets.
    """
    rows = [
        {
            "debit": m.debit,
            "credit": m.credit,
            "amount": m.amount,
            "kind": m.kind.value,
            "reason": m.reason.value,
            "pending": m.pending,
            "corrects": m.corrects,
            "agreement": m.agreement,
            "use": m.use,
            "reference": m.reference,
            "payable_on": m.payable_on.isoformat() if m.payable_on else None,
        }
        for m in movements
        if m.amount or m.kind is not TransferKind.POSTED  # a share of nothing is no transfer
    ]
    if not rows:
        return []
    [[ids]] = call("escrow_post", json.dumps(rows), at)
    return list(ids)


class Chart:
    """The accounts of one agreement and its beneficiary, by name. One query; counters are as of that moment."""

    def __init__(self, *, beneficiary_id: int, agreement_id: int | None = None) -> None:
        rows = Account.objects.filter(beneficiary_id=beneficiary_id, agreement__isnull=True)
        if agreement_id is not None:
            rows = rows | Account.objects.filter(beneficiary_id=beneficiary_id, agreement_id=agreement_id)
        self._accounts = {(a.code, a.channel, a.asset): a for a in rows}

    def account(self, code: AccountCode, asset: Asset = Asset.CNY, channel: str = "") -> Account:
        """Raises ``KeyError`` for an account the beneficiary or the plan does not have."""
        return self._accounts[(code, channel, asset)]

    def id(self, code: AccountCode, asset: Asset = Asset.CNY, channel: str = "") -> int:
        return self.account(code, asset, channel).pk

    def has(self, code: AccountCode, asset: Asset) -> bool:
        return (code, "", asset) in self._accounts


def open_beneficiary_accounts(*, beneficiary_id: int, channels: list[str]) -> None:
    """The chart of one beneficiary (docs/ledger.md). Repeatable: only what is missing is made."""
    money = (
        AccountCode.CUSTODY,
        AccountCode.PAYABLE,
        AccountCode.PAYOUT,
        AccountCode.REFUND,
        AccountCode.RESERVE,
        AccountCode.BLOCKED,
        AccountCode.SUSPENSE,
        AccountCode.INTEREST,
        AccountCode.FEES,
        AccountCode.UNEXPLAINED,
    )
    accounts = [Account(beneficiary_id=beneficiary_id, code=code, asset=Asset.CNY) for code in money]
    accounts += [
        Account(beneficiary_id=beneficiary_id, code=AccountCode.CLEARING, channel=channel, asset=Asset.CNY)
        for channel in channels
    ]
    accounts += [
        Account(beneficiary_id=beneficiary_id, code=code, asset=asset)
        for code in (AccountCode.ISSUED, AccountCode.CONSUMED)
        for asset in (Asset.BONUS, Asset.VISIT)
    ]
    Account.objects.bulk_create(accounts, ignore_conflicts=True)


def open_agreement_accounts(agreement: Agreement) -> None:
    """``held`` of the agreement: money always, gift money or visits as its plan has them; each knows where its uses go."""
    assets = [Asset.CNY]
    if agreement.bonus_fen:
        assets.append(Asset.BONUS)
    if agreement.plan in COUNTED_PLANS:
        assets.append(Asset.VISIT)
    chart = Chart(beneficiary_id=agreement.beneficiary_id)
    Account.objects.bulk_create(
        Account(
            beneficiary_id=agreement.beneficiary_id,
            agreement=agreement,
            code=AccountCode.HELD,
            asset=asset,
            earned_id=chart.id(AccountCode.PAYABLE if asset is Asset.CNY else AccountCode.CONSUMED, asset),
        )
        for asset in assets
    )

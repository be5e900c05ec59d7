"""Who earns, and where they are paid."""

from datetime import datetime

from django.conf import settings

from escrow import audit, ledger
from escrow.errors import NotFound
from escrow.models import Account, Beneficiary
from escrow.states import AccountCode, Asset
from escrow.transactions import transaction


def locked_beneficiary(beneficiary_id: int) -> Beneficiary:
    """The row, locked until the transaction ends. Raises ``NotFound``."""
    row = Beneficiary.objects.select_for_update(no_key=True, of=("self",)).filter(pk=beneficiary_id).first()
    if row is None:
        raise NotFound()
    return row


def register_beneficiary(*, at: datetime, actor: str) -> Beneficiary:
    """A new beneficiary with its custody account number and its chart of accounts."""
    with transaction():
        beneficiary = Beneficiary.objects.create(created_at=at)
        ledger.open_beneficiary_accounts(beneficiary_id=beneficiary.pk, channels=settings.PAYMENT_CHANNELS)
        audit.record(
            actor=actor,
            action="escrow.register_beneficiary",
            target=f"beneficiary:{beneficiary.pk}",
            after={"custody_no": beneficiary.custody_no},
            at=at,
        )
    return beneficiary


def open_clearing_account(*, beneficiary_id: int, channel: str) -> None:
    """What a channel owes the beneficiary is counted from its first payment on: a channel that was switched on after the
    beneficiary registered has no account yet. Repeatable."""
    Account.objects.get_or_create(
        beneficiary_id=beneficiary_id, agreement=None, code=AccountCode.CLEARING, channel=channel, asset=Asset.CNY
    )


def set_payout_account(
    *, beneficiary_id: int, account_no: str, account_name: str, at: datetime, actor: str
) -> Beneficiary:
    """Where payouts go from now on. The numbers stay out of the audit trail; its last four digits go in."""
    with transaction():
        beneficiary = locked_beneficiary(beneficiary_id)
        before = beneficiary.payout_account_no[-4:]
        beneficiary.payout_account_no = account_no
        beneficiary.payout_account_name = account_name
        beneficiary.save(update_fields=["payout_account_no", "payout_account_name"])
        audit.record(
            actor=actor,
            action="escrow.set_payout_account",
            target=f"beneficiary:{beneficiary.pk}",
            before={"ends_with": before},
            after={"ends_with": account_no[-4:]},
            at=at,
        )
    return beneficiary


def hold_payouts(*, beneficiary_id: int, because: str, at: datetime, actor: str) -> None:
    """Nothing leaves for the merchant until released; refunds go on."""
    _set_hold(beneficiary_id, held=True, because=because, at=at, actor=actor)


def release_payouts(*, beneficiary_id: int, because: str, at: datetime, actor: str) -> None:
    """Payouts go on with the next run."""
    _set_hold(beneficiary_id, held=False, because=because, at=at, actor=actor)


def _set_hold(beneficiary_id: int, *, held: bool, because: str, at: datetime, actor: str) -> None:
    with transaction():
        beneficiary = locked_beneficiary(beneficiary_id)
        before = {"held": beneficiary.payouts_held, "because": beneficiary.payouts_held_because}
        beneficiary.payouts_held = held
        beneficiary.payouts_held_because = because if held else ""
        beneficiary.save(update_fields=["payouts_held", "payouts_held_because"])
        audit.record(
            actor=actor,
            action="escrow.hold_payouts" if held else "escrow.release_payouts",
            target=f"beneficiary:{beneficiary.pk}",
            before=before,
            after={"held": held, "because": because},
            at=at,
        )

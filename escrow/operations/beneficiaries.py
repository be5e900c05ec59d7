"""Who earns, and where they are paid."""

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from escrow import audit, ledger
from escrow.errors import HoldKept, NotFound
from escrow.models import Account, Beneficiary, Instruction, PayoutHold
from escrow.states import AccountCode, Asset
from escrow.transactions import call, transaction

REASON_LENGTH = 200


def locked_beneficiary(beneficiary_id: int) -> Beneficiary:
    """The row, locked until the transaction ends, after the lock of whoever writes its transfers (docs/ledger.md, "Locks").
    Raises ``NotFound``."""
    call("escrow_share_lock", beneficiary_id)
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


def hold_payouts(
    *,
    beneficiary_id: int,
    because: str,
    instruction: Instruction | None = None,
    is_kept: bool = False,
    at: datetime,
    actor: str,
) -> PayoutHold:
    """Nothing leaves for the merchant until every reason is released; refunds go on. ``instruction``: the payout that was
    returned. ``is_kept``: it follows from a decision that has its own end, and ends with that alone."""
    with transaction():
        beneficiary = locked_beneficiary(beneficiary_id)
        hold = PayoutHold.objects.create(
            beneficiary=beneficiary,
            instruction=instruction,
            because=because[:REASON_LENGTH],
            is_kept=is_kept,
            placed_by=actor,
            placed_at=at,
        )
        _count_holds(beneficiary, action="escrow.hold_payouts", because=because, at=at, actor=actor)
    return hold


def release_payouts(*, beneficiary_id: int, because: str, hold_id: int | None = None, at: datetime, actor: str) -> None:
    """End one reason, or all of them but those that are kept. Payouts go on with the next run once none is left.

    Raises:
        NotFound: no such hold of this beneficiary, or it is released. HoldKept: it, or all that are left, end where they were decided.
    """
    with transaction():
        beneficiary = locked_beneficiary(beneficiary_id)
        holds = PayoutHold.objects.filter(beneficiary=beneficiary, released_at=None)
        if hold_id is not None and not (holds := holds.filter(pk=hold_id)):
            raise NotFound()
        free = holds.filter(is_kept=False)
        if holds and not free:
            raise HoldKept()
        _release(beneficiary, free, because=because, at=at, actor=actor)


def release_kept(*, hold_id: int, because: str, at: datetime, actor: str) -> None:
    """What decided a hold has ended; again, nothing changes. Raises ``NotFound``: no such hold."""
    with transaction():
        hold = PayoutHold.objects.filter(pk=hold_id).first()
        if hold is None:
            raise NotFound()
        beneficiary = locked_beneficiary(hold.beneficiary_id)
        holds = PayoutHold.objects.filter(pk=hold_id, released_at=None)
        if holds:
            _release(beneficiary, holds, because=because, at=at, actor=actor)


def _release(beneficiary: Beneficiary, holds: QuerySet[PayoutHold], *, because: str, at: datetime, actor: str) -> None:
    holds.update(released_by=actor, released_at=at, released_because=because[:REASON_LENGTH])
    _count_holds(beneficiary, action="escrow.release_payouts", because=because, at=at, actor=actor)


def _count_holds(beneficiary: Beneficiary, *, action: str, because: str, at: datetime, actor: str) -> None:
    """What the row says of its holds: the run of payouts and the merchant's page read it there."""
    before = {"held": beneficiary.payouts_held, "because": beneficiary.payouts_held_because}
    reasons = PayoutHold.objects.filter(beneficiary=beneficiary, released_at=None).values_list("because", flat=True)
    beneficiary.payouts_held = bool(reasons)
    beneficiary.payouts_held_because = "; ".join(dict.fromkeys(reasons))[:REASON_LENGTH]
    beneficiary.save(update_fields=["payouts_held", "payouts_held_because"])
    audit.record(
        actor=actor,
        action=action,
        target=f"beneficiary:{beneficiary.pk}",
        before=before,
        after={"held": beneficiary.payouts_held, "because": because},
        at=at,
    )

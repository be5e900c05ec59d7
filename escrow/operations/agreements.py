"""The life of an agreement: open → held | cancelled | expired; held ⇄ frozen; held | frozen → closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from escrow import audit, ledger
from escrow.errors import InvalidUnits, NotFound, WrongState
from escrow.models import Agreement, Payment
from escrow.money import check_fen
from escrow.states import (
    AGREEMENT_TRANSITIONS,
    DEPOSIT,
    FACE_VALUE_PLANS,
    AgreementState,
    PaymentState,
    Plan,
    check_transition,
)
from escrow.transactions import call, transaction


def locked_agreement(agreement_id: int, *, alone: bool = False) -> Agreement:
    """The row and its accounts, locked until the transaction ends: every verb on an agreement goes one at a time.

    ``alone``: nobody else writes transfers of its beneficiary meanwhile. A verb that takes from what the beneficiary has
    earned asks for it at once, never later (docs/ledger.md, "Locks"). Raises ``NotFound``.
    """
    call("escrow_lock_agreements", [agreement_id], alone)
    row = Agreement.objects.select_for_update(no_key=True, of=("self",)).filter(pk=agreement_id).first()
    if row is None:
        raise NotFound()
    return row


def move_agreement(
    agreement: Agreement, new: AgreementState, *, at: datetime, actor: str, action: str, **facts: Any
) -> None:
    """The one place where an agreement's state changes; the caller holds the lock. Raises ``WrongState``."""
    check_transition(AGREEMENT_TRANSITIONS, agreement.state, new)
    before, agreement.state = agreement.state, new
    if new == AgreementState.HELD and agreement.funded_at is None:
        agreement.funded_at = at
    if new in (AgreementState.CLOSED, AgreementState.CANCELLED, AgreementState.EXPIRED):
        agreement.closed_at = at
    agreement.save(update_fields=["state", "funded_at", "closed_at"])
    audit.record(
        actor=actor,
        action=action,
        target=f"agreement:{agreement.pk}",
        before={"state": before},
        after={"state": new.value, **facts},
        at=at,
    )


def open_agreement(
    *,
    beneficiary_id: int,
    funder: UUID,
    plan: Plan,
    price_fen: int,
    bonus_fen: int = 0,
    units_total: int,
    places: Sequence[str] = (),
    payable_after: int = 1,
    free_percent: int = 0,
    tops_up: Agreement | None = None,
    follows: Agreement | None = None,
    pay_until: datetime,
    at: datetime,
    actor: str,
) -> Agreement:
    """An agreement waiting for its payment of ``price_fen``. ``units_total`` counts what its plan counts (``states.Plan``).
    ``places`` are opaque ids of where it can be used; none: everywhere.

    ``payable_after``: working days until what is used becomes payable. ``free_percent``: how much of it may be released
    early, once the beneficiary has earned that (docs/ledger.md, "Early release"). ``tops_up``: see ``open_top_up``.
    ``follows``: of the same two parties; once this one is paid, that one counts no further days.

    Raises:
        InvalidAmount, InvalidUnits: not whole positive numbers, or a face value that is not price + gift.
    """
    check_fen(price_fen)
    if isinstance(units_total, bool) or not isinstance(units_total, int) or units_total < 1 or bonus_fen < 0:
        raise InvalidUnits()
    if plan in FACE_VALUE_PLANS and units_total != price_fen + bonus_fen:
        raise InvalidUnits()
    with transaction():
        agreement = Agreement.objects.create(
            beneficiary_id=beneficiary_id,
            funder=funder,
            plan=plan,
            price_fen=price_fen,
            bonus_fen=bonus_fen,
            units_total=units_total,
            places=list(places),
            payable_after=payable_after,
            free_percent=free_percent,
            tops_up=tops_up,
            follows=follows,
            pay_until=pay_until,
            opened_at=at,
        )
        ledger.open_agreement_accounts(agreement)
        audit.record(
            actor=actor,
            action="escrow.open_agreement",
            target=f"agreement:{agreement.pk}",
            after={
                "plan": plan,
                "price_fen": price_fen,
                "bonus_fen": bonus_fen,
                "units_total": units_total,
                **({"tops_up": tops_up.pk} if tops_up else {}),
                **({"follows": follows.pk} if follows else {}),
            },
            at=at,
        )
    return agreement


def cancel_agreement(*, agreement_id: int, at: datetime, actor: str) -> Agreement:
    """The consumer does not want it after all. The sweep closes its order at the channel; a payment that was quicker is
    sent back. Raises ``WrongState``."""
    with transaction():
        agreement = locked_agreement(agreement_id)
        if agreement.state not in (
            AgreementState.OPEN,
            AgreementState.CANCELLED,
        ):  # funded: only ``give_up_deposit`` ends such a one
            raise WrongState()
        if agreement.state != AgreementState.CANCELLED:
            unpaid = Payment.objects.filter(agreement=agreement, state=PaymentState.CREATED)
            unpaid.filter(channel=DEPOSIT).update(state=PaymentState.CLOSED)  # there is no channel to close it at
            unpaid.update(ask_at=timezone.now())
            move_agreement(agreement, AgreementState.CANCELLED, at=at, actor=actor, action="escrow.cancel_agreement")
    return agreement


def freeze_agreement(*, agreement_id: int, because: str, at: datetime, actor: str) -> Agreement:
    """Nothing leaves but a refund. Freezing what is frozen changes nothing. Raises ``WrongState``."""
    with transaction():
        agreement = locked_agreement(agreement_id)
        if agreement.state != AgreementState.FROZEN:
            move_agreement(
                agreement,
                AgreementState.FROZEN,
                at=at,
                actor=actor,
                action="escrow.freeze_agreement",
                because=because,
            )
    return agreement


def thaw_agreement(*, agreement_id: int, because: str, at: datetime, actor: str) -> Agreement:
    """The card can be used again; one whose deposit the bank has taken back stays frozen until that is there again. Thawing what is
    held changes nothing. Raises ``WrongState``."""
    with transaction():
        agreement = locked_agreement(agreement_id)
        if agreement.state != AgreementState.HELD:
            if agreement.state != AgreementState.FROZEN:
                check_transition(AGREEMENT_TRANSITIONS, AgreementState.CLOSED, AgreementState.HELD)
            taken_back = Payment.objects.filter(agreement=agreement, taken_back_at__isnull=False)
            if taken_back.update(frozen_meanwhile=True):
                return agreement
            move_agreement(
                agreement, AgreementState.HELD, at=at, actor=actor, action="escrow.thaw_agreement", because=because
            )
    return agreement

"""Four eyes: one person asks, another approves, and the deed is done in the approval's own transaction, once.

Locks are taken in the usual order, the request before everything it is about.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from escrow import audit, queries
from escrow.clock import beijing_date
from escrow.errors import (
    AgreementFrozen,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalOpen,
    BasisRequired,
    NameDiffers,
    NotFound,
    NothingFits,
    OnlyTheRequester,
    PersonNeeded,
    ReasonRequired,
    RefundExceedsPaid,
    RefundNotReturned,
    ReturnAccountMissing,
    SecondPersonNeeded,
    WrongState,
)
from escrow.models import Agreement, Approval, ApprovalRule, Instruction, Payment
from escrow.models.approval import PERSON
from escrow.money import check_fen
from escrow.operations.agreements import cancel_agreement, locked_agreement
from escrow.operations.beneficiaries import locked_beneficiary, set_payout_account
from escrow.operations.deposits import give_up_deposit
from escrow.operations.instructions import Payee, cancel_held, redirect_refunds, release_held
from escrow.operations.receipts import open_line, send_back
from escrow.operations.refunds import refund
from escrow.signals import approval_expired
from escrow.states import (
    APPROVAL_TRANSITIONS,
    DEPOSIT,
    AgreementState,
    ApprovalKind,
    ApprovalState,
    InstructionState,
    PaymentState,
    RefundBasis,
    check_transition,
)
from escrow.transactions import CONSTRAINT_ERRORS, after_commit, transaction

CONSTRAINT_ERRORS.update(
    {
        "approval_one_open": ApprovalOpen,
        "approval_second_person": SecondPersonNeeded,
        "approval_asked_by_a_person": PersonNeeded,
        "approval_decided_by_a_person": PersonNeeded,
    }
)


def request_payout_release(*, instruction_id: int, because: str, at: datetime, actor: str) -> Approval:
    """Ask for a held payout to be sent.

    Raises:
        NotFound. WrongState: it is not held. ReasonRequired, ApprovalOpen, PersonNeeded.
    """
    with transaction():
        instruction = Instruction.objects.filter(pk=instruction_id).first()
        if instruction is None:
            raise NotFound()
        if instruction.state != InstructionState.HELD:
            raise WrongState()
        return _request(
            ApprovalKind.PAYOUT_RELEASE,
            beneficiary_id=instruction.beneficiary_id,
            target=f"instruction:{instruction.pk}",
            amount_fen=instruction.amount_fen,
            payload={"instruction": instruction.pk},
            because=because,
            at=at,
            actor=actor,
        )


def request_payout_account(
    *, beneficiary_id: int, account_no: str, account_name: str, because: str, at: datetime, actor: str
) -> Approval:
    """Ask for payouts to go elsewhere; until somebody else has approved, they go where they went.

    Raises:
        NotFound, ReasonRequired, ApprovalOpen, PersonNeeded.
    """
    with transaction():
        locked_beneficiary(beneficiary_id)
        return _request(
            ApprovalKind.PAYOUT_ACCOUNT,
            beneficiary_id=beneficiary_id,
            target=f"beneficiary:{beneficiary_id}",
            payload={"account_no": account_no, "account_name": account_name},
            because=because,
            at=at,
            actor=actor,
        )


def request_manual_refund(
    *, agreement_id: int, amount_fen: int, basis: RefundBasis, because: str, at: datetime, actor: str
) -> Approval:
    """Ask for an agreement to be settled by hand: ``amount_fen`` back to the payer, what else is held to the merchant. Whether
    the basis applies is for the caller to know.

    Raises:
        NotFound, InvalidAmount, BasisRequired, RefundExceedsPaid, ReasonRequired, ApprovalOpen, PersonNeeded.
        WrongState: nothing is held. AgreementFrozen: a refund request or a complaint decides.
    """
    if basis not in RefundBasis.values:
        raise BasisRequired()
    check_fen(amount_fen)
    with transaction():
        agreement = Agreement.objects.filter(pk=agreement_id).first()
        if agreement is None:
            raise NotFound()
        _check_refundable(agreement)
        if amount_fen > agreement.price_fen:
            raise RefundExceedsPaid()
        return _request(
            ApprovalKind.MANUAL_REFUND,
            beneficiary_id=agreement.beneficiary_id,
            target=f"agreement:{agreement_id}",
            amount_fen=amount_fen,
            payload={"agreement": agreement_id, "amount_fen": amount_fen, "basis": str(basis)},
            because=because,
            at=at,
            actor=actor,
        )


def request_receipt_return(
    *, line_id: int, account_no: str = "", account_name: str = "", because: str, at: datetime, actor: str
) -> Approval:
    """Ask for money that nobody can explain to be sent back: to the account the bank's line names, unless another is given.

    Raises:
        NotFound, LineExplained, ReasonRequired, ApprovalOpen, PersonNeeded. NothingFits: the line did not bring money.
        ReturnAccountMissing: neither the line nor the request has an account.
    """
    with transaction():
        line = open_line(line_id)
        if line.direction != "in":
            raise NothingFits()
        if not account_no:
            account_no, account_name = line.counterparty_account, account_name or line.counterparty_name
        if not account_no or not account_name:
            raise ReturnAccountMissing()
        return _request(
            ApprovalKind.RECEIPT_RETURN,
            beneficiary_id=line.beneficiary_id or 0,
            target=f"statement_line:{line.pk}",
            amount_fen=line.amount_fen,
            payload={"line": line.pk, "account_no": account_no, "account_name": account_name},
            because=because,
            at=at,
            actor=actor,
        )


def request_refund_account(
    *,
    payment_id: int,
    account_no: str,
    account_name: str,
    person_name: str,
    because: str,
    at: datetime,
    actor: str,
) -> Approval:
    """Ask for the refunds of a payment to go to a bank account, because the channel cannot pay them back any more. The
    account is the person's own: ``person_name`` is as on their papers.

    Raises:
        NotFound, ReasonRequired, ApprovalOpen, PersonNeeded.
        RefundNotReturned: the channel may still pay it back, or has. NameDiffers: somebody else's account.
    """
    with transaction():
        payment = Payment.objects.filter(pk=payment_id).first()
        if payment is None:
            raise NotFound()
        if not queries.way_back_closed(payment_id):
            raise RefundNotReturned()
        if not same_name(account_name, person_name):
            raise NameDiffers()
        return _request(
            ApprovalKind.REFUND_ACCOUNT,
            beneficiary_id=payment.beneficiary_id,
            target=f"payment:{payment_id}",
            amount_fen=queries.refund_owed(payment_id),
            payload={
                "payment": payment_id,
                "account_no": account_no,
                "account_name": account_name,
                "person_name": person_name,
            },
            because=because,
            at=at,
            actor=actor,
        )


def request_deposit_end(*, payment_id: int, because: str, at: datetime, actor: str) -> Approval:
    """Ask for an order whose cash is awaited, or whose deposit the bank has undone, to be over: the cash was never taken, or given back,
    as is proved otherwise than by the consumer's word. Money that comes nevertheless is a receipt that nobody has explained.

    Raises:
        NotFound. WrongState: nothing is awaited. ReasonRequired, ApprovalOpen, PersonNeeded.
    """
    with transaction():
        deposit = Payment.objects.filter(pk=payment_id, channel=DEPOSIT).first()
        if deposit is None:
            raise NotFound()
        if deposit.state != PaymentState.CREATED and deposit.taken_back_at is None:
            raise WrongState()
        return _request(
            ApprovalKind.DEPOSIT_END,
            beneficiary_id=deposit.beneficiary_id,
            target=f"payment:{payment_id}",
            amount_fen=deposit.amount_fen,
            payload={"payment": payment_id, "agreement": deposit.agreement_id},
            because=because,
            at=at,
            actor=actor,
        )


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: width, case, spaces and the dot within a name do not count."""

    def plain(name: str) -> str:
        return re.sub(r"[\s·•・.]", "", unicodedata.normalize("NFKC", name)).casefold()

    return plain(one) != "" and plain(one) == plain(other)


def approve(*, approval_id: int, at: datetime, actor: str, because: str = "") -> Approval:
    """Release it: what was asked for is done now, in this transaction, and by nobody again.

    Raises:
        NotFound, ApprovalDecided, ApprovalExpired.
        SecondPersonNeeded: the same person asked. PersonNeeded: no person at all.
        Whatever the deed refuses: then the request stays open.
    """
    with transaction():
        approval = _locked_open(approval_id, at=at, actor=actor)
        _decide(approval, ApprovalState.APPROVED, because=because, at=at, actor=actor)
        _DEEDS[ApprovalKind(approval.kind)](approval, at, actor)
    return approval


def refuse(*, approval_id: int, because: str, at: datetime, actor: str) -> Approval:
    """Do not release it. A held payout returns to what the merchant has earned, and its payouts stop for this reason.

    Raises:
        As ``approve``, and ReasonRequired.
    """
    with transaction():
        approval = _locked_open(approval_id, at=at, actor=actor)
        _decide(approval, ApprovalState.REFUSED, because=_reason(because), at=at, actor=actor)
        if approval.kind == ApprovalKind.PAYOUT_RELEASE:
            instruction_id = payload_of(approval)["instruction"]
            if Instruction.objects.filter(pk=instruction_id, state=InstructionState.HELD).exists():  # else recalled
                cancel_held(instruction_id=instruction_id, because=because, at=at, actor=actor)
    return approval


def withdraw(*, approval_id: int, on_behalf_of: str = "", at: datetime, actor: str) -> Approval:
    """Its author no longer wants it, or somebody for whom they asked (``on_behalf_of``: the author; the caller has checked).

    Raises:
        NotFound, ApprovalDecided, OnlyTheRequester.
    """
    with transaction():
        approval = _locked(approval_id)
        if approval.state != ApprovalState.OPEN:
            raise ApprovalDecided()
        if approval.requested_by != (on_behalf_of or actor):
            raise OnlyTheRequester()
        _move(approval, ApprovalState.WITHDRAWN, at=at, actor=actor)
    return approval


def expire_approval(*, approval_id: int, at: datetime, actor: str) -> bool:
    """End a request whose time is over; whether this did it. A held payout goes on waiting for a new one.

    Raises:
        NotFound.
    """
    with transaction():
        approval = _locked(approval_id)
        if approval.state != ApprovalState.OPEN or approval.expires_at > at:
            return False
        _expire(approval, at=at, actor=actor)
    return True


def _expire(approval: Approval, *, at: datetime, actor: str) -> None:
    _move(approval, ApprovalState.EXPIRED, at=at, actor=actor)
    after_commit(lambda: approval_expired.send(sender=Approval, approval_id=approval.pk))


def payload_of(approval: Approval) -> dict[str, Any]:
    """What will be done, in clear: personal data for a payout account."""
    return dict(json.loads(approval.payload))


def _request(
    kind: ApprovalKind,
    *,
    beneficiary_id: int,
    target: str,
    payload: dict[str, Any],
    because: str,
    at: datetime,
    actor: str,
    amount_fen: int | None = None,
) -> Approval:
    if not actor.startswith(PERSON):
        raise PersonNeeded()
    because = _reason(because)
    # One that nobody decided in time does not stand in the way of the next.
    same = Approval.objects.filter(kind=kind, target=target, state=ApprovalState.OPEN)
    stale = same.filter(expires_at__lte=at).first()
    if stale is not None:
        _expire(_locked(stale.pk), at=at, actor=actor)
    if same.exists():
        raise ApprovalOpen()
    rule = ApprovalRule.objects.current(kind, beijing_date(at))
    approval = Approval.objects.create(
        kind=kind,
        beneficiary_id=beneficiary_id,
        target=target,
        amount_fen=amount_fen,
        payload=json.dumps(payload),
        because=because,
        requested_by=actor,
        requested_at=at,
        expires_at=at + timedelta(days=rule.waits_days),
    )
    facts = {"kind": kind.value, "about": target, "amount_fen": amount_fen, "because": because}
    audit.record(actor=actor, action="escrow.request_approval", target=f"approval:{approval.pk}", after=facts, at=at)
    return approval


def _locked(approval_id: int) -> Approval:
    row = Approval.objects.select_for_update(no_key=True, of=("self",)).filter(pk=approval_id).first()
    if row is None:
        raise NotFound()
    return row


def _locked_open(approval_id: int, *, at: datetime, actor: str) -> Approval:
    approval = _locked(approval_id)
    if approval.state != ApprovalState.OPEN:
        raise ApprovalDecided()
    if approval.expires_at <= at:
        raise ApprovalExpired()
    if not actor.startswith(PERSON):
        raise PersonNeeded()
    if approval.requested_by == actor:
        raise SecondPersonNeeded()
    return approval


def _decide(approval: Approval, new: ApprovalState, *, because: str, at: datetime, actor: str) -> None:
    approval.decided_by, approval.decided_at, approval.reason = actor, at, because.strip()[:200]
    _move(approval, new, at=at, actor=actor)


def _move(approval: Approval, new: ApprovalState, *, at: datetime, actor: str) -> None:
    """The one place where a request's state changes; the caller holds the lock."""
    check_transition(APPROVAL_TRANSITIONS, approval.state, new)
    before, approval.state = approval.state, new
    approval.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    audit.record(
        actor=actor,
        action=f"escrow.approval_{new.value}",
        target=f"approval:{approval.pk}",
        before={"state": before},
        after={"state": new.value, "about": approval.target, "because": approval.reason},
        at=at,
    )


def _reason(because: str) -> str:
    because = because.strip()
    if not 1 <= len(because) <= 200:
        raise ReasonRequired()
    return because


def _check_refundable(agreement: Agreement) -> None:
    if agreement.state == AgreementState.FROZEN:
        raise AgreementFrozen()
    if agreement.state != AgreementState.HELD:
        raise WrongState()


def _send_payout(approval: Approval, at: datetime, actor: str) -> None:
    release_held(instruction_id=payload_of(approval)["instruction"], at=at, actor=actor)


def _change_account(approval: Approval, at: datetime, actor: str) -> None:
    set_payout_account(beneficiary_id=approval.beneficiary_id, **payload_of(approval), at=at, actor=actor)


def _refund(approval: Approval, at: datetime, actor: str) -> None:
    facts = payload_of(approval)
    _check_refundable(locked_agreement(facts["agreement"], alone=True))  # a settlement may take from what is earned
    refund(
        agreement_id=facts["agreement"],
        amount_fen=facts["amount_fen"],
        basis=RefundBasis(facts["basis"]),
        reference=f"approval:{approval.pk}",
        at=at,
        actor=actor,
    )


def _send_back(approval: Approval, at: datetime, actor: str) -> None:
    facts = payload_of(approval)
    payee = Payee(account_no=facts["account_no"], name=facts["account_name"])
    send_back(line_id=facts["line"], payee=payee, at=at, actor=actor)


def _redirect(approval: Approval, at: datetime, actor: str) -> None:
    facts = payload_of(approval)
    payee = Payee(account_no=facts["account_no"], name=facts["account_name"])
    redirect_refunds(payment_id=facts["payment"], payee=payee, at=at, actor=actor)


def _end_deposit(approval: Approval, at: datetime, actor: str) -> None:
    facts = payload_of(approval)
    undone = Payment.objects.filter(pk=facts["payment"], taken_back_at__isnull=False).exists()
    (give_up_deposit if undone else cancel_agreement)(agreement_id=facts["agreement"], at=at, actor=actor)


_DEEDS: dict[ApprovalKind, Callable[[Approval, datetime, str], None]] = {
    ApprovalKind.PAYOUT_RELEASE: _send_payout,
    ApprovalKind.PAYOUT_ACCOUNT: _change_account,
    ApprovalKind.MANUAL_REFUND: _refund,
    ApprovalKind.RECEIPT_RETURN: _send_back,
    ApprovalKind.REFUND_ACCOUNT: _redirect,
    ApprovalKind.DEPOSIT_END: _end_deposit,
}

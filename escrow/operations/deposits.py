"""Cash that a beneficiary took and brings to its custody account: awaited, taken in with the bank's line, and taken back with it
when the bank undoes the deposit."""

import secrets
from datetime import date, datetime

from escrow import audit
from escrow.errors import AgreementExpired, AlreadyPaid, DepositPartlyUsed, WrongState
from escrow.ledger import Chart, Movement, post
from escrow.models import Account, Agreement, Payment
from escrow.operations.agreements import locked_agreement, move_agreement
from escrow.operations.beneficiaries import hold_payouts, open_clearing_account
from escrow.operations.payments import fund
from escrow.reasons import DEPOSIT_UNDONE
from escrow.signals import deposit_moved
from escrow.states import (
    DEPOSIT,
    OPEN_USES,
    PAYMENT_TRANSITIONS,
    AccountCode,
    AgreementState,
    Asset,
    PaymentState,
    Reason,
    UseState,
    check_transition,
)
from escrow.transactions import after_commit, transaction

COUNTS_AS_USED = (*OPEN_USES, UseState.FINAL)


def await_deposit(*, agreement_id: int, subject: str, due_on: date, at: datetime, actor: str) -> Payment:
    """The beneficiary has the price in cash and brings it to the custody account: the order's number is the deposit's
    code. Nothing is held until the bank's statement shows exactly this sum under it; the order stays open for as long
    as that takes, or until it is cancelled. ``due_on``: the last day to bring it. Asking again gives the same order.

    Raises:
        NotFound. AlreadyPaid, AgreementExpired: nothing to pay any more. WrongState: a top-up, or an order at a channel.
    """
    with transaction():
        agreement = locked_agreement(agreement_id)
        payment = Payment.objects.filter(agreement=agreement).first()
        if agreement.tops_up_id is not None or (payment is not None and payment.channel != DEPOSIT):
            raise WrongState()
        if payment is not None:
            return payment
        if agreement.state in (AgreementState.CANCELLED, AgreementState.EXPIRED) or (
            agreement.state == AgreementState.OPEN and agreement.pay_until <= at
        ):
            raise AgreementExpired()
        if agreement.state != AgreementState.OPEN:
            raise AlreadyPaid()
        payment = Payment.objects.create(
            agreement=agreement,
            beneficiary_id=agreement.beneficiary_id,
            channel=DEPOSIT,
            order_no=_slip_number(),
            subject=subject,
            return_url="",
            amount_fen=agreement.price_fen,
            created_at=at,
            deposit_due_on=due_on,
        )
        open_clearing_account(beneficiary_id=agreement.beneficiary_id, channel=DEPOSIT)
        audit.record(
            actor=actor,
            action="escrow.await_deposit",
            target=f"payment:{payment.pk}",
            after={"order_no": payment.order_no, "amount_fen": payment.amount_fen, "due_on": str(due_on)},
            at=at,
        )
    return payment


def _slip_number() -> str:
    """Short, since a person writes it on the bank's slip; random, as ``new_number``, so that no other installation has it."""
    return f"D{secrets.randbelow(10**12):012d}"


def take_deposit(*, payment_id: int, at: datetime) -> Payment:
    """The bank's statement shows it: fund the agreement, inside the transaction that books the line; one whose deposit had been
    taken back is as it was before. One whose order was given up stays as it is, and its money is a receipt that nobody has explained."""
    payment = Payment.objects.select_related("agreement").get(pk=payment_id)
    with transaction():
        agreement = locked_agreement(payment.agreement_id)
        payment.refresh_from_db()
        if payment.taken_back_at is not None:
            _bring_again(agreement, payment, at)
        elif payment.state == PaymentState.CREATED and agreement.state == AgreementState.OPEN:
            payment.state, payment.paid_at = PaymentState.PAID, at
            payment.save(update_fields=["state", "paid_at"])
            fund(agreement, payment, at)
            _tell(payment)
    return payment


def _bring_again(agreement: Agreement, payment: Payment, at: datetime) -> None:
    if payment.frozen_meanwhile and agreement.state == AgreementState.FROZEN:
        move_agreement(
            agreement, AgreementState.HELD, at=at, actor=f"channel:{DEPOSIT}", action="escrow.deposit_brought_again"
        )
    payment.taken_back_at, payment.frozen_meanwhile = None, False
    payment.save(update_fields=["taken_back_at", "frozen_meanwhile"])
    _tell(payment)


def take_back_deposit(*, payment_id: int, at: datetime) -> bool:
    """The bank undid it (冲正), whether its line can be booked yet or not: nothing of the agreement can be used or paid back until the
    sum is there again, and nothing leaves for the beneficiary until a person has looked. False: it was taken back already, or never
    came."""
    payment = Payment.objects.select_related("agreement").get(pk=payment_id)
    actor = f"channel:{DEPOSIT}"
    with transaction():
        agreement = locked_agreement(payment.agreement_id)
        payment.refresh_from_db()
        if payment.channel != DEPOSIT or payment.state != PaymentState.PAID or payment.taken_back_at is not None:
            return False
        payment.taken_back_at = at
        if agreement.state == AgreementState.HELD:
            payment.frozen_meanwhile = True
            move_agreement(agreement, AgreementState.FROZEN, at=at, actor=actor, action="escrow.deposit_taken_back")
        payment.save(update_fields=["taken_back_at", "frozen_meanwhile"])
        because = f"{DEPOSIT_UNDONE}{payment.order_no}"
        hold_payouts(beneficiary_id=payment.beneficiary_id, because=because, at=at, actor=actor)
        _tell(payment)
    return True


def give_up_deposit(*, agreement_id: int, at: datetime, actor: str) -> Agreement:
    """The consumer has the cash of an undone deposit back from the beneficiary: the agreement is over as if it had never been funded.
    Giving up what was given up changes nothing. Raises ``NotFound``, ``WrongState``: no undone deposit. ``DepositPartlyUsed``."""
    with transaction():
        agreement = locked_agreement(agreement_id)
        if agreement.state == AgreementState.CANCELLED:
            return agreement
        payment = Payment.objects.filter(agreement=agreement, taken_back_at__isnull=False).first()
        if payment is None or agreement.state != AgreementState.FROZEN:
            raise WrongState()
        chart = Chart(beneficiary_id=agreement.beneficiary_id, agreement_id=agreement.pk)
        held = {Asset(one.asset): one for one in Account.objects.filter(agreement=agreement, code=AccountCode.HELD)}
        used = agreement.uses.filter(state__in=COUNTS_AS_USED).exists()
        early = Asset.ADVANCE in held and held[Asset.ADVANCE].balance
        if used or early or held[Asset.CNY].balance != payment.amount_fen:
            raise DepositPartlyUsed()
        movements = [
            Movement(
                debit=account.pk,
                credit=(
                    chart.id(AccountCode.CLEARING, channel=DEPOSIT)
                    if asset is Asset.CNY
                    else chart.id(AccountCode.ISSUED, asset)
                ),
                amount=account.balance,
                reason=Reason.FUND_UNDONE if asset is Asset.CNY else Reason.FORFEIT,
                agreement=agreement.pk,
                reference=payment.order_no,
            )
            for asset, account in held.items()
            if account.balance
        ]
        post(movements, at=at)
        check_transition(PAYMENT_TRANSITIONS, payment.state, PaymentState.CLOSED)
        payment.state, payment.taken_back_at, payment.frozen_meanwhile = PaymentState.CLOSED, None, False
        payment.save(update_fields=["state", "taken_back_at", "frozen_meanwhile"])
        move_agreement(agreement, AgreementState.CANCELLED, at=at, actor=actor, action="escrow.give_up_deposit")
    return agreement


def _tell(payment: Payment) -> None:
    after_commit(lambda: deposit_moved.send(sender=Payment, payment_id=payment.pk))

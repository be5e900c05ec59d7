"""Rows for ledger tests, made through the kernel's own verbs."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta

from escrow import operations as escrow
from escrow.channels import PaymentAnswer
from escrow.models import Agreement, Beneficiary, Payment
from escrow.operations.payments import take_payment
from escrow.states import COUNTED_PLANS, Plan

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Beijing
ACTOR = "system:test"
_numbers = itertools.count(1)


def beneficiary() -> Beneficiary:
    made = escrow.register_beneficiary(at=AT, actor=ACTOR)
    return escrow.set_payout_account(
        beneficiary_id=made.pk, account_no="6222020200112233", account_name="京城健身", at=AT, actor=ACTOR
    )


def open_agreement(
    to: Beneficiary | None = None,
    *,
    plan: Plan = Plan.SESSIONS,
    price_fen: int = 200_000,
    bonus_fen: int = 0,
    units_total: int | None = None,
    places: tuple[str, ...] = (),
    at: datetime | None = None,
    **terms,
) -> Agreement:
    at = at or AT
    if units_total is None:
        units_total = 10 if plan in COUNTED_PLANS else price_fen + bonus_fen
    return escrow.open_agreement(
        beneficiary_id=(to or beneficiary()).pk,
        funder=uuid.uuid4(),
        plan=plan,
        price_fen=price_fen,
        bonus_fen=bonus_fen,
        units_total=units_total,
        places=places,
        **terms,
        pay_until=at + timedelta(minutes=30),
        at=at,
        actor=ACTOR,
    )


def order(agreement: Agreement) -> Payment:
    number = f"O{next(_numbers)}-{uuid.uuid4().hex[:12]}"
    return Payment.objects.create(
        agreement=agreement,
        beneficiary_id=agreement.beneficiary_id,
        channel="sandbox",
        order_no=number,
        subject="card",
        return_url="/",
        amount_fen=agreement.price_fen,
        created_at=agreement.opened_at,
    )


def paid(payment: Payment, *, amount_fen: int | None = None) -> PaymentAnswer:
    return PaymentAnswer(
        order_no=payment.order_no,
        channel_payment_no=f"C{payment.order_no}",
        state="paid",
        amount_fen=payment.amount_fen if amount_fen is None else amount_fen,
        paid_at=payment.created_at,
    )


def topped_up(card: Agreement, **facts) -> Agreement:
    """A further payment for the card, paid."""
    lot = escrow.open_top_up(card_id=card.pk, pay_until=AT + timedelta(minutes=30), at=AT, actor=ACTOR, **facts)
    take_payment(channel="sandbox", answer=paid(order(lot)), at=AT)
    lot.refresh_from_db()
    return lot


def held_agreement(to: Beneficiary | None = None, **facts) -> Agreement:
    agreement = open_agreement(to, **facts)
    take_payment(channel="sandbox", answer=paid(order(agreement)), at=agreement.opened_at)
    agreement.refresh_from_db()
    return agreement

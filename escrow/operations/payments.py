"""Money coming in: an order at the channel, a notification, the agreement funded. Late money is taken in and sent back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from escrow import audit
from escrow.channels import (
    ChannelRefused,
    ChannelUnknown,
    InvalidSignature,
    NoSuchChannel,
    PaymentAnswer,
)
from escrow.channels import (
    channel as channel_of,
)
from escrow.errors import (
    AgreementExpired,
    AlreadyPaid,
    AnotherAmount,
    BadNotification,
    ChannelUnavailable,
    NotFound,
)
from escrow.ledger import Chart, Movement, post
from escrow.models import Agreement, Payment
from escrow.operations.agreements import locked_agreement, move_agreement
from escrow.operations.beneficiaries import open_clearing_account
from escrow.operations.instructions import instruct, new_number, notify_url, record_answer
from escrow.signals import agreement_funded
from escrow.states import (
    COUNTED_PLANS,
    DEPOSIT,
    PAYMENT_TRANSITIONS,
    AccountCode,
    AgreementState,
    Asset,
    InstructionKind,
    PaymentState,
    Reason,
    check_transition,
)
from escrow.transactions import after_commit, call, transaction

#: Real time after which a silent channel is asked about a payment; then whenever its age has doubled.
FIRST_ASK = timedelta(seconds=20)
LONGEST_ASK = timedelta(minutes=5)


def start_payment(
    *, agreement_id: int, channel: str, subject: str, return_url: str, at: datetime, actor: str
) -> Payment:
    """The payment order of an agreement with the channel's cashier page. Calls the channel: not inside a transaction.

    Asking again gives the same order.

    Raises:
        AlreadyPaid, AgreementExpired: nothing to pay any more.
        ChannelUnavailable: the channel gave no cashier page; asking again later is safe.
        NotFound: no such agreement or channel.
    """
    with transaction():
        agreement = locked_agreement(agreement_id)
        if agreement.state in (AgreementState.CANCELLED, AgreementState.EXPIRED) or (
            agreement.state == AgreementState.OPEN and agreement.pay_until <= at
        ):
            raise AgreementExpired()
        if agreement.state != AgreementState.OPEN:
            raise AlreadyPaid()
        payment, created = Payment.objects.get_or_create(
            agreement=agreement,
            defaults={
                "beneficiary_id": agreement.beneficiary_id,
                "channel": channel,
                "order_no": new_number("O"),
                "subject": subject,
                "return_url": return_url,
                "amount_fen": agreement.price_fen,
                "created_at": at,
                "ask_at": timezone.now() + FIRST_ASK,
            },
        )
        if created:
            open_clearing_account(beneficiary_id=agreement.beneficiary_id, channel=channel)
            audit.record(
                actor=actor,
                action="escrow.start_payment",
                target=f"payment:{payment.pk}",
                after={"order_no": payment.order_no, "amount_fen": payment.amount_fen},
                at=at,
            )
    if payment.channel == DEPOSIT:
        raise AlreadyPaid()
    if payment.cashier_url:
        return payment
    try:
        answer = channel_of(payment.channel).create_payment(
            order_no=payment.order_no,
            amount_fen=payment.amount_fen,
            subject=payment.subject,
            account=agreement.beneficiary.custody_no,
            return_url=payment.return_url.replace("{order_no}", payment.order_no),
            notify_url=notify_url(payment.channel),
        )
    except (ChannelUnknown, ChannelRefused) as error:
        raise ChannelUnavailable() from error
    except NoSuchChannel as error:
        raise NotFound() from error
    Payment.objects.filter(pk=payment.pk).update(cashier_url=answer.cashier_url)
    payment.cashier_url = answer.cashier_url
    return payment


def take_notification(
    *, channel: str, method: str, path: str, headers: Mapping[str, str], body: bytes, at: datetime
) -> None:
    """A signed fact from a channel: may come late, twice, or before what it follows from.

    Raises:
        BadNotification: unsigned, forged, stale or malformed. AnotherAmount: than ours.
        NotFound: of an order this platform never made.
    """
    try:
        notification = channel_of(channel).read_notification(method=method, path=path, headers=headers, body=body)
    except NoSuchChannel as error:
        raise NotFound() from error
    except InvalidSignature as error:
        raise BadNotification() from error
    if notification.payment is not None:
        take_payment(channel=channel, answer=notification.payment, at=at)
    if notification.transfer is not None:
        record_answer(channel=channel, answer=notification.transfer, at=at)


def ask_payment(*, payment_id: int, at: datetime) -> Payment:
    """Ask the channel what became of a payment, and believe it; close it there if its order was given up here. Calls the
    channel: not inside a transaction.

    Raises:
        NotFound, ChannelUnavailable.
    """
    payment = Payment.objects.select_related("agreement").filter(pk=payment_id).first()
    if payment is None:
        raise NotFound()
    if payment.state != PaymentState.CREATED:
        return payment
    unanswered = Payment.objects.filter(pk=payment_id, state=PaymentState.CREATED)
    unanswered.update(ask_at=timezone.now() + min(max(at - payment.created_at, FIRST_ASK), LONGEST_ASK))
    given_up = payment.agreement.state != AgreementState.OPEN
    answer = _asked(payment, close=given_up)
    if answer is not None and answer.state == "paid":
        return take_payment(channel=payment.channel, answer=answer, at=at)
    if given_up:
        unanswered.update(state=PaymentState.CLOSED, ask_at=None)
        payment.refresh_from_db()
    return payment


def _asked(payment: Payment, *, close: bool) -> PaymentAnswer | None:
    """What the channel says of the order, if it ever saw it; ``close``: what can still be paid is closed first.

    Raises:
        ChannelUnavailable.
    """
    if payment.channel == DEPOSIT:  # only the bank's statement tells
        return None
    channel = channel_of(payment.channel)
    try:
        answer = channel.query_payment(order_no=payment.order_no)
        if close and answer is not None and answer.state == "created":
            answer = channel.close_payment(order_no=payment.order_no)
    except (ChannelUnknown, ChannelRefused) as error:
        raise ChannelUnavailable() from error
    return answer


def take_payment(*, channel: str, answer: PaymentAnswer, at: datetime) -> Payment:
    """The channel says it is paid: fund the agreement, or send late money back. Repeats change nothing.

    Raises:
        NotFound: no such order. AnotherAmount: than ours.
    """
    order = Payment.objects.filter(channel=channel, order_no=answer.order_no)
    ids = order.values_list("agreement_id", "agreement__tops_up_id", "agreement__follows_id").first()
    if ids is None:
        raise NotFound()
    with transaction():
        if ids[1] or ids[2]:  # a further payment and what it adds to, in the order of all
            call("escrow_lock_agreements", [pk for pk in ids if pk], False)
        agreement = locked_agreement(ids[0])
        payment = Payment.objects.get(channel=channel, order_no=answer.order_no)
        if answer.state != "paid" or payment.state in (PaymentState.PAID, PaymentState.LATE):
            return payment
        if answer.amount_fen != payment.amount_fen:
            raise AnotherAmount()
        late = agreement.state != AgreementState.OPEN or not _card_lives(agreement)
        new = PaymentState.LATE if late else PaymentState.PAID
        check_transition(PAYMENT_TRANSITIONS, payment.state, new)
        payment.state, payment.paid_at, payment.ask_at = new, at, None
        payment.channel_payment_no = answer.channel_payment_no
        payment.save(update_fields=["state", "paid_at", "ask_at", "channel_payment_no"])
        if late:
            if agreement.state == AgreementState.OPEN:  # what it adds to has ended meanwhile
                move_agreement(
                    agreement,
                    AgreementState.CANCELLED,
                    at=at,
                    actor=f"channel:{channel}",
                    action="escrow.cancel_agreement",
                )
            _send_back(payment, at)
        else:
            fund(agreement, payment, at)
    return payment


def _card_lives(agreement: Agreement) -> bool:
    """Whether what this tops up, if anything, can still be used, and what it follows is not being paid back."""
    if agreement.follows is not None and agreement.follows.state != AgreementState.HELD:
        return False
    return agreement.tops_up is None or agreement.tops_up.state in (AgreementState.HELD, AgreementState.FROZEN)


def fund(agreement: Agreement, payment: Payment, at: datetime) -> None:
    """Clearing → held, and what the plan gives besides money."""
    chart = Chart(beneficiary_id=agreement.beneficiary_id, agreement_id=agreement.pk)
    movements = [
        Movement(
            debit=chart.id(AccountCode.CLEARING, channel=payment.channel),
            credit=chart.id(AccountCode.HELD),
            amount=payment.amount_fen,
            reason=Reason.FUND,
            agreement=agreement.pk,
            reference=payment.order_no,
        )
    ]
    issued = {Asset.BONUS: agreement.bonus_fen}
    if agreement.plan in COUNTED_PLANS:
        issued[Asset.VISIT] = agreement.units_total
    for asset, amount in issued.items():
        if amount:
            movements.append(
                Movement(
                    debit=chart.id(AccountCode.ISSUED, asset),
                    credit=chart.id(AccountCode.HELD, asset),
                    amount=amount,
                    reason=Reason.FUND if asset is Asset.VISIT else Reason.GIFT,
                    agreement=agreement.pk,
                    reference=payment.order_no,
                )
            )
    post(movements, at=at)
    move_agreement(
        agreement,
        AgreementState.HELD,
        at=at,
        actor=f"channel:{payment.channel}",
        action="escrow.fund",
        order_no=payment.order_no,
        amount_fen=payment.amount_fen,
    )
    after_commit(lambda: agreement_funded.send(sender=Agreement, agreement_id=agreement.pk))


def _send_back(payment: Payment, at: datetime) -> None:
    """The order was given up before the money came: in through suspense, out by a refund of the whole."""
    chart = Chart(beneficiary_id=payment.beneficiary_id)
    post(
        [
            Movement(
                debit=chart.id(AccountCode.CLEARING, channel=payment.channel),
                credit=chart.id(AccountCode.SUSPENSE),
                amount=payment.amount_fen,
                reason=Reason.LATE,
                reference=payment.order_no,
            ),
            Movement(
                debit=chart.id(AccountCode.SUSPENSE),
                credit=chart.id(AccountCode.REFUND),
                amount=payment.amount_fen,
                reason=Reason.LATE_REFUND,
                reference=payment.order_no,
            ),
        ],
        at=at,
    )
    instruct(
        kind=InstructionKind.REFUND,
        beneficiary_id=payment.beneficiary_id,
        channel=payment.channel,
        payment=payment,
        amount_fen=payment.amount_fen,
        at=at,
    )
    audit.record(
        actor=f"channel:{payment.channel}",
        action="escrow.late_payment",
        target=f"payment:{payment.pk}",
        after={"order_no": payment.order_no, "amount_fen": payment.amount_fen},
        at=at,
    )


def expire_agreement(*, agreement_id: int, at: datetime, actor: str) -> Agreement:
    """Give up an unpaid order after its time: close it at the channel first, so that nobody pays for nothing.

    Calls the channel: not inside a transaction. If the channel says it was paid, it is funded instead. One that
    waits for a deposit of cash is not unpaid: the consumer has paid.

    Raises:
        NotFound, ChannelUnavailable: try again later.
    """
    agreement = Agreement.objects.filter(pk=agreement_id).first()
    if agreement is None:
        raise NotFound()
    if agreement.state != AgreementState.OPEN or agreement.pay_until > at:
        return agreement
    payment = Payment.objects.filter(agreement=agreement).first()
    if payment is not None and payment.channel == DEPOSIT:
        return agreement
    if payment is not None:
        answer = _asked(payment, close=True)
        if answer is not None and answer.state == "paid":
            take_payment(channel=payment.channel, answer=answer, at=at)
            return Agreement.objects.get(pk=agreement_id)
    with transaction():
        agreement = locked_agreement(agreement_id)
        taken = Payment.objects.filter(agreement=agreement, channel=DEPOSIT).exists()  # meanwhile, in the last second
        if agreement.state == AgreementState.OPEN and not taken:
            Payment.objects.filter(agreement=agreement, state=PaymentState.CREATED).update(
                state=PaymentState.CLOSED, ask_at=None
            )
            move_agreement(agreement, AgreementState.EXPIRED, at=at, actor=actor, action="escrow.expire_agreement")
    return agreement

"""Everything that moves the bank's money or promises to: each verb is one BEGIN IMMEDIATE transaction.

A money effect, its statement line and its notification are committed together or not at all, so a process killed at
any line has lost nothing and done nothing twice.
"""

import re
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models
from django.db.models import F, Sum
from django.db.transaction import atomic, on_commit
from django.utils import timezone

from sandbox_bank import behaviour, news
from sandbox_bank.facts import payment_facts, transfer_facts
from sandbox_bank.models import Account, Event, Line, Payment, Transfer

#: What the bank's custody accounts look like; one that nobody paid into yet is opened by the first money.
CUSTODY_NUMBER = re.compile(r"62[0-9]{14}")
Row = TypeVar("Row", bound=models.Model)


class Refused(Exception):
    """A definite no that changed nothing; goes out as ``{"error": {"code", "message"}}`` with ``status``."""

    def __init__(self, code: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def not_found(what: str) -> Refused:
    """The refusal that tells a caller it has never been here."""
    return Refused("not_found", f"There is no such {what}.", 404)


@atomic
def create_payment(*, account: str, **fields: Any) -> Payment:
    """``fields`` as ``shapes.PAYMENT``."""
    if before := Payment.objects.filter(order_no=fields["order_no"]).first():
        return same(before, account_id=account, **fields)
    Account.objects.get_or_create(number=account)
    return Payment.objects.create(account_id=account, created_at=timezone.now(), **fields)


@atomic
def pay(*, token: str) -> Payment:
    """The payer's yes at the cashier. A second yes finds it paid and changes nothing; so does one that is too late."""
    payment = Payment.objects.filter(token=token).first()
    if payment is None:
        raise not_found("payment")
    if payment.state == Payment.State.CREATED:
        payment.state, payment.paid_at = Payment.State.PAID, timezone.now()
        payment.save(update_fields=["state", "paid_at"])
        book(Line.Direction.IN, payment.account_id, payment.amount_fen, "payment", payment.order_no, payment.paid_at)
        announce("payment.paid", payment_facts(payment), payment.notify_url)
    return payment


@atomic
def deposit(*, account: str, code: str, amount_fen: int) -> Line:
    """Somebody pays cash in at the counter; ``code`` is the remark on the slip. The same slip again is refused."""
    if not CUSTODY_NUMBER.fullmatch(account):
        raise Refused("no_such_account", "The bank keeps no custody account of this number.")
    Account.objects.get_or_create(number=account)
    if Line.objects.filter(kind="payment", reference=code).exists():
        raise Refused("number_reused", "This remark was used before.", 409)
    book(Line.Direction.IN, account, amount_fen, "payment", code, timezone.now())
    return Line.objects.get(kind="payment", reference=code)


@atomic
def close_payment(*, order_no: str) -> Payment:
    """Afterwards nobody can pay it. Closing twice is closing once."""
    payment = Payment.objects.filter(order_no=order_no).first()
    if payment is None:
        raise not_found("payment")
    if payment.state == Payment.State.PAID:
        raise Refused("already_paid", "The payment is made; it can be refunded, not closed.", 409)
    payment.state = Payment.State.CLOSED
    payment.save(update_fields=["state"])
    return payment


def accept_refund(*, notify_url: str, **fields: Any) -> Transfer:
    """``fields`` as the rest of ``shapes.REFUND``."""
    [answer] = accept_refunds([fields], notify_url=notify_url)
    if isinstance(answer, Refused):
        raise answer
    return answer


@atomic
def accept_refunds(refunds: list[dict[str, Any]], *, notify_url: str) -> list[Transfer | Refused]:
    """Each (``shapes.ONE_OF_REFUNDS``) as if it had come alone, and all on the disk before anybody hears of them."""
    kind, numbers = Transfer.Kind.REFUND, [one["refund_no"] for one in refunds]
    known = {
        row.number: row for row in Transfer.objects.filter(kind=kind, number__in=numbers).select_related("payment")
    }
    paid = Payment.objects.filter(order_no__in=[one["order_no"] for one in refunds], state=Payment.State.PAID)
    payments = {payment.order_no: payment for payment in paid}
    accounts = Account.objects.in_bulk({payment.account_id for payment in payments.values()})
    before = Transfer.objects.filter(payment__in=payments.values()).exclude(state=Transfer.State.FAILED)
    going: dict[int, int] = dict(before.values_list("payment").annotate(fen=Sum("amount_fen")))
    due_at = timezone.now() + timedelta(seconds=behaviour.now_in_force().settle_seconds)
    answers: list[Transfer | Refused] = []
    for one in refunds:
        fields = {"amount_fen": one["amount_fen"], "remark": one["reason"], "notify_url": notify_url}
        payment = payments.get(one["order_no"])
        try:
            if row := known.get(one["refund_no"]):
                answers.append(same(row, **{"payment.order_no": one["order_no"]}, **fields))
                continue
            if payment is None:
                raise Refused("not_paid", "Only a payment that was made can be refunded.")
            account, gone = accounts[payment.account_id], going.get(payment.pk, 0)
            if gone + one["amount_fen"] > payment.amount_fen:
                raise Refused(
                    "above_payment",
                    f"Of {payment.amount_fen} fen paid, {payment.amount_fen - gone} can still be refunded.",
                )
            check_funds(account, one["amount_fen"])
        except Refused as refused:
            answers.append(refused)
            continue
        going[payment.pk] = gone + one["amount_fen"]
        account.reserved_fen += one["amount_fen"]
        made = Transfer(kind=kind, number=one["refund_no"], payment=payment, account=account, due_at=due_at, **fields)
        known[made.number] = made
        answers.append(made)
    Transfer.objects.bulk_create(row for row in known.values() if row.pk is None)
    Account.objects.bulk_update(accounts.values(), ["reserved_fen"])
    on_commit(news.tell)
    return answers


@atomic
def accept_payout(*, payout_no: str, account: str, **fields: Any) -> Transfer:
    """``fields`` as the rest of ``shapes.PAYOUT``."""
    fields |= {"number": payout_no, "account_id": account}
    if before := Transfer.objects.filter(kind=Transfer.Kind.PAYOUT, number=payout_no).first():
        return same(before, **fields)
    if not Account.objects.filter(number=account).exists():
        raise Refused("no_such_account", "The bank keeps no custody account of this number.")
    return accept(Transfer(kind=Transfer.Kind.PAYOUT, **fields))


def check_funds(account: Account, fen: int) -> None:
    """Raises ``Refused``: the account has promised the rest."""
    if fen > account.available_fen:
        raise Refused("insufficient_funds", f"The account can spare {account.available_fen} fen.")


def accept(transfer: Transfer) -> Transfer:
    """Sets the money aside; the dispatcher executes it when it is due."""
    check_funds(transfer.account, transfer.amount_fen)
    transfer.due_at = timezone.now() + timedelta(seconds=behaviour.now_in_force().settle_seconds)
    transfer.save()
    on_commit(news.tell)
    Account.objects.filter(pk=transfer.account_id).update(reserved_fen=F("reserved_fen") + transfer.amount_fen)
    return transfer


@atomic
def execute(*, pk: int) -> None:
    """Once: an executed transfer is left alone."""
    transfer = Transfer.objects.get(pk=pk)
    if transfer.state != Transfer.State.ACCEPTED:
        return
    now = timezone.now()
    Account.objects.filter(pk=transfer.account_id).update(reserved_fen=F("reserved_fen") - transfer.amount_fen)
    if transfer.to_account_no.endswith("0000"):
        transfer.failure = "account does not exist"
    elif behaviour.happens(behaviour.now_in_force().fail):
        transfer.failure = "the receiving bank returned the money"
    else:
        book(Line.Direction.OUT, transfer.account_id, transfer.amount_fen, transfer.kind, transfer.number, now)
    transfer.state = Transfer.State.FAILED if transfer.failure else Transfer.State.SUCCEEDED
    transfer.done_at = now
    transfer.save(update_fields=["state", "failure", "done_at"])
    announce(f"{transfer.kind}.{transfer.state}", transfer_facts(transfer), transfer.notify_url)


def book(direction: Line.Direction, account: str, amount_fen: int, kind: str, reference: str, at: datetime) -> None:
    """Moves the balance and writes the line that says so."""
    change = amount_fen if direction == Line.Direction.IN else -amount_fen
    Account.objects.filter(pk=account).update(balance_fen=F("balance_fen") + change)
    Line.objects.create(
        account_id=account,
        at=at,
        direction=direction,
        amount_fen=amount_fen,
        kind=kind,
        reference=reference,
        balance_after_fen=Account.objects.get(pk=account).balance_fen,
    )


def announce(type_: str, data: dict[str, Any], notify_url: str) -> None:
    """Puts a notification into the outbox, with whatever misfortune it draws."""
    now, how = timezone.now(), behaviour.now_in_force()
    due_at = now + timedelta(seconds=how.delay_seconds + how.reverse_seconds)
    if how.reverse_seconds:  # joins those that wait; of equally due the newest leaves first
        waiting = Event.objects.filter(copies__gt=0, attempts=0, due_at__gt=now).order_by("due_at").first()
        due_at = waiting.due_at if waiting else due_at
    copies = 0 if behaviour.happens(how.lose) else 2 if behaviour.happens(how.duplicate) else 1
    Event.objects.create(type=type_, data=data, notify_url=notify_url, due_at=due_at, copies=copies)
    on_commit(news.tell)


def same(row: Row, **fields: Any) -> Row:
    """The row, if it was made of these fields: a number means one thing for ever."""
    for name, value in fields.items():
        kept: Any = row
        for part in name.split("."):
            kept = getattr(kept, part)
        if kept != value:
            raise Refused("number_reused", "This number was used before, with another request.", 409)
    return row

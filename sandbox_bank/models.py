"""What the bank keeps. Amounts are integer fen, times UTC.

The type checker knows the platform's apps, not this one: managers and foreign keys say themselves what they are.
"""

import secrets
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q


def payment_no() -> str:
    """The bank's own number of a payment, to be read out over the telephone."""
    return f"P{secrets.randbelow(10**18):018d}"


def token() -> str:
    """What makes a cashier address unguessable."""
    return secrets.token_urlsafe(24)


class Account(models.Model):
    """A custody sub-account: one beneficiary's money, apart from all other. Opened by the first order that names it."""

    objects: ClassVar[models.Manager["Account"]]
    number = models.CharField(max_length=64, primary_key=True)
    balance_fen = models.BigIntegerField(default=0)
    reserved_fen = models.BigIntegerField(default=0)  # accepted refunds and payouts, not yet executed

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="never_overdrawn", condition=Q(reserved_fen__gte=0, reserved_fen__lte=F("balance_fen"))
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def available_fen(self) -> int:
        return self.balance_fen - self.reserved_fen


class Payment(models.Model):
    """An order to be paid at the cashier; paid and closed are final."""

    class State(models.TextChoices):
        CREATED = "created"
        PAID = "paid"
        CLOSED = "closed"

    objects: ClassVar[models.Manager["Payment"]]
    order_no = models.CharField(max_length=64, unique=True)
    payment_no = models.CharField(max_length=32, unique=True, default=payment_no)
    token = models.CharField(max_length=64, unique=True, default=token)  # whoever has it may pay
    amount_fen = models.BigIntegerField()
    subject = models.CharField(max_length=128)
    account_id: str
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    notify_url = models.CharField(max_length=500)
    return_url = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.CREATED)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="payment_positive", condition=Q(amount_fen__gt=0))]

    def __str__(self) -> str:
        return self.order_no


class Transfer(models.Model):
    """Money asked to leave an account: a refund to the payer of one payment, or a payout to another bank."""

    class Kind(models.TextChoices):
        REFUND = "refund"
        PAYOUT = "payout"

    class State(models.TextChoices):
        ACCEPTED = "accepted"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    objects: ClassVar[models.Manager["Transfer"]]
    kind = models.CharField(max_length=6, choices=Kind)
    number = models.CharField(max_length=64)
    account_id: str
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount_fen = models.BigIntegerField()
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True)  # of a refund
    to_account_no = models.CharField(max_length=64, blank=True)  # of a payout
    to_name = models.CharField(max_length=128, blank=True)
    remark = models.CharField(max_length=256)
    notify_url = models.CharField(max_length=500)
    state = models.CharField(max_length=9, choices=State, default=State.ACCEPTED)
    failure = models.CharField(max_length=128, blank=True)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_transfer_a_number", fields=["kind", "number"]),
            models.CheckConstraint(name="transfer_positive", condition=Q(amount_fen__gt=0)),
        ]
        indexes = [models.Index(name="to_execute", fields=["due_at"], condition=Q(state="accepted"))]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Line(models.Model):
    """A line of the statement. Written once, in the transaction that moved the money, numbered in that order."""

    class Direction(models.TextChoices):
        IN = "in"
        OUT = "out"

    objects: ClassVar[models.Manager["Line"]]
    line_no = models.BigAutoField(primary_key=True)
    account_id: str
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    at = models.DateTimeField()
    direction = models.CharField(max_length=3, choices=Direction)
    amount_fen = models.BigIntegerField()
    kind = models.CharField(max_length=7)  # payment (cash paid in too), refund, payout
    reference = models.CharField(max_length=64)
    balance_after_fen = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="booked_once", fields=["kind", "reference"])]

    def __str__(self) -> str:
        return f"{self.line_no}: {self.kind} {self.reference}"


class Event(models.Model):
    """The outbox: a notification, sent until somebody answers 2xx, as many times as it has copies left."""

    objects: ClassVar[models.Manager["Event"]]
    event_id = models.UUIDField(unique=True, default=uuid.uuid4)
    type = models.CharField(max_length=16)
    data = models.JSONField()
    notify_url = models.CharField(max_length=500)
    due_at = models.DateTimeField()
    copies = models.PositiveSmallIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(name="to_send", fields=["due_at"], condition=Q(copies__gt=0))]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Chaos(models.Model):
    """What POST /v1/behaviour asked for; one row."""

    objects: ClassVar[models.Manager["Chaos"]]
    wishes = models.JSONField()

    def __str__(self) -> str:
        return str(self.wishes)

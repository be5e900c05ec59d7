"""Money at the edge: what came in through a channel, and what is sent out through one."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Agreement, Beneficiary
from escrow.models.encrypted import EncryptedTextField
from escrow.models.ledger import Transfer
from escrow.states import DEPOSIT, InstructionKind, InstructionState, PaymentState, RefundBasis


class Payment(models.Model):
    """One payment order at a channel for one agreement. ``refund_account`` is where its refunds go instead of back through
    the channel, once the channel has returned one and two people have named an account."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="payments")
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=16)
    order_no = models.CharField(_("order number"), max_length=32, unique=True)
    channel_payment_no = models.CharField(_("channel's number"), max_length=64, blank=True, default="")
    subject = models.CharField(_("subject"), max_length=120)
    return_url = models.CharField(max_length=500)
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    cashier_url = models.CharField(max_length=500, blank=True, default="")
    state = models.CharField(_("state"), max_length=12, choices=PaymentState, default=PaymentState.CREATED)
    created_at = models.DateTimeField(_("created"))
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    #: Of what the beneficiary took in cash: the last day to bring it to custody.
    deposit_due_on = models.DateField(_("to be in custody by"), null=True, blank=True)
    #: Of those that the bank undid: since when the sum is not in custody, and whether that is why the agreement is frozen.
    taken_back_at = models.DateTimeField(_("taken back by the bank"), null=True, blank=True)
    frozen_meanwhile = models.BooleanField(default=False, db_default=False)
    ask_at = models.DateTimeField(_("ask the channel at"), null=True, blank=True)
    refund_account = EncryptedTextField(_("refund account"), blank=True, default="", db_default="")
    refund_account_name = EncryptedTextField(_("holder of the refund account"), blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [
            models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="payment_ask_at"),
            models.Index(
                fields=["beneficiary", "deposit_due_on"],
                condition=Q(channel=DEPOSIT, state=PaymentState.CREATED),
                name="payment_deposit_awaited",
            ),
            models.Index(
                fields=["beneficiary"], condition=Q(taken_back_at__isnull=False), name="payment_deposit_taken_back"
            ),
        ]
        constraints = [
            models.CheckConstraint(name="payment_state_known", condition=Q(state__in=PaymentState.values)),
            models.CheckConstraint(name="payment_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="payment_deposit_has_its_day",
                condition=Q(channel=DEPOSIT, deposit_due_on__isnull=False)
                | (~Q(channel=DEPOSIT) & Q(deposit_due_on__isnull=True)),
            ),
            models.CheckConstraint(
                name="payment_taken_back_is_a_deposit",
                condition=Q(taken_back_at__isnull=True, frozen_meanwhile=False)
                | Q(channel=DEPOSIT, state=PaymentState.PAID, taken_back_at__isnull=False),
            ),
            models.UniqueConstraint(name="payment_one_per_agreement", fields=["agreement"]),
            models.UniqueConstraint(
                name="payment_channel_number_once",
                fields=["channel", "channel_payment_no"],
                condition=~Q(channel_payment_no=""),
            ),
        ]

    def __str__(self) -> str:
        return self.order_no


class Instruction(models.Model):
    """An order to a channel to move money out: a row first, then a call, then a certain answer.

    ``payee_account`` and ``payee_name`` are where it goes, as of when it was made: what somebody approved is what is sent,
    whatever the beneficiary's account is by then. A refund to the original payment has none.
    """

    kind = models.CharField(_("kind"), max_length=8, choices=InstructionKind)
    number = models.CharField(_("number"), max_length=32, unique=True)
    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=16)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="refund_instructions")
    #: Of money sent back to an account that nobody here knows: the line of the statement it came with.
    receipt = models.ForeignKey("escrow.StatementLine", models.PROTECT, null=True, related_name="returns")
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    payee_account = EncryptedTextField(_("payee's account"), blank=True, default="", db_default="")
    payee_name = EncryptedTextField(_("payee"), blank=True, default="", db_default="")
    state = models.CharField(_("state"), max_length=12, choices=InstructionState, default=InstructionState.DUE)
    due_at = models.DateTimeField(_("next attempt"), help_text=_("real time, not business time"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    answer = models.CharField(_("answer"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("created"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=[InstructionState.DUE, InstructionState.UNKNOWN, InstructionState.ACCEPTED]),
                name="instruction_due",
            )
        ]
        constraints = [
            models.CheckConstraint(name="instruction_state_known", condition=Q(state__in=InstructionState.values)),
            models.CheckConstraint(name="instruction_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="instruction_refund_has_its_payment",
                condition=Q(kind=InstructionKind.REFUND, payment__isnull=False, receipt__isnull=True)
                | Q(kind=InstructionKind.PAYOUT, payment__isnull=True, receipt__isnull=True)
                | Q(kind=InstructionKind.RETURN, payment__isnull=True, receipt__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Refund(models.Model):
    """The settlement of an agreement: of ``owed_fen`` and the ``interest_fen`` on top the consumer gets ``amount_fen`` back
    at once, on ``basis``, the rest as a ``Claim``; what is not owed is earned by the merchant. The original payment takes
    back no more than it brought, so what the interest adds above that is an order of its own."""

    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="refund")
    owed_fen = models.BigIntegerField(_("owed (fen)"), db_default=0)
    interest_fen = models.BigIntegerField(_("interest (fen)"), db_default=0)
    amount_fen = models.BigIntegerField(_("refund (fen)"))
    settled_fen = models.BigIntegerField(_("to the merchant (fen)"))
    basis = models.CharField(_("basis"), max_length=16, choices=RefundBasis)
    reference = models.CharField(_("reference"), max_length=64)
    instruction = models.OneToOneField(Instruction, models.PROTECT, null=True, related_name="refund")
    interest_instruction = models.OneToOneField(
        Instruction, models.PROTECT, null=True, related_name="interest_of", verbose_name=_("order for the interest")
    )
    decided_at = models.DateTimeField(_("decided"))
    paid_at = models.DateTimeField(_("paid back"), null=True, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(
                name="refund_amounts",
                condition=Q(amount_fen__gte=0, settled_fen__gte=0, owed_fen__gte=0, interest_fen__gte=0)
                & Q(amount_fen__lte=F("owed_fen") + F("interest_fen"))
                & (Q(interest_fen=0) | Q(owed_fen__gt=0)),
            ),
            models.CheckConstraint(name="refund_has_a_basis", condition=Q(basis__in=RefundBasis.values)),
            models.CheckConstraint(
                name="refund_money_has_an_instruction",
                condition=Q(amount_fen=0, instruction__isnull=True, interest_instruction__isnull=True)
                | Q(amount_fen__gt=0, instruction__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_fen}"

    @property
    def total_fen(self) -> int:
        """All that is owed (fen): the refund and the interest on it."""
        return self.owed_fen + self.interest_fen

    @property
    def first_fen(self) -> int:
        """What goes back to the original payment at once (fen)."""
        return self.instruction.amount_fen if self.instruction else 0


class Payout(models.Model):
    """What one beneficiary is paid on one day: the sum of its lines, to the fen."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="payouts")
    business_date = models.DateField(_("date"))
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    instruction = models.OneToOneField(Instruction, models.PROTECT, related_name="payout")
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="payout_amount_positive", condition=Q(amount_fen__gt=0))]

    def __str__(self) -> str:
        return f"{self.business_date} {self.amount_fen}"


class PayoutLine(models.Model):
    """One transfer into (positive) or out of (negative) the payable account, paid by exactly one payout."""

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="lines")
    transfer = models.OneToOneField(Transfer, models.PROTECT, db_constraint=False, related_name="payout_line")
    amount_fen = models.BigIntegerField(_("amount (fen)"))

    class Meta:
        verbose_name = _("payout line")
        verbose_name_plural = _("payout lines")

    def __str__(self) -> str:
        return f"{self.amount_fen}"

"""Where value stands and how it moved. Rows here are written by the SQL function ``escrow_post`` alone."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from escrow.models.agreement import Agreement, Beneficiary
from escrow.models.use import Use
from escrow.states import DEBIT_NORMAL, AccountCode, Asset, Reason, TransferKind


class Account(models.Model):
    """Four counters, not one signed number (fen, or units of a VISIT account). A guarded balance is a row, never a sum over history."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="accounts")
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="accounts")
    code = models.CharField(_("account"), max_length=12, choices=AccountCode)
    channel = models.CharField(_("channel"), max_length=16, blank=True, default="")
    asset = models.CharField(_("asset"), max_length=8, choices=Asset)
    debits_posted = models.BigIntegerField(default=0)
    credits_posted = models.BigIntegerField(default=0)
    debits_pending = models.BigIntegerField(default=0)
    credits_pending = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                name="account_one_of_a_kind",
                fields=["beneficiary", "agreement", "code", "channel", "asset"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="account_counters_not_negative",
                condition=Q(debits_posted__gte=0, credits_posted__gte=0, debits_pending__gte=0, credits_pending__gte=0),
            ),
            models.CheckConstraint(
                name="account_owes_at_least_zero",
                condition=Q(code__in=DEBIT_NORMAL) | Q(credits_posted__gte=F("debits_posted") + F("debits_pending")),
            ),
            models.CheckConstraint(
                name="account_owns_at_least_zero",
                condition=~Q(code__in=DEBIT_NORMAL) | Q(debits_posted__gte=F("credits_posted") + F("credits_pending")),
            ),
            models.CheckConstraint(
                name="account_held_belongs_to_an_agreement",
                condition=Q(code=AccountCode.HELD, agreement__isnull=False)
                | (~Q(code=AccountCode.HELD) & Q(agreement__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.asset}"

    @property
    def balance(self) -> int:
        """Posted balance on the account's own side: never negative."""
        net = self.debits_posted - self.credits_posted
        return net if self.code in DEBIT_NORMAL else -net

    @property
    def pending(self) -> int:
        """What reservations keep from the balance."""
        return self.credits_pending if self.code in DEBIT_NORMAL else self.debits_pending

    @property
    def available(self) -> int:
        """Balance less reservations."""
        return self.balance - self.pending


class Transfer(models.Model):
    """One movement between two accounts of one beneficiary in one asset. Never updated, never deleted: a trigger refuses.

    ``posted`` moves ``amount``; ``pending`` reserves ``amount``; ``resolved`` ends the reservation it names, once, and
    moves ``amount``: nothing when voided, else the cumulative share, which may exceed the reservation by one fen
    (docs/ledger.md, "Shares and reservations").
    """

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, models.PROTECT, null=True, related_name="transfers")
    use = models.ForeignKey(Use, models.PROTECT, null=True, related_name="transfers")
    debit_account = models.ForeignKey(Account, models.PROTECT, related_name="debits")
    credit_account = models.ForeignKey(Account, models.PROTECT, related_name="credits")
    asset = models.CharField(_("asset"), max_length=8, choices=Asset)
    kind = models.CharField(_("kind"), max_length=8, choices=TransferKind)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason)
    amount = models.BigIntegerField(_("amount"))
    pending = models.OneToOneField("self", models.PROTECT, null=True, related_name="resolution")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    reference = models.CharField(_("reference"), max_length=64, blank=True, default="")
    at = models.DateTimeField(_("at"))
    payable_on = models.DateField(_("payable on"), null=True)
    debit_balance_after = models.BigIntegerField()
    credit_balance_after = models.BigIntegerField()
    debit_version = models.BigIntegerField()
    credit_version = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        indexes = [
            models.Index(fields=["agreement", "id"]),
            models.Index(fields=["beneficiary", "id"]),
            models.Index(
                fields=["credit_account", "payable_on"],
                condition=Q(payable_on__isnull=False),
                name="transfer_payable_credit",
            ),
            models.Index(
                fields=["debit_account", "payable_on"],
                condition=Q(payable_on__isnull=False),
                name="transfer_payable_debit",
            ),
        ]
        constraints = [
            models.CheckConstraint(name="transfer_kind_known", condition=Q(kind__in=TransferKind.values)),
            models.CheckConstraint(name="transfer_asset_known", condition=Q(asset__in=Asset.values)),
            models.CheckConstraint(
                name="transfer_amount",
                condition=Q(amount__gt=0) | (Q(amount=0) & ~Q(kind=TransferKind.POSTED)),
            ),
            models.CheckConstraint(
                name="transfer_resolves_a_reservation",
                condition=Q(kind=TransferKind.RESOLVED, pending__isnull=False)
                | (~Q(kind=TransferKind.RESOLVED) & Q(pending__isnull=True)),
            ),
            models.CheckConstraint(
                name="transfer_between_two_accounts", condition=~Q(debit_account=F("credit_account"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.amount} {self.asset}"


class Command(models.Model):
    """One idempotency key, one effect, committed together (invariant 6)."""

    beneficiary = models.ForeignKey(Beneficiary, models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        constraints = [models.UniqueConstraint(name="command_key_once", fields=["beneficiary", "key"])]

    def __str__(self) -> str:
        return self.key
